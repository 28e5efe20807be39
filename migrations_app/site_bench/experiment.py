"""An experiment over generated jobs, of the size that a class would launch."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.engine.plan import LINK
from migrations_app.grids import in_order, parsed
from migrations_app.models import Experiment, Host, MigrationJob, Trial
from migrations_app.services.experiments import add_rows

SIZES = [16, 64, 256, 1024]  # MiB
RATES = (None, 100)  # Mbit/s
TRIALS = 5  # of each cell


def fill_experiment(name: str, owner: User, hosts: list[Host], strategies: list[str]) -> None:
    """Its trials have the newest jobs, whatever those were; where there are none left, no job."""
    grid = parsed(_grid(hosts, strategies))
    experiment = Experiment.objects.create(
        name=name,
        grid=grid.to_json(),
        seed=1,
        status=Experiment.Status.FINISHED,
        created_by=owner,
        finished_at=timezone.now(),
    )
    add_rows(experiment, grid, in_order(grid, experiment.seed), first_position=0)
    trials = list(experiment.trials.all())
    ended = MigrationJob.objects.filter(status=MigrationJob.Status.SUCCEEDED).order_by("-pk")
    now = timezone.now()
    for trial, job in zip_longest(trials, ended.only("started_at")[: len(trials)]):
        trial.job, trial.state, trial.finished_at = job, Trial.State.DONE, now
        trial.started_at = job.started_at if job else None
        trial.outcome = Trial.Outcome.SUCCEEDED if job else Trial.Outcome.CANCELLED
    columns = ["job", "state", "started_at", "finished_at", "outcome"]
    Trial.objects.bulk_update(trials, columns)


def _grid(hosts: list[Host], strategies: list[str]) -> dict[str, Any]:
    return {
        "workloads": [{"type": "memory", "kind": "container", "parameters": {"memory_mib": SIZES}}],
        "strategies": strategies,
        "links": [dict(zip(LINK, (rate, None, None), strict=True)) for rate in RATES],
        "pairs": [[hosts[0].pk, hosts[1].pk]],
        "trials": TRIALS,
        "warm_ups": 0,
        "controls": 0,
    }
