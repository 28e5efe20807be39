"""Jobs that lost their worker, and jobs in doubt: the hosts are asked what is true."""

from __future__ import annotations

from migrations_app.adapters import engine, plan_for
from migrations_app.engine.errors import EngineError
from migrations_app.live import publisher_for
from migrations_app.models import MigrationJob

from . import leases
from .codes import Code
from .contact import both_reached
from .outcome import Ending, conclude, ending_of, ending_silent


def reap() -> None:
    """Settles every lost job, here and now."""
    for job_id in MigrationJob.objects.lost().values_list("pk", flat=True):
        settle_job(job_id=job_id)


def settle_job(*, job_id: int) -> None:
    """Asks both hosts and ends the job with the truth; in doubt while they can't be asked."""
    lost = (
        MigrationJob.objects.lost()
        .select_related("workload", "source", "target")
        .filter(pk=job_id)
        .first()
    )
    if lost is None or not leases.take_for_settling(job=lost):
        return
    conclude(job=lost, ending=_ask_hosts(lost), publisher=publisher_for(lost.pk))


def _ask_hosts(job: MigrationJob) -> Ending:
    try:
        with both_reached(job) as (source, target):
            report = engine().settle(plan_for(job), source, target)
    except EngineError as error:
        return ending_silent(error)
    return ending_of(report, cancel_requested=job.cancel_requested, reason=Code.WORKER_LOST)
