"""What waits is sent to the workers: at every tick of beat, and when hosts get free.

Sending twice does no harm: a message names a row, and the row is claimed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from migrations_app.models import (
    Experiment,
    Host,
    HostDraft,
    KeptImage,
    MigrationJob,
    PreparationStep,
    Workload,
    WorkloadCheck,
)
from migrations_app.models.experiment_states import UNDER_WAY

from .codes import Code
from .figures import keep_left_behind
from .kept import expire
from .leases import free_hosts
from .leftovers import due
from .queue import Task, send

CHECK_HOSTS_EVERY = timedelta(minutes=5)


def tick() -> None:
    """One round of the dispatcher."""
    send_waiting_jobs()
    _send_all(Task.SETTLE_JOB, MigrationJob.objects.lost().values_list("pk", flat=True))
    _send_all(Task.START_WORKLOAD, _waiting_workloads(Workload.State.STARTING))
    _send_all(Task.STOP_WORKLOAD, _waiting_workloads(Workload.State.REMOVING))
    _send_all(Task.CHECK_HOST, _waiting_checks())
    _send_all(Task.PREPARE_HOST, waiting_preparations())
    _send_all(Task.LOOK_AT_DRAFT, _waiting_drafts())
    _send_all(Task.LOOK_AT_WORKLOAD, _waiting_looks())
    expire()
    _send_all(Task.TEND_IMAGE, _waiting_images())
    _send_all(Task.REMOVE_LEFT, due())
    keep_left_behind()


def send_waiting_jobs() -> None:
    _send_all(Task.RUN_JOB, runnable_jobs())
    _send_all(Task.ADVANCE_EXPERIMENT, experiments_to_advance())


def experiments_to_advance() -> list[int]:
    """Those that run, and those paused or cancelled that have a trial under way."""
    running = Q(status=Experiment.Status.RUNNING) | Q(trials__state__in=UNDER_WAY)
    rows = Experiment.objects.filter(running).order_by("pk")
    return list(rows.values_list("pk", flat=True).distinct())


def runnable_jobs() -> list[int]:
    """Ids of queued jobs whose hosts are free; one that waits keeps its hosts from younger ones."""
    free = set(free_hosts().values_list("pk", flat=True))
    runnable = []
    queued = MigrationJob.objects.queued().values_list("pk", "source_id", "target_id")
    for job_id, *hosts in queued:
        if free.issuperset(hosts):
            runnable.append(job_id)
        free.difference_update(hosts)
    return runnable


def _waiting_workloads(state: Workload.State) -> Iterable[int]:
    nobody_at_it = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    waiting = Workload.objects.filter(nobody_at_it, state=state, host__leased_by=None)
    return waiting.values_list("pk", flat=True)


def _waiting_checks() -> Iterable[int]:
    """Hosts whose check was asked for and has not happened, and those not seen for long."""
    stale = Q(checked_at=None) | Q(checked_at__lt=timezone.now() - CHECK_HOSTS_EVERY)
    idle = free_hosts().exclude(state=Host.State.QUARANTINED)
    return idle.filter(stale | Q(check_requested_at__isnull=False)).values_list("pk", flat=True)


def _waiting_images() -> Iterable[int]:
    wanted = KeptImage.objects.exclude(wanted=KeptImage.Wanted.NOTHING)
    return wanted.filter(removed_at=None).values_list("pk", flat=True)


def waiting_preparations() -> Iterable[int]:
    """Hosts with steps that wait; a step whose worker is gone is given up first."""
    lost = PreparationStep.objects.filter(state=PreparationStep.State.RUNNING)
    lost.filter(host__in=free_hosts()).update(
        state=PreparationStep.State.FAILED, error_code=Code.WORKER_LOST, ended_at=timezone.now()
    )
    waiting = free_hosts().filter(preparation_steps__state=PreparationStep.State.WAITING)
    return waiting.values_list("pk", flat=True).distinct()


def _waiting_drafts() -> Iterable[int]:
    nobody_at_it = Q(taken_at=None) | Q(taken_at__lt=timezone.now() - HostDraft.LOOK_WITHIN)
    waiting = HostDraft.objects.filter(nobody_at_it, state=HostDraft.State.LOOKING)
    return waiting.values_list("pk", flat=True)


def _waiting_looks() -> Iterable[int]:
    return WorkloadCheck.objects.filter(finished_at=None).values_list("pk", flat=True)


def _send_all(task: Task, ids: Iterable[int]) -> None:
    for row_id in ids:
        if not send(task=task, row_id=row_id):
            return  # the broker is away; the next tick tries again
