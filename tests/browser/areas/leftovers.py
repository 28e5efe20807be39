"""A run whose hosts did not answer at its end: one is clean by now, one is not."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from migrations_app.models import Leftover, MigrationJob


def seed() -> dict[str, str]:
    done = MigrationJob.objects.filter(status=MigrationJob.Status.SUCCEEDED)
    job = done.exclude(report=None).order_by("-pk")[0]
    common = {"job": job, "name": f"main-{job.pk}", "copied": False}
    Leftover.objects.create(
        **common,
        host=job.source,
        half=Leftover.Half.SOURCE,
        ended_here=False,
        tries=3,
        error_code="host-unreachable",
        error_message="connection refused",
    )
    Leftover.objects.create(
        **common,
        host=job.target,
        half=Leftover.Half.TARGET,
        ended_here=True,
        removed_at=timezone.now(),
        removed=["/var/lib/migration-lab/jobs/main-8"],
        kept=["data"],
    )
    return {"left behind": reverse("job-detail", args=[job.pk])}
