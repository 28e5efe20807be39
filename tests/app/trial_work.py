"""What tests of experiments share: two hosts, a small grid, a worker that does what was sent."""

from __future__ import annotations

from django.utils import timezone

from migrations_app import tasks
from migrations_app.models import Experiment, Trial
from migrations_app.services.experiments import create_experiment

from .makers import make_host
from .runs import FACTS

TASKS = {
    "RUN_JOB": tasks.execute.run_job,
    "SETTLE_JOB": tasks.reap.settle_job,
    "CHECK_HOST": tasks.upkeep.check_host,
    "START_WORKLOAD": tasks.upkeep.start_workload,
    "STOP_WORKLOAD": tasks.upkeep.stop_workload,
    "OBSERVE_WORKLOAD": tasks.upkeep.observe_workload,
    "ADVANCE_EXPERIMENT": tasks.trials.advance_experiment,
    "WATCH_TRIAL": tasks.control.watch_trial,
}
ARGUMENTS = {
    "RUN_JOB": "job_id",
    "SETTLE_JOB": "job_id",
    "CHECK_HOST": "host_id",
    "ADVANCE_EXPERIMENT": "experiment_id",
    "WATCH_TRIAL": "trial_id",
}


def two_hosts():
    return [make_host(checked_at=timezone.now(), facts=FACTS) for _ in range(2)]


def grid_of(*pairs, **changes):
    small = {
        "workloads": [{"type": "memory", "kind": "process", "parameters": {"memory_mib": [1]}}],
        "strategies": ["cold", "pre-copy"],
        "pairs": [[source.pk, target.pk] for source, target in pairs or [two_hosts()]],
        "trials": 2,
        "warm_ups": 0,
        "controls": 0,
    }
    return small | changes


def make_experiment(*pairs, seed=1, cool_down_s=0, user=None, **changes) -> Experiment:
    return create_experiment(
        name="small",
        grid=grid_of(*pairs, **changes),
        user=user,
        seed=seed,
        cool_down_s=cool_down_s,
    )


def do(message) -> None:
    name, row_id = message
    values = {ARGUMENTS.get(name, "workload_id"): row_id}
    if name == "RUN_JOB":
        values["worker"] = "w1"
    TASKS[name](**values)


def work_off(sent, *, most=2000, until=lambda: False) -> None:
    """Does what is in the queue, in order, until it is empty or `until` says so."""
    for _ in range(most):
        if not sent or until():
            return
        do(sent.pop(0))
    raise AssertionError(f"it goes on and on: {sent[:5]}")


def states(experiment) -> list[tuple[str, str]]:
    return list(Trial.objects.filter(experiment=experiment).values_list("state", "outcome"))
