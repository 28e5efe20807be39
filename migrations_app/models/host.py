"""Linux machines reached over SSH."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .queries import HostQuerySet


class Host(models.Model):
    """A machine, the key it must show, and what was found on it when it was last looked at."""

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("not checked yet")
        READY = "ready", _("ready")
        LIMITED = "limited", _("limited")  # reachable, but some kind or strategy can't be used
        UNREACHABLE = "unreachable", _("unreachable")
        QUARANTINED = "quarantined", _("quarantined")  # it showed another key: no more contact

    USABLE = (State.READY, State.LIMITED)
    DOCUMENTS = ("facts", "problems", "prepared")  # columns of some kilobytes

    name = models.SlugField(_("name"), unique=True)
    address = models.GenericIPAddressField(_("address"))
    port = models.PositiveIntegerField(
        _("port"), default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    user = models.CharField(_("user"), max_length=32, default="root")
    host_key = models.TextField(_("host key"))  # "ssh-ed25519 AAAA...", pinned
    private_key_encrypted = models.BinaryField(editable=False)  # see crypto.py
    public_key = models.TextField(blank=True)  # "ssh-ed25519 AAAA… migration-lab"; "": older row
    asked = models.CharField(max_length=253, blank=True)  # the name or address somebody typed
    is_lab = models.BooleanField(_("lab host"), default=False)
    open_to_students = models.BooleanField(_("open to students"), default=False)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.UNKNOWN
    )
    facts = models.JSONField(null=True, blank=True)  # engine.collect_facts
    problems = models.JSONField(default=list, blank=True)  # engine.host_problems, as dicts
    checked_at = models.DateTimeField(null=True, blank=True)
    check_requested_at = models.DateTimeField(null=True, blank=True)  # null: none is waiting
    # What was put there for the armed start (engine.prepare_host); never done but when asked for.
    prepare_requested_at = models.DateTimeField(null=True, blank=True)  # null: none is waiting
    prepared_at = models.DateTimeField(null=True, blank=True)
    prepared = models.JSONField(default=dict, blank=True)  # changed, runtime; or error_code, error
    last_error_code = models.CharField(max_length=64, blank=True)
    last_error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    # The lease: one job at a time, or two measurements would disturb each other.
    leased_by = models.ForeignKey(
        "MigrationJob", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lease_until = models.DateTimeField(null=True, blank=True)

    # A trial has it from the start of its workload until that is removed; see services/trials.py.
    trial = models.ForeignKey(
        "Trial", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = HostQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("host")
        verbose_name_plural = _("hosts")

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        """Whether jobs may run here, as far as the last check knows."""
        return self.state in self.USABLE

    def failing_problems(self, kind: str, strategy: str, side: str) -> list[dict[str, Any]]:
        """Those found at the last check that stand in the way of this, with the host as `side`.

        Checks of older versions did not tell strategies and sides apart: they concern all.
        """
        return [
            problem
            for problem in self.problems
            if problem["severity"] == "fail"
            and kind in problem["kinds"]
            and strategy in problem.get("strategies", [strategy])
            and side in problem.get("sides", [side])
        ]

    @property
    def knows_runtime(self) -> bool | None:
        """Whether its Docker knows our runtime; None: no Docker, or not known."""
        docker = (self.facts or {}).get("docker") or {}
        known: bool | None = docker.get("runtime_ready")
        return known
