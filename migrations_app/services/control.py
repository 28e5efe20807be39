"""Control runs: a workload that is not migrated is watched, on a host that does nothing else."""

from __future__ import annotations

import dataclasses
import statistics
from typing import Any

from migrations_app.adapters import engine, ref_for
from migrations_app.engine.errors import EngineError
from migrations_app.models import IllegalTransition, MigrationJob, Trial

from . import leases
from .contact import reached
from .queue import Task, send

WATCH_S = 10.0  # where no trial of the experiment has said yet how long one takes
SHORTEST_S, LONGEST_S = 2.0, 15.0  # the longest list of output lines holds that much
AROUND_S = 90.0  # connecting, and reading what was written
State, Outcome = Trial.State, Trial.Outcome


def watch_trial(*, trial_id: int) -> None:
    """Watches the workload of a control run, once; left for later while its host is busy."""
    trial = Trial.objects.select_related("workload", "source").filter(pk=trial_id).first()
    if trial is None:
        return
    seconds = watched_seconds(trial)
    if not leases.take_trial(trial_id=trial_id, seconds=seconds + AROUND_S):
        return
    ending = None
    try:
        ending = _watched_alone(trial, seconds)
    finally:
        if ending is None:  # a later tick sends it again
            leases.release_trial(trial_id=trial_id)
    if ending is not None:
        _end(trial, ending)


def watched_seconds(trial: Trial) -> float:
    """About as long as migrations of the same workload took so far in this experiment."""
    alike = MigrationJob.objects.filter(
        trial__experiment=trial.experiment_id,
        trial__factors__kind=trial.factors["kind"],
        workload__type_name=trial.factors["type"],
        workload__parameters=trial.factors["parameters"],
        total_time_ms__isnull=False,
        status=MigrationJob.Status.SUCCEEDED,
    )
    times = [float(ms or 0) / 1000 for ms in alike.values_list("total_time_ms", flat=True)]
    wanted = statistics.median(times) if times else WATCH_S
    return min(max(wanted, SHORTEST_S), LONGEST_S)


def _watched_alone(trial: Trial, seconds: float) -> dict[str, Any] | None:
    """How it ended, as columns of the trial; None: the host has something else to do now."""
    host_id, lease_s = trial.source_id, seconds + AROUND_S
    if not leases.take_host_for_watching(host_id=host_id, seconds=lease_s):
        return None
    try:
        return _watched(trial, seconds)
    finally:
        leases.release_host(host_id=host_id)


def _watched(trial: Trial, seconds: float) -> dict[str, Any]:
    if trial.workload is None:
        return {"outcome": Outcome.FAILED}
    try:
        with reached(trial.source) as connection:
            seen = engine().watch_workload(connection, ref_for(trial.workload), seconds=seconds)
    except EngineError as error:
        values = {"message": error.message}
        return {"outcome": Outcome.FAILED, "error_code": error.code, "error_values": values}
    return {"outcome": Outcome.SUCCEEDED, "result": _plain(seen)}


def _plain(seen: Any) -> dict[str, Any]:
    return dataclasses.asdict(seen)


def _end(trial: Trial, ending: dict[str, Any]) -> None:
    try:
        trial.move(State.RUNNING, State.CLEARING, lease_until=None, **ending)
    except IllegalTransition:
        return  # the lease ran out, and another worker has watched it
    send(task=Task.ADVANCE_EXPERIMENT, row_id=trial.experiment_id)
