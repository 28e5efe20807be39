"""Jobs that lost their worker, and jobs in doubt: the hosts are asked what is true."""

from __future__ import annotations

import logging
from dataclasses import replace

from migrations_app.adapters import engine, plan_for
from migrations_app.engine.errors import EngineError
from migrations_app.engine.report import Report
from migrations_app.live import publisher_for
from migrations_app.models import ByHand, JobStatus, MigrationJob

from . import leases
from .codes import Code
from .contact import either_reached
from .outcome import Ending, conclude, ending_given_up, ending_in_doubt, ending_of

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
        ending = _by_hand(lost, _ask_hosts(lost))
    except Exception as error:
        logger.exception("job %s: a fault of this program", job_id)
        ending = ending_in_doubt(Code.INTERNAL_ERROR, str(error))
    conclude(job=lost, ending=ending, publisher=publisher_for(lost.pk))


def _ask_hosts(job: MigrationJob) -> Ending:
    """One that can't be reached is silent: the other alone may settle it."""
    given_up = job.by_hand == ByHand.SOURCE
    try:
        with either_reached(job) as (source, target):
            report = engine().settle(plan_for(job), source, target, target_given_up=given_up)
    except EngineError as error:
        return ending_in_doubt(Code.HOSTS_SILENT, error.message)
    ours = job.error_code == Code.INTERNAL_ERROR
    reason = Code.INTERNAL_ERROR if ours else Code.WORKER_LOST
    ending = ending_of(report, cancel_requested=job.cancel_requested, reason=reason)
    return replace(ending, fields={**ending.fields, **_silent(report)})


def _silent(report: Report) -> dict[str, str]:
    """The error of a job that is in doubt because a host can't be asked."""
    told = (report.known or {}).values()
    messages = [str(one["message"]) for one in told if not one["answers"]]
    if not messages:
        return {}
    return {"error_code": Code.HOSTS_SILENT, "error_message": "; ".join(messages)}


def _by_hand(job: MigrationJob, ending: Ending) -> Ending:
    """What the hosts can say counts; where they can't, what a person decided."""
    if ending.status is JobStatus.IN_DOUBT and job.by_hand == ByHand.NOWHERE:
        return ending_given_up(ending)
    return ending
