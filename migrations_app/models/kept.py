"""Images of runs that somebody asked to keep, and what the site knows of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class KeptImage(models.Model):
    """What a run restored from, on the disk of a host. It holds a process's memory."""

    class Wanted(models.TextChoices):
        NOTHING = "", _("nothing")
        INSPECT = "inspect", _("inspect")
        REMOVE = "remove", _("remove")

    job = models.OneToOneField("MigrationJob", on_delete=models.CASCADE, related_name="kept")
    host = models.ForeignKey("Host", on_delete=models.CASCADE, related_name="kept_images")
    name = models.CharField(max_length=64)  # of its folder there: the engine's job id
    path = models.CharField(max_length=255)
    bytes = models.BigIntegerField()
    kept_at = models.DateTimeField(auto_now_add=True)
    wanted = models.CharField(max_length=8, choices=Wanted.choices, default=Wanted.NOTHING)
    contents = models.JSONField(null=True, blank=True)  # hostside kept_inspect; null: not looked at
    removed_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name
