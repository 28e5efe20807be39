"""Versions that changed from one run to the next, noted where they are first found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from migrations_app.models import Host, MigrationJob, VersionChange
from migrations_app.sameness import PROGRAM, SIDES, VERSIONED


def note_versions(*, job: MigrationJob, versions: Mapping[str, str]) -> None:
    """Writes a row for whatever is another than at the last run before this one."""
    if job.finished_at is None:
        return
    hosts: dict[str, Host] = {"source": job.source, "target": job.target}
    found: dict[tuple[Host | None, str], str | None] = {(None, PROGRAM): versions.get(PROGRAM)}
    for side in SIDES:
        for component in VERSIONED:
            found[hosts[side], component] = versions.get(f"{side}.{component}")
    for (host, component), version in found.items():
        if version:
            _note(job.finished_at, host, component, version)


def _note(at: datetime, host: Host | None, component: str, version: str) -> None:
    """A run that is counted late changes nothing that a later one has already found."""
    rows = VersionChange.objects.filter(host=host, component=component)
    latest = rows.order_by("-at", "-pk").first()
    if latest is not None and (latest.new == version or latest.at > at):
        return
    VersionChange.objects.create(
        host=host,
        component=component,
        old=latest.new if latest else "",
        new=version,
        at=at,
    )
