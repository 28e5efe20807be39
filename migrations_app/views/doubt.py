"""What is known of a job in doubt, in words, host by host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from migrations_app.models import MigrationJob


@dataclass(frozen=True)
class HostSays:
    """A row of the table: what a host said of the workload when it was last asked."""

    host: str
    answers: bool
    said: str
    image: str  # what lies there; empty: nothing, or not known
    message: str  # the machine's own words; may be empty


def what_hosts_say(job: MigrationJob) -> list[HostSays]:
    """Empty as long as nobody has asked: right after the job's own end."""
    known: Mapping[str, Any] = (job.report or {}).get("known") or {}
    hosts = {"source": job.source.name, "target": job.target.name}
    return [_row(hosts[side], told) for side, told in known.items()]


def _row(host: str, told: Mapping[str, Any]) -> HostSays:
    image = _("A whole image of it lies there.") if told["has_image"] else ""
    return HostSays(host, told["answers"], _said(told), image, told["message"] or "")


def _said(told: Mapping[str, Any]) -> str:
    if not told["answers"]:
        return _("It does not answer.")
    words = {
        "runs": _("The workload runs there."),
        "stands-still": _("The workload is there, frozen, and can go on."),
        "not-running": _("The workload does not run there."),
    }
    return words.get(told["workload"]) or _("It answers, but could not say.")
