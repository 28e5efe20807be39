"""What the site keeps of a person beside Django's user: quota, habits, API tokens."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Account(models.Model):
    """A row only where something differs from what everybody has; empty means as usual."""

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    user = models.OneToOneField("auth.User", on_delete=models.CASCADE, related_name="account")
    # Null: the site's own (settings.STUDENT_QUOTA).
    jobs_at_once = models.PositiveIntegerField(_("jobs at once"), null=True, blank=True)
    jobs_per_day = models.PositiveIntegerField(_("jobs in 24 hours"), null=True, blank=True)
    workloads_at_once = models.PositiveIntegerField(_("workloads at once"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)  # "": the browser's
    theme = models.CharField(
        _("light or dark"), max_length=8, choices=Theme.choices, default=Theme.AUTO
    )

    def __str__(self) -> str:
        return f"account {self.user_id}"


class ApiToken(models.Model):
    """A key for programs. Only its SHA-256 is kept: 256 random bits need no salt."""

    class Scope(models.TextChoices):
        READ = "read", _("read")
        LAUNCH = "launch", _("launch")
        MANAGE = "manage", _("manage")

    user = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    start = models.CharField(max_length=16)  # its first letters, to tell one from another
    scopes = models.JSONField(default=list)  # of Scope
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)  # null: never
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.start

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_good(self) -> bool:
        return self.revoked_at is None and not self.has_expired


class IdempotencyKey(models.Model):
    """A request that made something; the same key again answers with what it made."""

    user = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of what was asked
    made = models.PositiveBigIntegerField()  # the row's id
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_request_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return self.key
