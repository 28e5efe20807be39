"""What was found on hosts over time."""

from __future__ import annotations

from django.db import models

from .host import Host


class HostFacts(models.Model):
    """The facts of a host as they were from `seen_at` on; a row where something changed."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="facts_history")
    seen_at = models.DateTimeField(auto_now_add=True)
    facts = models.JSONField()
    changes = models.JSONField(default=dict)  # by dotted name: [before, after]; {}: the first

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.host_id} {self.seen_at:%Y-%m-%d %H:%M}"
