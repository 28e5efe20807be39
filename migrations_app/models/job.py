"""A migration of a workload, its history and what was measured."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from migrations_app.engine.plan import Compression

from .queries import JobQuerySet
from .transitions import MOVES, TERMINAL, UNSETTLED, ByHand, IllegalTransition, JobStatus


class MigrationJob(models.Model):
    """One operation on one workload, from a source to a target host (the same for one-host steps).

    `status` is written by `transition` only; JobStatus draws the moves.
    """

    Status = JobStatus
    TERMINAL = TERMINAL
    UNSETTLED = UNSETTLED

    workload = models.ForeignKey("Workload", on_delete=models.PROTECT, related_name="jobs")
    source = models.ForeignKey("Host", on_delete=models.PROTECT, related_name="jobs_from")
    target = models.ForeignKey("Host", on_delete=models.PROTECT, related_name="jobs_to")
    operation = models.CharField(_("operation"), max_length=32)  # engine.plan.Operation
    strategy = models.CharField(_("strategy"), max_length=32)  # engine.plan.Strategy

    # Its options (engine.plan.MigrationPlan); what older rows lack was not there to choose.
    encrypted = models.BooleanField(_("encrypted"), default=True)
    compression = models.CharField(_("compression"), max_length=8, default=Compression.NONE.value)
    bandwidth_limit_mbit_s = models.PositiveIntegerField(_("limit"), null=True, blank=True)
    link_rate_mbit_s = models.PositiveIntegerField(_("link rate"), null=True, blank=True)
    link_delay_ms = models.PositiveIntegerField(_("link delay"), null=True, blank=True)
    link_loss_percent = models.FloatField(_("link loss"), null=True, blank=True)
    tcp_established = models.BooleanField(_("open TCP connections"), default=False)
    keep_images = models.BooleanField(_("keep images"), default=False)
    leave_running = models.BooleanField(_("leave a copy running"), default=False)
    skip_checks = models.JSONField(default=list, blank=True)  # codes of engine.workload_checks
    pre_copy = models.JSONField(null=True, blank=True)  # engine.plan.PreCopyRules; null: no rounds

    status = models.CharField(
        _("status"), max_length=12, choices=JobStatus.choices, default=JobStatus.QUEUED
    )
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    shared_with_class = models.BooleanField(_("shared with the class"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=128, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)

    report = models.JSONField(null=True, blank=True)  # engine.report.Report, unchanged
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    by_hand = models.CharField(max_length=8, choices=ByHand.choices, blank=True)
    workload_is_on = models.CharField(max_length=8, blank=True)  # source, target; "" not known
    clone = models.ForeignKey(  # the copy that a run with leave_running made
        "Workload", on_delete=models.SET_NULL, null=True, blank=True, related_name="cloned_by"
    )

    # Copies out of the report, for lists and charts; null: not known.
    stop_time_ms = models.FloatField(null=True, blank=True)
    transfer_time_ms = models.FloatField(null=True, blank=True)
    total_time_ms = models.FloatField(null=True, blank=True)
    create_time_ms = models.FloatField(null=True, blank=True)
    dump_time_ms = models.FloatField(null=True, blank=True)
    restore_time_ms = models.FloatField(null=True, blank=True)
    observed_gap_ms = models.FloatField(null=True, blank=True)
    client_gap_ms = models.FloatField(null=True, blank=True)
    criu_frozen_time_ms = models.FloatField(null=True, blank=True)
    bytes_sent = models.BigIntegerField(null=True, blank=True)
    stop_window = models.JSONField(null=True, blank=True)  # engine.report.StopWindow
    round_bytes = models.JSONField(null=True, blank=True)  # of each pre-copy round; null: none
    proof_passed = models.BooleanField(null=True, blank=True)
    # What it counts to in the history; null: it has not ended, or is about to be counted.
    configuration = models.ForeignKey(
        "Configuration", on_delete=models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    environment = models.ForeignKey(
        "Environment", on_delete=models.PROTECT, null=True, blank=True, related_name="jobs"
    )

    LINK = ("link_rate_mbit_s", "link_delay_ms", "link_loss_percent")
    OPTIONS = (
        "encrypted",
        "compression",
        "bandwidth_limit_mbit_s",
        *LINK,
        "tcp_established",
        "keep_images",
        "leave_running",
    )
    METRICS = (
        "stop_time_ms",
        "transfer_time_ms",
        "total_time_ms",
        "create_time_ms",
        "dump_time_ms",
        "restore_time_ms",
        "observed_gap_ms",
        "client_gap_ms",
        "criu_frozen_time_ms",
        "bytes_sent",
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(fields=["status", "id"]),
            models.Index(fields=["created_by", "-id"]),
            models.Index(fields=["finished_at"]),
            models.Index(fields=["configuration", "-finished_at"]),
            models.Index(fields=["workload", "-id"]),
            models.Index(fields=["strategy", "-id"]),
            models.Index(fields=["compression", "-id"]),
            models.Index(  # all that an expectation reads of former runs
                fields=["configuration", "status", "finished_at", "strategy", "stop_time_ms"],
                name="former_stop_times",
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(configuration=None),
                name="finished_jobs_not_counted",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workload"],
                condition=models.Q(status__in=sorted(UNSETTLED)),
                name="one_unsettled_job_per_workload",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.operation}"

    @property
    def is_finished(self) -> bool:
        return self.status in TERMINAL

    @property
    def options(self) -> dict[str, Any]:
        """As services.submit.submit_job takes them; rules only where there are rounds."""
        return {**{name: getattr(self, name) for name in self.OPTIONS}, **(self.pre_copy or {})}

    def transition(self, old: JobStatus, new: JobStatus, reason: str = "", **fields: Any) -> None:
        """Moves the job from `old` to `new` and writes `fields` with it, in one statement.

        `reason` is a code. Raises IllegalTransition for a move that does not exist, and where the
        row is no longer in `old`: of two that try, one wins.
        """
        if new not in MOVES[old]:
            raise IllegalTransition(old, new)
        changes = {"status": new, **self._stamp(new), **fields}
        with transaction.atomic():
            if not MigrationJob.objects.filter(pk=self.pk, status=old).update(**changes):
                raise IllegalTransition(self._status_now(), new)
            self.transitions.create(from_status=old, to_status=new, reason=reason)
        for name, value in changes.items():
            setattr(self, name, value)

    def _status_now(self) -> str:
        return MigrationJob.objects.values_list("status", flat=True).get(pk=self.pk)

    @staticmethod
    def _stamp(new: JobStatus) -> dict[str, Any]:
        if new is JobStatus.RUNNING:
            return {"started_at": timezone.now()}
        if new in TERMINAL:
            return {"finished_at": timezone.now(), "lease_until": None}
        return {}


class JobTransition(models.Model):
    """One row per change of a job's status."""

    job = models.ForeignKey(MigrationJob, on_delete=models.CASCADE, related_name="transitions")
    from_status = models.CharField(max_length=12, choices=JobStatus.choices)
    to_status = models.CharField(max_length=12, choices=JobStatus.choices)
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=64, blank=True)  # a code

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.from_status} -> {self.to_status}"


class JobPhase(models.Model):
    """A phase as it happened; milliseconds count from the start of the run."""

    class Side(models.TextChoices):
        SOURCE = "source", _("source")
        TARGET = "target", _("target")

    job = models.ForeignKey(MigrationJob, on_delete=models.CASCADE, related_name="phases")
    name = models.CharField(max_length=32)  # engine.report.PhaseName
    side = models.CharField(max_length=8, choices=Side.choices)
    start_ms = models.FloatField()
    duration_ms = models.FloatField(null=True, blank=True)  # null: it has not ended
    bytes = models.BigIntegerField(null=True, blank=True)  # null: it moves none
    failed = models.BooleanField(default=False)
    round = models.PositiveSmallIntegerField(null=True, blank=True)  # of pre-copy, from 0

    class Meta:
        ordering = ["start_ms", "pk"]

    def __str__(self) -> str:
        return self.name


class JobNote(models.Model):
    """A sentence for the job's log, as a code with its values."""

    job = models.ForeignKey(MigrationJob, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField(default=timezone.now)
    code = models.CharField(max_length=64)
    values = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.code
