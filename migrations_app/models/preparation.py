"""Steps that make a host ready, as somebody agreed to them, and how each went."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .host import Host


class PreparationStep(models.Model):
    """One step on one host, the last time somebody said yes to it.

        waiting ──> running ──> done | failed ──> waiting (asked for anew)
           └──────> held        (a step before it failed) ──> waiting

    Moved by compare-and-swap.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        HELD = "held", _("held back")

    OPEN = (State.WAITING, State.RUNNING)

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="preparation_steps")
    name = models.CharField(max_length=20)
    place = models.PositiveSmallIntegerField()  # its order in the plan
    commands = models.JSONField()  # what was shown and agreed to: lists of words
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    undoing = models.BooleanField(default=False)  # what waits is to take it back
    output = models.TextField(blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["host", "name"], name="one_row_per_step_of_a_host")
        ]

    def __str__(self) -> str:
        return f"{self.host_id} {self.name} {self.state}"

    @property
    def can_be_undone(self) -> bool:
        """It was done, and what it wrote was not taken back: perhaps because that failed."""
        failed_undoing = self.state == self.State.FAILED and self.undoing
        return self.state == self.State.DONE or failed_undoing

    def move(self, old: State, new: State, **changes: object) -> bool:
        """Compare-and-swap; False: it was not in `old` any more."""
        same = PreparationStep.objects.filter(pk=self.pk, state=old)
        return bool(same.update(state=new, **changes))
