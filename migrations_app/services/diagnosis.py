"""Writes what is learned from failures: instructors' notes, and the tally of versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F

from migrations_app.engine.diagnosis import FROM_TOOLS, generalised
from migrations_app.engine.report import Outcome, PhaseName, Side
from migrations_app.models import CauseNote, MigrationJob, VersionTally
from migrations_app.models.diagnosis import LONGEST_PATTERN

from .codes import Code, Refused

# Failures that say something of the versions; a refusal, a cable or a cancelled job does not.
_TIMED_OUT = ("dump-timed-out", "restore-timed-out", "criu-timed-out", "freeze-timed-out")
OF_VERSIONS = FROM_TOOLS | {*_TIMED_OUT, "proof-failed"} - {"workload-start-failed"}
Json = Mapping[str, Any]
_OF_THE_TARGET = (PhaseName.RESTORE, PhaseName.RESUME, PhaseName.PAGES, PhaseName.VERIFY)


def pattern_of(line: str) -> str:
    """What a note is found by."""
    return generalised(line)[:LONGEST_PATTERN]


def unexplained_line(job: MigrationJob) -> str | None:
    """The line that a note on this job would explain; None where its cause is known."""
    cause = ((job.report or {}).get("error") or {}).get("cause") or {}
    return cause.get("line") if cause.get("key") == "unknown" else None


def annotate_cause(*, job: MigrationJob, text: str, user: User) -> CauseNote:
    """Explains the job's unknown cause, and every later one with such a line.

    Raises Refused for students, and for a job whose cause is not unknown.
    """
    _require_staff(user)
    line = unexplained_line(job)
    if line is None:
        raise Refused(Code.NOTHING_TO_EXPLAIN, job=f"#{job.pk}")
    note, _ = CauseNote.objects.update_or_create(
        pattern=pattern_of(line),
        defaults={"text": text},
        create_defaults={"text": text, "created_by": user},
    )
    return note


def remove_note(*, note: CauseNote, user: User) -> None:
    _require_staff(user)
    note.delete()


def _require_staff(user: User) -> None:
    if not user.is_staff:
        raise Refused(Code.STAFF_ONLY)


def count_run(report: Json) -> None:
    """Adds a run that has ended to the sums of the versions that took part in it.

    A failure counts against the host on which it happened; one that says nothing of versions
    does not count at all.
    """
    error = report.get("error")
    if not error:
        _add(_combinations(report, Side), failed=False)
    elif report["outcome"] == Outcome.FAILED and error["code"] in OF_VERSIONS:
        side = Side.TARGET if error.get("phase") in _OF_THE_TARGET else Side.SOURCE
        _add(_combinations(report, [side]), failed=True)


def _combinations(report: Json, sides: Iterable[Side]) -> set[tuple[str, str, str]]:
    hosts = report.get("environment") or {}
    found = (_combination(hosts.get(str(side)), report["kind"]) for side in sides)
    return {combination for combination in found if combination is not None}


def _combination(facts: Json | None, kind: str) -> tuple[str, str, str] | None:
    criu = ((facts or {}).get("criu") or {}).get("version")
    if facts is None or not criu:
        return None
    docker = (facts.get("docker") or {}).get("version") if kind == "container" else ""
    return str(facts["kernel"]), str(criu), str(docker or "")


def _add(combinations: Iterable[tuple[str, str, str]], *, failed: bool) -> None:
    for kernel, criu, docker in combinations:
        row, _ = VersionTally.objects.get_or_create(kernel=kernel, criu=criu, docker=docker)
        more = {"runs": F("runs") + 1, "failed": F("failed") + int(failed)}
        VersionTally.objects.filter(pk=row.pk).update(**more)
