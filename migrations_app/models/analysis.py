"""What is kept of finished runs, so that no page has to compute it from all of them again.

Written when a job ends (services/figures.py), read by history and comparison.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

DIGEST_LENGTH = 64


class Configuration(models.Model):
    """What runs have to share to count as the same: the workload's type and parameters, the
    operation, the strategy and every option. Hosts and versions are the environment."""

    digest = models.CharField(max_length=DIGEST_LENGTH, unique=True)  # of all below
    type_name = models.CharField(max_length=32)
    kind = models.CharField(max_length=12)
    parameters = models.JSONField(default=dict)
    operation = models.CharField(max_length=32)
    strategy = models.CharField(max_length=32)
    options = models.JSONField(default=dict)  # MigrationJob.options

    class Meta:
        ordering = ["pk"]
        verbose_name = _("configuration")
        verbose_name_plural = _("configurations")

    def __str__(self) -> str:
        return f"{self.type_name} {self.strategy} {self.digest[:8]}"


class Environment(models.Model):
    """What runs found: hosts and versions on both sides, and the version of this program."""

    digest = models.CharField(max_length=DIGEST_LENGTH, unique=True)
    versions = models.JSONField()  # {"program": …, "source.host": …, "source.kernel": …, …}

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.digest[:8]


class Figures(models.Model):
    """statistics.Summary of one metric, in its own unit; `failed` runs ended without success."""

    metric = models.CharField(max_length=32)
    n = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    median = models.FloatField(null=True)
    mean = models.FloatField(null=True)
    q1 = models.FloatField(null=True)
    q3 = models.FloatField(null=True)
    least = models.FloatField(null=True)
    most = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)

    class Meta:
        abstract = True


class DayFigures(Figures):
    """Of the runs of one configuration that ended on one day (in the site's time zone)."""

    configuration = models.ForeignKey(Configuration, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()

    class Meta:
        ordering = ["day", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["configuration", "metric", "day"], name="one_figure_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.metric}"


class WholeFigures(Figures):
    """Of the newest runs of one configuration, and how the last week differs from before.

    The week is that of its newest run; before are the four weeks in front of it. Differences are
    statistics.Difference, null where there is nothing to compare.
    """

    configuration = models.ForeignKey(
        Configuration, on_delete=models.CASCADE, related_name="figures"
    )
    newest_at = models.DateTimeField()
    n_before = models.PositiveIntegerField(default=0)
    n_lately = models.PositiveIntegerField(default=0)
    median_before = models.FloatField(null=True)
    median_lately = models.FloatField(null=True)
    change = models.FloatField(null=True)
    change_low = models.FloatField(null=True)
    change_high = models.FloatField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["configuration", "metric"], name="one_whole_figure")
        ]
        indexes = [models.Index(fields=["metric", "-newest_at"])]

    def __str__(self) -> str:
        return self.metric


class VersionChange(models.Model):
    """A run found another version than the run before it on that host (null: this program)."""

    host = models.ForeignKey("Host", on_delete=models.CASCADE, null=True, related_name="+")
    component = models.CharField(max_length=16)  # program, kernel, criu, docker, runc
    old = models.CharField(max_length=128, blank=True)  # "": the first that was seen
    new = models.CharField(max_length=128)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["host", "component", "-at"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.component} {self.old} -> {self.new}"
