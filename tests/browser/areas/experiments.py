"""Experiments: planned, under way, ended, shared, on paper."""

from __future__ import annotations

from django.contrib.auth.models import User

from migrations_app import selectors_sharing
from migrations_app.models import Experiment, MigrationJob, Trial
from migrations_app.services import share as services
from tests.app.experiment_rows import measured
from tests.app.makers import make_host
from tests.app.runs import FACTS


def seed() -> dict[str, str]:
    """One that has ended, one that waits for its first trial, one that paused itself."""
    owner = User.objects.get(username="teacher")
    hosts = [make_host("bench-1", facts=FACTS), make_host("bench-2", facts=FACTS)]
    ended = measured(hosts, owner=owner)
    waiting = measured(hosts, owner=owner, name="Not begun yet")
    _set_back(waiting)
    paused = measured(hosts, owner=owner, name="Paused by itself")
    Experiment.objects.filter(pk=paused.pk).update(status="paused", reason="failed-in-a-row")
    link = _link(owner, ended)
    return {
        "experiments": "/experiments/",
        "experiment form": "/experiments/new/",
        "experiment": f"/experiments/{ended.pk}/",
        "experiment by transfer time": f"/experiments/{ended.pk}/?metric=transfer_time_ms",
        "experiment not begun": f"/experiments/{waiting.pk}/",
        "experiment paused": f"/experiments/{paused.pk}/",
        "experiment's trials": f"/experiments/{ended.pk}/trials/",
        "experiment's lab report": f"/experiments/{ended.pk}/lab-report/",
        "share an experiment": f"/experiments/{ended.pk}/share/",
        "shared experiment": link,
        "shared experiment's lab report": f"{link}lab-report/",
    }


def _set_back(experiment: Experiment) -> None:
    """As it was before its first trial: no run of it is in the history."""
    MigrationJob.objects.filter(trial__experiment=experiment).delete()
    Trial.objects.filter(experiment=experiment).update(
        state="waiting", outcome="", job=None, result=None, finished_at=None, former=[]
    )
    Experiment.objects.filter(pk=experiment.pk).update(status="running", finished_at=None)


def _link(owner: User, experiment: Experiment) -> str:
    snapshot = selectors_sharing.snapshot_of_experiment(experiment)
    made = services.share_experiment(experiment=experiment, owner=owner, days=30, snapshot=snapshot)
    return f"/s/{services.token_of(made)}/"
