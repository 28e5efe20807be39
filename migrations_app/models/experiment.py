"""An experiment: a grid of factors, and one row for every trial of it."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .experiment_states import (
    EXPERIMENT_MOVES,
    TRIAL_MOVES,
    ExperimentStatus,
    TrialOutcome,
    TrialState,
)
from .queries import ExperimentQuerySet
from .transitions import IllegalTransition

NAME_LENGTH = 120


class Experiment(models.Model):
    """`status` is written by `transition` only; ExperimentStatus draws the moves."""

    Status = ExperimentStatus
    # Nothing is begun in these.
    OVER = frozenset({ExperimentStatus.FINISHED, ExperimentStatus.CANCELLED})

    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    notes = models.TextField(_("notes"), blank=True)
    grid = models.JSONField()  # grids.Grid.to_json
    seed = models.PositiveIntegerField(_("seed"))  # the order of the trials follows from it
    cool_down_s = models.PositiveIntegerField(_("cool-down"), default=0)
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=ExperimentStatus.choices,
        default=ExperimentStatus.RUNNING,
    )
    reason = models.CharField(max_length=64, blank=True)  # a code: why it has this status
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="experiments"
    )
    shared_with_class = models.BooleanField(_("shared with the class"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    running_since = models.DateTimeField(default=timezone.now)  # begun, or gone on with
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.status in self.OVER

    def transition(self, old: ExperimentStatus, new: ExperimentStatus, reason: str = "") -> None:
        """Moves it from `old` to `new`, in one statement; `reason` is a code.

        Raises IllegalTransition for a move that does not exist, and where another was faster.
        """
        if new not in EXPERIMENT_MOVES[old]:
            raise IllegalTransition(old, new)
        changes = {"status": new, "reason": reason, **self._stamp(new)}
        with transaction.atomic():
            if not Experiment.objects.filter(pk=self.pk, status=old).update(**changes):
                raise IllegalTransition(self._status_now(), new)
            self.transitions.create(from_status=old, to_status=new, reason=reason)
        for name, value in changes.items():
            setattr(self, name, value)

    def _status_now(self) -> str:
        return Experiment.objects.values_list("status", flat=True).get(pk=self.pk)

    @classmethod
    def _stamp(cls, new: ExperimentStatus) -> dict[str, Any]:
        if new is ExperimentStatus.RUNNING:
            return {"running_since": timezone.now(), "finished_at": None}
        return {"finished_at": timezone.now()} if new in cls.OVER else {}


class ExperimentTransition(models.Model):
    """One row per change of an experiment's status."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="transitions")
    from_status = models.CharField(max_length=12, choices=ExperimentStatus.choices)
    to_status = models.CharField(max_length=12, choices=ExperimentStatus.choices)
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=64, blank=True)  # a code

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.from_status} -> {self.to_status}"


class Trial(models.Model):
    """One run of one cell of the grid: its present attempt; `former` tells of those before.

    `state` is written by `move` only; TrialState draws the moves.
    """

    State = TrialState
    Outcome = TrialOutcome

    class Role(models.TextChoices):
        TRIAL = "trial", _("trial")
        WARM_UP = "warm-up", _("warm-up")  # run, kept, marked, and left out of the figures
        CONTROL = "control", _("control run")  # nothing is migrated: the floor of the gap

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="trials")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.TRIAL)
    cell = models.PositiveIntegerField()  # its number in the grid, by role; see grids.py
    factors = models.JSONField()  # grids.Cell.to_json
    source = models.ForeignKey("Host", on_delete=models.PROTECT, related_name="trials_from")
    target = models.ForeignKey(  # null: a control run goes nowhere
        "Host", on_delete=models.PROTECT, null=True, blank=True, related_name="trials_to"
    )
    repetition = models.PositiveIntegerField()  # of its cell and role, from 1
    position = models.PositiveIntegerField()  # in the interleaved order of the experiment, from 0

    state = models.CharField(max_length=8, choices=TrialState.choices, default=TrialState.WAITING)
    outcome = models.CharField(max_length=9, choices=TrialOutcome.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # begun so far
    former = models.JSONField(default=list, blank=True)  # [{"job", "error_code"}] that failed
    workload = models.ForeignKey(
        "Workload", on_delete=models.SET_NULL, null=True, blank=True, related_name="trials"
    )
    job = models.OneToOneField(  # null: none yet, none was possible, or a control run
        "MigrationJob", on_delete=models.SET_NULL, null=True, blank=True, related_name="trial"
    )
    result = models.JSONField(null=True, blank=True)  # of a control run: engine.watching.Watched
    error_code = models.CharField(max_length=64, blank=True)
    error_values = models.JSONField(default=dict, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)  # a worker watches a control run
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        indexes = [models.Index(fields=["experiment", "state"])]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "position"], name="one_trial_a_position"),
            models.UniqueConstraint(
                fields=["experiment", "role", "cell", "repetition"], name="one_trial_a_repetition"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.position}"

    @property
    def host_ids(self) -> set[int]:
        return {self.source_id} | ({self.target_id} if self.target_id else set())

    @property
    def sign(self) -> str:
        """Its state until it is done, then its outcome: a key of words.TRIAL_SIGNS."""
        return self.outcome if self.state == TrialState.DONE else self.state

    def move(self, old: TrialState, new: TrialState, **fields: Any) -> None:
        """Moves it from `old` to `new` and writes `fields` with it, in one statement.

        Raises IllegalTransition for a move that does not exist, and where another was faster.
        """
        if new not in TRIAL_MOVES[old]:
            raise IllegalTransition(old, new)
        changes = {"state": new, **fields}
        if not Trial.objects.filter(pk=self.pk, state=old).update(**changes):
            raise IllegalTransition(Trial.objects.values_list("state").get(pk=self.pk)[0], new)
        for name, value in changes.items():
            setattr(self, name, value)
