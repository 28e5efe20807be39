"""What is migrated."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from migrations_app.engine.plan import CONTAINER_NAME, WorkloadKind

from .queries import WorkloadQuerySet

FRESH = timedelta(seconds=1)
NAME_LENGTH = 40  # a clone's name is longer by some letters


class Workload(models.Model):
    """A process or container of one catalogue type on one host."""

    class State(models.TextChoices):
        STARTING = "starting", _("starting")
        RUNNING = "running", _("running")
        MIGRATING = "migrating", _("migrating")
        STOPPED = "stopped", _("stopped")  # it ended, or it could not be started
        LOST = "lost", _("lost")  # the host does not know it any more
        REMOVING = "removing", _("being removed")
        REMOVED = "removed", _("removed")

    class Kind(models.TextChoices):
        PROCESS = WorkloadKind.PROCESS.value, _("process")
        CONTAINER = WorkloadKind.CONTAINER.value, _("container")

    name = models.CharField(
        _("name"),
        max_length=NAME_LENGTH,
        validators=[RegexValidator(f"^{CONTAINER_NAME.pattern}$")],
    )
    type_name = models.CharField(_("type"), max_length=32)  # a key of engine.catalogue.CATALOGUE
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    host = models.ForeignKey(
        "Host", on_delete=models.PROTECT, related_name="workloads", verbose_name=_("host")
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.STARTING
    )
    ref_name = models.CharField(max_length=63, blank=True)  # what the host calls it
    pid = models.PositiveIntegerField(null=True, blank=True)  # processes only
    last_line = models.TextField(blank=True)  # of its output, when last looked at
    seen_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)  # a worker starts or stops it
    last_error_code = models.CharField(max_length=64, blank=True)
    last_error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="workloads"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkloadQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("workload")
        verbose_name_plural = _("workloads")
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=~models.Q(state="removed"),
                name="workload_name_unique_while_it_exists",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_fresh(self) -> bool:
        """Whether somebody has looked at it a moment ago; many may watch one workload."""
        return self.seen_at is not None and timezone.now() - self.seen_at < FRESH
