"""What jobs left on hosts that did not answer at the end: noted, and removed when they do again.

The workload is where its job says, whatever is left: nothing here decides about that. A job that
is in doubt is settled first (reap.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from migrations_app.adapters import engine, job_id_for
from migrations_app.engine.errors import EngineError
from migrations_app.engine.report import Side
from migrations_app.models import Leftover, MigrationJob

from . import audit, leases
from .contact import reached

FIRST_AGAIN, LONGEST = timedelta(seconds=15), timedelta(minutes=10)  # twice as long each time


def note_left(*, job: MigrationJob, report: Mapping[str, Any]) -> None:
    """A row for each host on which the run's end is still to be carried out."""
    ended_on = (report.get("workload_after") or {}).get("side")
    for half in report.get("left_on") or ():
        Leftover.objects.get_or_create(
            job=job,
            half=half,
            defaults={
                "host": job.source if half == Side.SOURCE else job.target,
                "name": report["job_id"],
                # Where nobody knows where it ended, nothing of it is removed.
                "ended_here": ended_on in (half, None) or job.source_id == job.target_id,
                "copied": bool((report.get("options") or {}).get("leave_running")),
            },
        )


def note_given_up(*, job: MigrationJob) -> None:
    """Nobody waits for the workload any more: what is left of it on either host is to go."""
    hosts = {Side.SOURCE: job.source}
    if job.source_id != job.target_id:
        hosts[Side.TARGET] = job.target
    for half, host in hosts.items():
        values = {"host": host, "name": job_id_for(job), "ended_here": False, "copied": False}
        Leftover.objects.update_or_create(job=job, half=half, defaults=values)


def due() -> Iterable[int]:
    """Those whose next try has come."""
    rows = Leftover.objects.filter(removed_at=None, try_at__lte=timezone.now())
    return rows.values_list("pk", flat=True)


def remove_left(*, leftover_id: int) -> None:
    """One try; left for the next tick while somebody measures on the host or looks at it."""
    rows = Leftover.objects.select_related("host", "job")
    row = rows.filter(pk=leftover_id, pk__in=due()).first()
    if row is None or not leases.take_host_for_check(host_id=row.host_id):
        return
    try:
        changes = _removed(row)
    except EngineError as error:
        changes = _again(row, error)
    finally:
        leases.release_host(host_id=row.host_id)
    same = Leftover.objects.filter(pk=row.pk, removed_at=None)
    if same.update(tries=row.tries + 1, **changes) and changes.get("removed_at"):
        audit.note(
            who=None,
            what="leftover-removed",
            target=row.host,
            job=row.job_id,
            left="; ".join(row.removed),
        )


def _removed(row: Leftover) -> dict[str, Any]:
    with reached(row.host) as connection:
        told = engine().remove_left(
            connection,
            row.name,
            half=Side(row.half),
            ended_here=row.ended_here,
            copied=row.copied,
        )
    row.removed = told["removed"]
    return {"removed_at": timezone.now(), "error_code": "", "error_message": "", **told}


def _again(row: Leftover, error: EngineError) -> dict[str, Any]:
    wait = min(FIRST_AGAIN * 2 ** min(row.tries, 9), LONGEST)
    told = {"error_code": error.code, "error_message": error.message}
    return {"try_at": timezone.now() + wait, **told}
