"""A link that shows results to whoever has it."""

from __future__ import annotations

from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Share(models.Model):
    """Rows are never removed by the program: they are the record of what was shared, how long.

    The token itself is not kept: `token_hash` finds the row, `seed` lets the owner see the link
    again (services/share.py). See docs/decisions/0032-share-tokens.md.
    """

    class Kind(models.TextChoices):
        JOB = "job", _("a job")
        COMPARISON = "comparison", _("runs side by side")
        EXPERIMENT = "experiment", _("an experiment")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    job = models.ForeignKey("MigrationJob", on_delete=models.SET_NULL, null=True, blank=True)
    experiment = models.ForeignKey(
        "Experiment", on_delete=models.SET_NULL, null=True, blank=True, related_name="shares"
    )
    query = models.TextField(blank=True)  # for a comparison: filters of the history, or groups
    owner = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    seed = models.CharField(max_length=43, editable=False)
    document = models.JSONField(null=True, editable=False)  # redacted; null: shown as it is now
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened = models.PositiveIntegerField(default=0)  # how often its page was shown
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("shared link")
        verbose_name_plural = _("shared links")

    def __str__(self) -> str:
        return f"{self.kind} {self.job_id or self.experiment_id or self.query}"

    @property
    def page(self) -> str:
        """Name of the page that a comparison's query belongs to."""
        return "compare" if QueryDict(self.query).getlist("g") else "history"

    @property
    def is_live(self) -> bool:
        """Whether it shows the results as they are now, not as they were when it was made.

        Rows of lists come with `is_kept`, so that their documents stay in the database.
        """
        if "is_kept" in self.__dict__:
            return not self.__dict__["is_kept"]
        return self.document is None

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and timezone.now() < self.expires_at
