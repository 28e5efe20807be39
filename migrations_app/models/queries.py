"""Questions about rows that more than one service asks, and who may see which.

The four `visible_to` are the rule of what a person sees; every page, export and API call starts
from one of them (docs/roles.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from migrations_app.roles import Viewer, teaches

from .transitions import JobStatus

if TYPE_CHECKING:
    from .experiment import Experiment  # noqa: F401  (named in a base class below)
    from .host import Host  # noqa: F401
    from .job import MigrationJob
    from .workload import Workload  # noqa: F401

_OF_AN_INSTRUCTOR = (
    models.Q(created_by=None)
    | models.Q(created_by__is_staff=True)
    | models.Q(created_by__is_superuser=True)
)


class HostQuerySet(models.QuerySet["Host"]):
    def visible_to(self, viewer: Viewer) -> HostQuerySet:
        """Students: the hosts that were opened to them."""
        if teaches(viewer):
            return self
        return self.filter(open_to_students=True) if _is_somebody(viewer) else self.none()


class WorkloadQuerySet(models.QuerySet["Workload"]):
    def visible_to(self, viewer: Viewer) -> WorkloadQuerySet:
        """Students: their own, and those of instructors on hosts that were opened to them."""
        if teaches(viewer):
            return self
        if not _is_somebody(viewer):
            return self.none()
        for_all = _OF_AN_INSTRUCTOR & models.Q(host__open_to_students=True)
        return self.filter(models.Q(created_by=viewer) | for_all)


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def visible_to(self, viewer: Viewer) -> ExperimentQuerySet:
        """Students: their own, and those that were shared with the class."""
        if teaches(viewer):
            return self
        if not _is_somebody(viewer):
            return self.none()
        return self.filter(models.Q(created_by=viewer) | models.Q(shared_with_class=True))


def _runs_of_shared_experiments() -> models.QuerySet[Any, Any]:
    """Read once by the database, however many jobs there are: a join would be made for each."""
    trials = apps.get_model("migrations_app", "Trial").objects
    return trials.filter(experiment__shared_with_class=True, job__isnull=False).values("job")


def _is_somebody(viewer: Viewer) -> bool:
    return viewer is not None and viewer.is_authenticated and viewer.is_active


class JobQuerySet(models.QuerySet["MigrationJob"]):
    def visible_to(self, viewer: Viewer) -> JobQuerySet:
        """Students: their own runs, those shared with the class, those of shared experiments."""
        if teaches(viewer):
            return self
        if not _is_somebody(viewer):
            return self.none()
        shared = models.Q(shared_with_class=True) | models.Q(pk__in=_runs_of_shared_experiments())
        return self.filter(models.Q(created_by=viewer) | shared)

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
