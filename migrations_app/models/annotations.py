"""What people add to jobs: tags, notes, favourites."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .job import MigrationJob

TAG_LENGTH = 40
REMARK_LENGTH = 10_000


class Tag(models.Model):
    """A word that jobs are found by; written in lower case."""

    name = models.CharField(_("tag"), max_length=TAG_LENGTH, unique=True)
    jobs = models.ManyToManyField(MigrationJob, related_name="tags", blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name


class Remark(models.Model):
    """A note by a person, in Markdown (migrations_app/markdown.py). JobNote is the machine's."""

    job = models.ForeignKey(MigrationJob, on_delete=models.CASCADE, related_name="remarks")
    text = models.TextField(_("text"), max_length=REMARK_LENGTH)
    created_by = models.ForeignKey(
        "auth.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")

    def __str__(self) -> str:
        return self.text[:40]


class Favourite(models.Model):
    """A job that somebody wants to find again."""

    job = models.ForeignKey(MigrationJob, on_delete=models.CASCADE, related_name="favourites")
    user = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="favourites")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "job"], name="one_favourite_a_job")]

    def __str__(self) -> str:
        return f"{self.user} #{self.job_id}"
