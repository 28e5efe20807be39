"""Hosts that somebody is adding and whose key nobody has confirmed yet."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class HostDraft(models.Model):
    """What is known of a host before it is one; it can be left and taken up again.

        looking ──> shown ──> (a Host, and the draft is gone)
           └──────> silent ──> looking

    A worker asks for the host's key, a person compares it. Nothing else is sent to the address.
    """

    class State(models.TextChoices):
        LOOKING = "looking", _("being looked for")
        SHOWN = "shown", _("its key is to be confirmed")
        SILENT = "silent", _("does not answer")

    LOOK_WITHIN = timedelta(seconds=30)  # a worker that took it and is gone blocks nothing

    name = models.SlugField(_("name"), unique=True)
    asked = models.CharField(_("address"), max_length=253)  # as it was typed: a name or an address
    address = models.GenericIPAddressField()  # what that was resolved to, once
    port = models.PositiveIntegerField(
        _("port"), default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    user = models.CharField(_("user"), max_length=32, default="root")
    state = models.CharField(max_length=8, choices=State.choices, default=State.LOOKING)
    host_key = models.TextField(blank=True)  # what it showed
    taken_at = models.DateTimeField(null=True, blank=True)  # by a worker
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
