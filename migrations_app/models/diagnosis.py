"""What is learned from failures: notes that explain them, and what ran well together."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_PATTERN = 400


class CauseNote(models.Model):
    """An instructor's explanation of a line that no row of engine/causes knows.

    `pattern` is the line without what differs from run to run (engine.diagnosis.generalised), so
    that the note explains the next failure with such a line as well.
    """

    pattern = models.CharField(max_length=LONGEST_PATTERN, unique=True)
    text = models.TextField(_("explanation"), max_length=4000)  # Markdown
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="cause_notes"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.pattern


class VersionTally(models.Model):
    """How often runs went well on hosts with these versions; counted up as runs end."""

    kernel = models.CharField(max_length=120)
    criu = models.CharField(max_length=40)
    docker = models.CharField(max_length=60, blank=True)  # "" for processes: none took part
    runs = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)  # among them

    class Meta:
        ordering = ["-runs", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kernel", "criu", "docker"], name="one_tally_per_combination"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kernel} × {self.criu} × {self.docker or '-'}"


class WorkloadCheck(models.Model):
    """A look at a workload, or a rehearsal of a run, that somebody asked for.

    It waits until the worker finds both hosts free; `finished_at` is written with the answer.
    """

    workload = models.ForeignKey("Workload", on_delete=models.CASCADE, related_name="checks")
    target = models.ForeignKey("Host", on_delete=models.CASCADE, related_name="checks")
    operation = models.CharField(max_length=32)  # engine.plan.Operation
    strategy = models.CharField(max_length=32)  # engine.plan.Strategy
    rehearse = models.BooleanField(default=False)  # dump twice and throw the images away
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="checks"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    checks = models.JSONField(default=list)  # engine.report.Check
    rehearsal = models.JSONField(null=True, blank=True)  # engine.rehearse.Rehearsal
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.workload} -> {self.target}"
