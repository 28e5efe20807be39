"""The worker side of a job: claim it, carry it out, write down how it ended."""

from __future__ import annotations

import logging
from contextlib import ExitStack

from django.db import transaction
from django.utils import timezone

from migrations_app.adapters import engine, plan_for
from migrations_app.engine.errors import EngineError
from migrations_app.engine.report import Report
from migrations_app.live import Publisher, publisher_for
from migrations_app.models import IllegalTransition, MigrationJob, Workload

from . import leases
from .codes import Code
from .contact import both_reached
from .dispatch import send_waiting_jobs
from .outcome import Ending, conclude, ending_of, ending_untouched
from .outside import outside_view
from .queue import Task, send
from .recorder import Recorder

logger = logging.getLogger(__name__)
Status = MigrationJob.Status


class HostsBusy(Exception):
    """Another job measures there; the dispatcher sends this one again later."""


def run_job(*, job_id: int, worker: str) -> None:
    """Carries out a queued job, once. A job that can't be claimed now is left as it is."""
    job = claim_job(job_id=job_id, worker=worker)
    if job is None:
        return
    publisher = publisher_for(job.pk)
    publisher.publish("status", {"status": job.status})
    try:
        ending = _carry_out(job, publisher)
    except Exception:
        logger.exception("job %s: a fault of this program", job.pk)
        _hand_to_reaper(job)  # the hosts know what is true
    else:
        conclude(job=job, ending=ending, publisher=publisher)
    send_waiting_jobs()


def claim_job(*, job_id: int, worker: str) -> MigrationJob | None:
    """The job, running and with its hosts leased; None when somebody or something is ahead."""
    jobs = MigrationJob.objects.select_related("workload", "source", "target")
    job = jobs.filter(pk=job_id, status=Status.QUEUED).first()
    if job is None:
        return None
    try:
        with transaction.atomic():
            _claim(job, worker)
    except (HostsBusy, IllegalTransition) as reason:
        logger.info("job %s not claimed: %s", job_id, reason or "hosts busy")
        return None
    return job


def _claim(job: MigrationJob, worker: str) -> None:
    if MigrationJob.objects.ahead_of(job).exists() or not leases.take_hosts(job=job):
        raise HostsBusy
    lease_until = timezone.now() + leases.LEASE
    job.transition(
        Status.QUEUED, Status.RUNNING, Code.CLAIMED, worker=worker, lease_until=lease_until
    )


def _carry_out(job: MigrationJob, publisher: Publisher) -> Ending:
    if not _take_workload(job):
        return _ending_moved(job)
    try:
        report = _migrate(job, publisher)
    except EngineError as error:  # raised by connecting only: migrate() makes a report of it
        return ending_untouched(error)
    job.refresh_from_db(fields=["cancel_requested"])
    return ending_of(report, cancel_requested=job.cancel_requested, reason=Code.COMPLETED)


def _take_workload(job: MigrationJob) -> bool:
    """False: since the job was queued the workload has ended or gone elsewhere."""
    there = Workload.objects.filter(
        pk=job.workload_id, host=job.source_id, state=Workload.State.RUNNING
    )
    return bool(there.update(state=Workload.State.MIGRATING))


def _ending_moved(job: MigrationJob) -> Ending:
    message = f"{job.workload.name} was not running on {job.source.name} any more"
    fields = {"error_code": Code.WORKLOAD_MOVED, "error_message": message}
    return Ending(Status.FAILED, Code.WORKLOAD_MOVED, fields)


def _migrate(job: MigrationJob, publisher: Publisher) -> Report:
    with ExitStack() as stack:
        source, target = stack.enter_context(both_reached(job))
        outside = stack.enter_context(outside_view(job))
        recorder = stack.enter_context(Recorder(job, publisher))
        return engine().migrate(
            plan_for(job),
            source,
            target,
            recorder.observe,
            cancelled=recorder.cancelled,
            **({"outside": outside} if outside else {}),
        )


def _hand_to_reaper(job: MigrationJob) -> None:
    """Lets the lease run out now: whoever settles the job asks the hosts."""
    mine = MigrationJob.objects.filter(pk=job.pk, status=Status.RUNNING, worker=job.worker)
    mine.update(lease_until=timezone.now(), error_code=Code.INTERNAL_ERROR)
    send(task=Task.SETTLE_JOB, row_id=job.pk)
