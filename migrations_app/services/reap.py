"""Jobs that lost their worker, and jobs in doubt: the hosts are asked what is true."""

from __future__ import annotations

import logging

from migrations_app.adapters import engine, plan_for
from migrations_app.engine.errors import EngineError
from migrations_app.live import publisher_for
from migrations_app.models import MigrationJob

from . import leases
from .codes import Code
from .contact import both_reached
from .outcome import Ending, conclude, ending_in_doubt, ending_of

logger = logging.getLogger(__name__)


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
    try:
        ending = _ask_hosts(lost)
    except Exception as error:
        logger.exception("job %s: a fault of this program", job_id)
        ending = ending_in_doubt(Code.INTERNAL_ERROR, str(error))
    conclude(job=lost, ending=ending, publisher=publisher_for(lost.pk))


def _ask_hosts(job: MigrationJob) -> Ending:
    try:
        with both_reached(job) as (source, target):
            report = engine().settle(plan_for(job), source, target)
    except EngineError as error:
        return ending_in_doubt(Code.HOSTS_SILENT, error.message)
    ours = job.error_code == Code.INTERNAL_ERROR
    reason = Code.INTERNAL_ERROR if ours else Code.WORKER_LOST
    return ending_of(report, cancel_requested=job.cancel_requested, reason=reason)
