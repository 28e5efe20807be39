"""Who did what to what, and how it ended: rows that are added and never changed."""

from __future__ import annotations

from typing import Any

from django.db import models


class AuditEntry(models.Model):
    """One act. `what` is a code of words.AUDIT; names stay when people and things are gone."""

    class Outcome(models.TextChoices):
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    at = models.DateTimeField(auto_now_add=True)
    who = models.CharField(max_length=150)  # "": the command line of this machine, or the site
    what = models.CharField(max_length=40)
    target = models.CharField(max_length=120)  # "host box"
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.DONE)
    detail = models.JSONField(default=dict, blank=True)  # values of the act: no secrets

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.who or '-'}: {self.what} {self.target} {self.outcome}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("an entry of the audit log is not changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("an entry of the audit log is not removed")
