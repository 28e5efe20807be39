"""What waits is sent to the workers: at every tick of beat, and when hosts get free.

Sending twice does no harm: a message names a row, and the row is claimed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from migrations_app.models import Host, MigrationJob, Workload

from .leases import free_hosts
from .queue import Task, send

CHECK_HOSTS_EVERY = timedelta(minutes=5)


def tick() -> None:
    """One round of the dispatcher."""
    send_waiting_jobs()
    _send_all(Task.SETTLE_JOB, MigrationJob.objects.lost().values_list("pk", flat=True))
    _send_all(Task.START_WORKLOAD, _waiting_workloads(Workload.State.STARTING))
    _send_all(Task.STOP_WORKLOAD, _waiting_workloads(Workload.State.REMOVING))
    _send_all(Task.CHECK_HOST, _waiting_checks())


def send_waiting_jobs() -> None:
    _send_all(Task.RUN_JOB, runnable_jobs())


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


def _send_all(task: Task, ids: Iterable[int]) -> None:
    for row_id in ids:
        if not send(task=task, row_id=row_id):
            return  # the broker is away; the next tick tries again
