"""Reads for what goes wrong: notes, the tally of versions, failures that nobody has explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrations_app.models import (
    CauseNote,
    KeptImage,
    MigrationJob,
    VersionTally,
    WorkloadCheck,
)
from migrations_app.roles import Viewer, teaches
from migrations_app.services.diagnosis import pattern_of

MOST_UNEXPLAINED = 20
LATEST_FAILURES = 500  # are looked through


def note_for(report: Mapping[str, Any] | None) -> CauseNote | None:
    """The note that explains a failure with an unknown cause, if somebody wrote one."""
    cause = ((report or {}).get("error") or {}).get("cause") or {}
    if cause.get("key") != "unknown" or not cause.get("line"):
        return None
    return CauseNote.objects.filter(pattern=pattern_of(cause["line"])).first()


def notes() -> list[CauseNote]:
    return list(CauseNote.objects.select_related("created_by"))


def note(pk: int) -> CauseNote | None:
    return CauseNote.objects.filter(pk=pk).first()


def tallies() -> list[VersionTally]:
    return list(VersionTally.objects.all())


@dataclass(frozen=True)
class Unexplained:
    """A line that no row and no note explains, with the last job that met it."""

    pattern: str
    job: int
    times: int


def unexplained() -> list[Unexplained]:
    """Of the latest failures those with an unknown cause that nobody explained yet."""
    failed = MigrationJob.objects.filter(status=MigrationJob.Status.FAILED).order_by("-pk")
    cause = ("report__error__cause__key", "report__error__cause__line")
    known = set(CauseNote.objects.values_list("pattern", flat=True))
    found: dict[str, list[int]] = {}
    for pk, key, line in failed.values_list("pk", *cause)[:LATEST_FAILURES]:
        if key == "unknown" and line and pattern_of(line) not in known:
            found.setdefault(pattern_of(line), []).append(pk)
    return [Unexplained(pattern, pks[0], len(pks)) for pattern, pks in found.items()][
        :MOST_UNEXPLAINED
    ]


def workload_check(viewer: Viewer, pk: int) -> WorkloadCheck | None:
    """One look or rehearsal; students see those that they asked for."""
    rows = WorkloadCheck.objects.select_related("workload__host", "target", "created_by")
    if not teaches(viewer):
        rows = rows.filter(created_by_id=viewer.pk if viewer else None)
    return rows.filter(pk=pk).first()


def kept_images() -> list[KeptImage]:
    """Those that are still there first, then the last that were removed."""
    rows = KeptImage.objects.select_related("host", "job__workload", "job__created_by")
    return [*rows.filter(removed_at=None), *rows.exclude(removed_at=None)[:MOST_UNEXPLAINED]]


def kept_image(pk: int) -> KeptImage | None:
    rows = KeptImage.objects.select_related("host", "job__workload", "job__created_by")
    return rows.filter(pk=pk).first()
