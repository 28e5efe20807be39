"""Questions about jobs that more than one service asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from .transitions import JobStatus

if TYPE_CHECKING:
    from .job import MigrationJob


class JobQuerySet(models.QuerySet["MigrationJob"]):
    def queued(self) -> JobQuerySet:
        """Those that wait, oldest first: the order in which they get their hosts."""
        return self.filter(status=JobStatus.QUEUED).order_by("pk")

    def ahead_of(self, job: MigrationJob) -> JobQuerySet:
        """Those that `job` has to wait for: running or older, and on one of its hosts."""
        hosts = (job.source_id, job.target_id)
        shares = models.Q(source__in=hosts) | models.Q(target__in=hosts)
        older = models.Q(status=JobStatus.QUEUED, pk__lt=job.pk)
        return self.filter(shares, older | models.Q(status=JobStatus.RUNNING)).exclude(pk=job.pk)

    def lost(self) -> JobQuerySet:
        """Running without a living lease, or in doubt and due to be asked about again."""
        return self.filter(
            status__in=(JobStatus.RUNNING, JobStatus.IN_DOUBT), lease_until__lte=timezone.now()
        )
