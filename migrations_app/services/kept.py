"""The library of checkpoints, the web's side: keep, ask for a look, ask for removal, retention."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.models import KeptImage, MigrationJob

from .codes import Code, Refused
from .queue import Task, send_on_commit

Wanted = KeptImage.Wanted


def note_kept(*, job: MigrationJob, report: Mapping[str, Any]) -> None:
    """A row for what a run kept; nothing where it kept nothing."""
    kept = report.get("kept_images")
    if not kept:
        return
    host = job.source if kept["side"] == "source" else job.target
    KeptImage.objects.get_or_create(
        job=job,
        defaults={
            "host": host,
            "name": report["job_id"],
            "path": kept["path"],
            "bytes": kept["bytes"],
        },
    )


def ask_for(*, image: KeptImage, wanted: Wanted, user: User | None) -> None:
    """Queues a look into it, or its removal. Raises Refused for students and for what is gone."""
    if user is not None and not user.is_staff:
        raise Refused(Code.STAFF_ONLY)
    if image.removed_at:
        raise Refused(Code.IMAGES_GONE)
    KeptImage.objects.filter(pk=image.pk).update(wanted=wanted, error_code="", error_message="")
    send_on_commit(task=Task.TEND_IMAGE, row_id=image.pk)


def expire() -> None:
    """Marks for removal what has been kept longer than the setting allows; 0 keeps for good."""
    days = settings.KEPT_IMAGES_DAYS
    if days:
        old = timezone.now() - timedelta(days=days)
        here = KeptImage.objects.filter(removed_at=None, kept_at__lt=old)
        here.exclude(wanted=Wanted.REMOVE).update(wanted=Wanted.REMOVE)
