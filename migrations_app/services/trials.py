"""The worker side of experiments: the next trial is begun when the one before it has ended.

`advance_experiment` does what can be done now and returns; it is sent whenever something has ended,
and by every tick. All it goes by are rows, each changed by compare-and-swap: calling it twice at
once, or again after a crash, does no harm.

A trial: its hosts are kept from other trials, a fresh workload is started on its source, the job
(or the watching) runs, the workload is removed, the hosts are free again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from migrations_app.engine.plan import Operation, Strategy
from migrations_app.models import Experiment, Host, IllegalTransition, MigrationJob, Trial, Workload
from migrations_app.models.experiment_states import (
    UNDER_WAY,
    ExperimentStatus,
    TrialOutcome,
    TrialState,
)

from . import leases
from .codes import Code, Refused, SubmitRefused
from .grid_checks import why_not
from .inventory import create_workload, remove_workload
from .obstacles import obstacle_to_starting
from .queue import Task, send_on_commit
from .quota import has_to_wait
from .submit import submit_job

logger = logging.getLogger(__name__)
State, Outcome, Status = Trial.State, Trial.Outcome, Experiment.Status
MOST_FAILURES = 5  # of trials in a row: then something is wrong that more trials do not mend
# A host in such a state may come back: its trials wait for it.
WAITED_FOR = frozenset({Code.HOST_NOT_CHECKED, Code.HOST_UNREACHABLE, Code.HOST_QUARANTINED})
GONE = frozenset({Workload.State.STOPPED, Workload.State.LOST, Workload.State.REMOVED})
OUTCOMES = {
    MigrationJob.Status.SUCCEEDED: Outcome.SUCCEEDED,
    MigrationJob.Status.FAILED: Outcome.FAILED,
    MigrationJob.Status.CANCELLED: Outcome.CANCELLED,
}


def advance_experiment(*, experiment_id: int) -> None:
    """Every trial under way a step on, then those begun whose turn it is."""
    experiment = Experiment.objects.filter(pk=experiment_id).first()
    if experiment is None:
        return
    rows = experiment.trials.filter(state__in=UNDER_WAY)
    for trial in rows.select_related("experiment", "workload", "job", "source", "target"):
        _guarded(_STEPS[State(trial.state)], trial)
    if experiment.status != Status.RUNNING:
        return
    if _failed_in_a_row(experiment):
        _moved(experiment, Status.PAUSED, Code.FAILED_IN_A_ROW)
        return
    for trial in due_trials(experiment):
        _guarded(_begin, trial)
    if not experiment.trials.exclude(state=State.DONE).exists():
        _moved(experiment, Status.FINISHED, Code.COMPLETED)


def _guarded(step: Callable[[Trial], None], trial: Trial) -> None:
    """Somebody who was faster has done the step."""
    try:
        with transaction.atomic():
            step(trial)
    except (IllegalTransition, HostsKept) as reason:
        logger.info("trial %s: %s", trial.pk, reason)


def _moved(experiment: Experiment, status: ExperimentStatus, reason: Code) -> None:
    try:
        experiment.transition(Status.RUNNING, status, reason)
    except IllegalTransition as error:
        logger.info("experiment %s: %s", experiment.pk, error)


def _failed_in_a_row(experiment: Experiment) -> bool:
    """Whether the latest trials, since it runs, have failed one after the other."""
    ended = experiment.trials.filter(state=State.DONE, finished_at__gt=experiment.running_since)
    latest = ended.order_by("-finished_at", "-pk").values_list("outcome", flat=True)
    last = list(latest[:MOST_FAILURES])
    return last == [Outcome.FAILED] * MOST_FAILURES


# --- whose turn it is ---------------------------------------------------------------------------
class HostsKept(Exception):
    """Another trial has one of the hosts."""


def due_trials(experiment: Experiment) -> list[Trial]:
    """Trials that can be begun now: in their order, one at a time on a host, after its cool-down.

    A trial that has to wait keeps its hosts from those behind it.
    """
    busy = _busy_hosts(experiment)
    left = set(Host.objects.values_list("pk", flat=True)) - busy
    due = []
    waiting = experiment.trials.filter(state=State.WAITING).order_by("position")
    for trial in waiting.select_related("experiment", "source", "target").iterator():
        if not busy & trial.host_ids:
            due.append(trial)
        busy |= trial.host_ids
        if not left - busy:
            break
    return due


def _busy_hosts(experiment: Experiment) -> set[int]:
    """Hosts that a trial has, of whatever experiment, and those that are to cool down."""
    kept = Host.objects.exclude(trial=None).values_list("pk", flat=True)
    warm_since = timezone.now() - timedelta(seconds=experiment.cool_down_s)
    warm = experiment.trials.filter(finished_at__gt=warm_since, workload__isnull=False)
    pairs = warm.values_list("source_id", "target_id") if experiment.cool_down_s else ()
    return set(kept) | {pk for pair in pairs for pk in pair if pk}


def _begin(trial: Trial) -> None:
    """Keeps the hosts and starts the workload; a trial that is not possible has failed.

    One that has to wait for a host, or for a place in its owner's quota, is tried again.
    """
    why = _obstacle(trial)
    if why is not None and why.code in WAITED_FOR:
        return
    if has_to_wait(trial.experiment.created_by):
        return
    begun = {"attempts": trial.attempts + 1, "started_at": timezone.now()}
    if why is not None:
        _refuse(trial, why, begun)
        return
    trial.move(State.WAITING, State.STARTING, **begun)
    if not leases.take_hosts_for_trial(trial=trial):
        raise HostsKept(str(trial.source))
    workload = _start_workload(trial)
    Trial.objects.filter(pk=trial.pk).update(workload=workload)


def _obstacle(trial: Trial) -> Refused | None:
    if trial.target is None:
        return obstacle_to_starting(trial.source, trial.factors["kind"])
    strategy = Strategy(trial.factors["strategy"])
    return why_not(trial.factors["kind"], strategy, trial.source, trial.target)


def _refuse(trial: Trial, why: Refused, begun: dict[str, Any]) -> None:
    trial.move(
        State.WAITING,
        State.DONE,
        outcome=Outcome.FAILED,
        finished_at=timezone.now(),
        **begun,
        **_told(why),
    )


def _start_workload(trial: Trial) -> Workload:
    return create_workload(
        name=workload_name(trial),
        type_name=trial.factors["type"],
        kind=trial.factors["kind"],
        parameters=trial.factors["parameters"],
        host=trial.source,
        created_by=trial.experiment.created_by,
        for_trial=True,
    )


def workload_name(trial: Trial) -> str:
    """Sites that share a host must not collide, nor may two attempts."""
    return f"{settings.INSTANCE}-x{trial.experiment_id}-{trial.position}-{trial.attempts}"


# --- steps of a trial ---------------------------------------------------------------------------
def _submit_when_started(trial: Trial) -> None:
    workload = trial.workload
    if workload is None or workload.state in (*GONE, Workload.State.REMOVING):
        code = workload.last_error_code if workload else ""
        _clear(trial, Outcome.FAILED, error_code=code or Code.WORKLOAD_ENDED)
    elif trial.experiment.status == Status.CANCELLED:
        _clear(trial, Outcome.CANCELLED)
    elif workload.state == Workload.State.RUNNING:
        _run(trial, workload)


def _run(trial: Trial, workload: Workload) -> None:
    if trial.role == Trial.Role.CONTROL or trial.target is None:
        trial.move(State.STARTING, State.RUNNING)
        send_on_commit(task=Task.WATCH_TRIAL, row_id=trial.pk)
        return
    try:
        with transaction.atomic():
            job = _submit(trial, workload, trial.target)
            trial.move(State.STARTING, State.RUNNING, job=job)
    except SubmitRefused as why:
        _clear(trial, Outcome.FAILED, **_told(why))


def _submit(trial: Trial, workload: Workload, target: Host) -> MigrationJob:
    return submit_job(
        workload=workload,
        target=target,
        operation=Operation.MIGRATE,
        strategy=trial.factors["strategy"],
        user=trial.experiment.created_by,
        is_trial=True,
        **trial.factors["options"],
        **trial.factors["link"],
    )


def _clear_when_over(trial: Trial) -> None:
    """When its job has ended; a control run that nobody watches (any more) is sent again."""
    if trial.job is None:
        send_on_commit(task=Task.WATCH_TRIAL, row_id=trial.pk)
    elif trial.job.is_finished:
        _clear(trial, OUTCOMES[MigrationJob.Status(trial.job.status)])


def _clear(trial: Trial, outcome: TrialOutcome, **fields: Any) -> None:
    trial.move(State(trial.state), State.CLEARING, outcome=outcome, lease_until=None, **fields)
    _end_when_removed(trial)


def _end_when_removed(trial: Trial) -> None:
    """The workload is asked to go until it is gone; then the hosts are free for the next trial."""
    workload = trial.workload
    if workload is not None and workload.state != Workload.State.REMOVED:
        _remove(workload)
        return
    trial.move(State.CLEARING, State.DONE, finished_at=timezone.now())
    leases.release_hosts_of_trial(trial=trial)


def _remove(workload: Workload) -> None:
    if workload.state == Workload.State.REMOVING:
        return  # the dispatcher sees to it
    try:
        remove_workload(workload=workload, user=None)
    except Refused as why:  # somebody else moves it: it is tried again
        logger.info("workload %s: %s", workload, why)


def _told(why: Refused) -> dict[str, Any]:
    return {"error_code": why.code, "error_values": dict(why.values)}


_STEPS: dict[TrialState, Callable[[Trial], None]] = {
    State.STARTING: _submit_when_started,
    State.RUNNING: _clear_when_over,
    State.CLEARING: _end_when_removed,
}
