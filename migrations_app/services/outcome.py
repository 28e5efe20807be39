"""How a job ended, as one value; and writing it down, with all that follows, at once."""

from __future__ import annotations

import itertools
import logging
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from migrations_app.engine.errors import EngineError
from migrations_app.engine.report import Outcome, Report, Side
from migrations_app.live import Publisher
from migrations_app.models import Host, IllegalTransition, JobStatus, MigrationJob, Workload
from migrations_app.models.workload import NAME_LENGTH

from . import leases
from .codes import Code
from .diagnosis import count_run
from .figures import keep_figures
from .kept import note_kept
from .leftovers import note_given_up, note_left
from .queue import Task, send

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ending:
    status: JobStatus
    reason: str  # a code, for the job's history
    fields: dict[str, Any] = field(default_factory=dict)  # of the job's row
    workload: dict[str, Any] = field(default_factory=dict)  # of the workload's row
    side: str = ""  # where the workload is: source, target; "" not known
    clone: dict[str, Any] | None = None  # of a second row: the copy on the target, if one was made


def ending_of(report: Report, *, cancel_requested: bool, reason: str) -> Ending:
    """What a report of the engine means for the rows."""
    error = report.error
    fields = {
        "report": report.to_json(),
        "error_code": error.code if error else "",
        "error_message": error.message if error else "",
        "proof_passed": report.proof.passed if report.proof else None,
        "stop_window": asdict(report.stop_window) if report.stop_window else None,
        "round_bytes": [told.bytes for told in report.rounds] or None,
        **{name: getattr(report.metrics, name) for name in MigrationJob.METRICS},
    }
    status = _status_of(report, cancel_requested)
    if _is_copy(report):
        running = {"state": Workload.State.RUNNING}
        return Ending(status, reason, fields, running, Side.SOURCE, clone=_workload_of(report))
    return Ending(status, reason, fields, _workload_of(report), _side_of(report))


def _status_of(report: Report, cancel_requested: bool) -> JobStatus:
    if report.outcome is Outcome.SUCCEEDED:
        return JobStatus.SUCCEEDED
    if report.outcome is Outcome.IN_DOUBT:
        return JobStatus.IN_DOUBT
    stopped = report.error is not None and report.error.code == Code.CANCELLED
    return JobStatus.CANCELLED if stopped and cancel_requested else JobStatus.FAILED


def _is_copy(report: Report) -> bool:
    """Whether the original goes on as well, and what the report tells of is its copy."""
    asked = report.outcome is Outcome.SUCCEEDED and report.options.get("leave_running")
    return bool(asked) and _side_of(report) == Side.TARGET


def _side_of(report: Report) -> str:
    if report.workload_after:
        return str(report.workload_after["side"])
    return (report.error.workload_is_on if report.error else None) or ""


def _workload_of(report: Report) -> dict[str, Any]:
    """Its new name and pid, and the state it is in."""
    if report.workload_after:
        after = report.workload_after
        return {
            "state": Workload.State.RUNNING,
            "ref_name": after["name"],
            "pid": after.get("pid"),
        }
    if report.outcome is Outcome.IN_DOUBT:
        return {}
    known = report.error is not None and report.error.workload_is_on
    return {"state": Workload.State.RUNNING if known else Workload.State.LOST}


def ending_untouched(error: EngineError) -> Ending:
    """No session with a host could be had: the workload is where it was, as it was."""
    fields = {"error_code": error.code, "error_message": error.message}
    return Ending(
        JobStatus.FAILED, error.code, fields, {"state": Workload.State.RUNNING}, side="source"
    )


def ending_in_doubt(code: Code, message: str) -> Ending:
    """It is not known how the job ended: the hosts are asked again later."""
    fields = {"error_code": code, "error_message": message}
    return Ending(JobStatus.IN_DOUBT, code, fields)


def ending_given_up(ending: Ending) -> Ending:
    """A job in doubt whose workload a person gives up: it counts as lost, wherever it stood."""
    fields = {**ending.fields, "error_code": Code.GIVEN_UP}
    lost = {"state": Workload.State.LOST}
    return Ending(JobStatus.FAILED, Code.GIVEN_UP, fields, lost)


def conclude(*, job: MigrationJob, ending: Ending, publisher: Publisher) -> None:
    """Job, workload and leases change together or not at all; then those who watch are told."""
    try:
        with transaction.atomic():
            _write(job, ending)
            _place_workload(job, ending)
            leases.release_hosts(job=job)
            if job.is_finished and ending.fields.get("report"):
                count_run(ending.fields["report"])
                note_kept(job=job, report=ending.fields["report"])
                note_left(job=job, report=ending.fields["report"])
            if ending.reason == Code.GIVEN_UP:
                note_given_up(job=job)
    except IllegalTransition as error:  # the reaper was faster: its answer came from the hosts
        logger.warning("job %s: %s", job.pk, error)
        return
    publisher.publish("status", {"status": job.status})
    if job.is_finished:
        publisher.publish("done", {"status": job.status})
        send(task=Task.OBSERVE_WORKLOAD, row_id=job.workload_id)
        _count(job)


def _count(job: MigrationJob) -> None:
    """Into the history's sums: these can be made anew at any time, the job's ending can't."""
    try:
        keep_figures(job=job)
    except DatabaseError:
        logger.exception("job %s was not counted; the beat tries again", job.pk)


def _write(job: MigrationJob, ending: Ending) -> None:
    fields = {**ending.fields, "workload_is_on": ending.side}
    if ending.status is JobStatus.IN_DOUBT:
        fields["lease_until"] = timezone.now() + leases.ASK_AGAIN_AFTER
    if job.status == ending.status:  # still in doubt
        MigrationJob.objects.filter(pk=job.pk, status=job.status).update(**fields)
    else:
        job.transition(JobStatus(job.status), ending.status, ending.reason, **fields)


def _place_workload(job: MigrationJob, ending: Ending) -> None:
    hosts: dict[str, Host] = {"source": job.source, "target": job.target}
    changes = dict(ending.workload)
    if ending.side in hosts:
        changes["host"] = hosts[ending.side]
    # Only where the job holds it: somebody may be removing a workload that was never touched.
    held = Workload.objects.filter(pk=job.workload_id, state=Workload.State.MIGRATING)
    if changes:
        held.update(**changes)
    if ending.clone is not None:
        job.clone = _new_copy(job, ending.clone)
        job.save(update_fields=["clone"])


def _new_copy(job: MigrationJob, found: dict[str, Any]) -> Workload:
    """A row for the copy on the target: a workload like any other from now on."""
    original = job.workload
    return Workload.objects.create(
        name=_free_name(original.name),
        type_name=original.type_name,
        kind=original.kind,
        parameters=original.parameters,
        host=job.target,
        created_by=job.created_by,
        **found,
    )


def _free_name(name: str) -> str:
    """name-copy, or the first of name-copy-2, -3, … that no workload has."""
    endings = itertools.chain(["-copy"], (f"-copy-{number}" for number in itertools.count(2)))
    names = (name[: NAME_LENGTH - len(ending)] + ending for ending in endings)
    present = Workload.objects.exclude(state=Workload.State.REMOVED)
    return next(name for name in names if not present.filter(name=name).exists())
