"""An experiment that has been run, as rows: warm-ups, controls, failures, a repeated trial."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.grids import parsed
from migrations_app.models import Experiment, Host, MigrationJob, Trial, Workload
from migrations_app.services.experiments import add_rows, in_order

from .makers import make_job, make_workload
from .runs import PHASES, add_phases, report

# Of a strategy: stop time of the first memory size, and how much it grows with every MiB.
STOP = {"cold": (2600.0, 14.0), "stop-and-copy": (520.0, 6.0), "pre-copy": (310.0, 0.7)}


def grid_between(*hosts: Host, **changes: Any) -> dict[str, Any]:
    return {
        "workloads": [
            {"type": "memory", "kind": "container", "parameters": {"memory_mib": [16, 64]}}
        ],
        "strategies": list(STOP),
        "pairs": [[hosts[0].pk, hosts[1].pk]],
        "trials": 5,
        "warm_ups": 1,
        "controls": 1,
    } | changes


def measured(
    hosts: list[Host],
    *,
    owner: User | None = None,
    name: str = "Memory and strategies",
    whole_report: dict[str, Any] | None = None,
    **changes: Any,
) -> Experiment:
    """Every trial has ended: one failed, one was cancelled, one succeeded when run again."""
    grid = parsed(grid_between(*hosts, **changes))
    experiment = Experiment.objects.create(
        name=name,
        notes="What does the stop time depend on?",
        grid=grid.to_json(),
        seed=7,
        status="finished",
        reason="completed",
        created_by=owner,
        finished_at=timezone.now(),
    )
    add_rows(experiment, grid, in_order(grid, experiment.seed), first_position=0)
    trials = list(experiment.trials.select_related("source", "target"))
    # Trials of two cells, so that every other has all its five.
    fates = [trial for trial in trials if trial.role == "trial" and trial.cell in (0, 1)]
    for trial in trials:
        _end(trial, owner, whole_report or report())
    _fail(fates[0])
    _cancel(fates[1])
    _repeat(fates[2], owner)
    return experiment


def _end(trial: Trial, owner: User | None, told: dict[str, Any]) -> None:
    began = timezone.now() - timedelta(minutes=60) + timedelta(seconds=20 * trial.position)
    trial.state, trial.outcome, trial.attempts = "done", "succeeded", 1
    trial.started_at, trial.finished_at = began, began + timedelta(seconds=6)
    if trial.target is None:
        trial.result = {"longest_gap_ms": 104.0 + trial.position % 3}
    else:
        trial.job = _job(trial, owner, told)
    trial.save()


def _job(trial: Trial, owner: User | None, told: dict[str, Any], **changes: Any) -> MigrationJob:
    workload = make_workload(
        trial.source,
        name=f"x{trial.experiment_id}-{trial.position}-{MigrationJob.objects.count()}",
        type_name=trial.factors["type"],
        parameters=trial.factors["parameters"],
        state=Workload.State.REMOVED,
    )
    stop = _stop_time(trial)
    figures = {"stop_time_ms": stop, "transfer_time_ms": stop / 3, "total_time_ms": stop + 1400}
    values: dict[str, Any] = {
        "status": "succeeded",
        "started_at": trial.started_at,
        "finished_at": trial.finished_at,
        "observed_gap_ms": stop + 60,
        **figures,
    }
    job = make_job(
        workload,
        target=trial.target,
        strategy=trial.factors["strategy"],
        report={**told, "metrics": figures},
        created_by=owner,
        **(values | changes),
    )
    add_phases(job, PHASES)
    return job


def _stop_time(trial: Trial) -> float:
    """Spread a little around what the strategy takes, the same every time."""
    least, per_mib = STOP[trial.factors["strategy"]]
    aside = (trial.repetition * 37 + trial.cell * 13) % 23 - 11
    return least + per_mib * trial.factors["parameters"]["memory_mib"] + aside


def _fail(trial: Trial) -> None:
    assert trial.job
    failed = {
        "status": "failed",
        "error_code": "dump-failed",
        "error_message": "CRIU could not dump",
        "stop_time_ms": None,
    }
    MigrationJob.objects.filter(pk=trial.job.pk).update(**failed)
    Trial.objects.filter(pk=trial.pk).update(outcome="failed")


def _cancel(trial: Trial) -> None:
    assert trial.job
    trial.job.delete()
    Trial.objects.filter(pk=trial.pk).update(outcome="cancelled", job=None, started_at=None)


def _repeat(trial: Trial, owner: User | None) -> None:
    """It failed once before."""
    changes = {"status": "failed", "error_code": "restore-failed", "stop_time_ms": None}
    before = _job(trial, owner, report(), **changes)
    former = [{"job": before.pk, "error_code": "restore-failed"}]
    Trial.objects.filter(pk=trial.pk).update(former=former, attempts=2)
