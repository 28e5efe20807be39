"""The states of an experiment and of its trials, and the moves between them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ExperimentStatus(models.TextChoices):
    """
    running <──> paused
      │  │         └──> cancelled
      │  └────────────> cancelled
      └──> finished ──> running    (trials were added, or failed ones are run again)

    Paused and cancelled ones may still have a trial under way: it is brought to its end.
    """

    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("cancelled")


_E = ExperimentStatus
EXPERIMENT_MOVES: dict[ExperimentStatus, frozenset[ExperimentStatus]] = {
    _E.RUNNING: frozenset({_E.PAUSED, _E.FINISHED, _E.CANCELLED}),
    _E.PAUSED: frozenset({_E.RUNNING, _E.CANCELLED}),
    _E.FINISHED: frozenset({_E.RUNNING}),
    _E.CANCELLED: frozenset(),
}


class TrialState(models.TextChoices):
    """
    waiting ──> starting ──> running ──> clearing ──> done ──> waiting  (another attempt)
       │           └─────────────────────────^  (its workload did not come, or no job was possible)
       └────────────────────────────────────────────────^  (cancelled, or refused)
    """

    WAITING = "waiting", _("waiting")
    STARTING = "starting", _("workload starts")
    RUNNING = "running", _("running")
    CLEARING = "clearing", _("clearing up")
    DONE = "done", _("done")


_T = TrialState
TRIAL_MOVES: dict[TrialState, frozenset[TrialState]] = {
    _T.WAITING: frozenset({_T.STARTING, _T.DONE}),
    _T.STARTING: frozenset({_T.RUNNING, _T.CLEARING}),
    _T.RUNNING: frozenset({_T.CLEARING}),
    _T.CLEARING: frozenset({_T.DONE}),
    _T.DONE: frozenset({_T.WAITING}),
}
UNDER_WAY = frozenset({_T.STARTING, _T.RUNNING, _T.CLEARING})


class TrialOutcome(models.TextChoices):
    """How a trial ended; empty while it has not."""

    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
