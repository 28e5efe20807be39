"""Who may work on what, for how long; every claim is one compare-and-swap.

A lease that is not renewed runs out, so a worker that dies blocks nothing for good.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from migrations_app.models import Host, MigrationJob, Trial, Workload

LEASE = timedelta(seconds=30)
RENEW_EVERY_S = 5.0  # several tries before the lease runs out
SETTLE_LEASE = timedelta(minutes=3)  # asking both hosts, with the engine's own limits
WORKLOAD_LEASE = timedelta(seconds=90)  # starting or stopping one
CHECK_LEASE = timedelta(seconds=90)
ASK_AGAIN_AFTER = timedelta(seconds=30)  # about a job in doubt


def free_hosts() -> QuerySet[Host]:
    """Those where nobody measures and nobody looks around."""
    return Host.objects.filter(_run_out(), leased_by=None)


def take_hosts(*, job: MigrationJob) -> bool:
    """Leases both hosts of the job. False: one is taken; roll the transaction back then."""
    now = timezone.now()
    ids = {job.source_id, job.target_id}
    at_work = Workload.objects.filter(host__in=ids, lease_until__gt=now)
    if at_work.exists():
        return False  # one is being started or stopped there: that would spoil the figures
    free = free_hosts().filter(pk__in=ids)
    return free.update(leased_by=job, lease_until=now + LEASE) == len(ids)


def release_hosts(*, job: MigrationJob) -> None:
    Host.objects.filter(leased_by=job).update(leased_by=None, lease_until=None)


def take_host_for_check(*, host_id: int) -> bool:
    """A lease without a job. False: somebody measures there or looks at it already."""
    free = free_hosts().filter(pk=host_id)
    return bool(free.update(lease_until=timezone.now() + CHECK_LEASE, check_requested_at=None))


def keep_host_for_check(*, host_id: int) -> None:
    """Extends it, while something long goes on there."""
    rows = Host.objects.filter(pk=host_id, leased_by=None)
    rows.update(lease_until=timezone.now() + CHECK_LEASE)


def release_host_after_check(*, host_id: int) -> None:
    Host.objects.filter(pk=host_id, leased_by=None).update(
        lease_until=None, checked_at=timezone.now()
    )


def take_host_for_watching(*, host_id: int, seconds: float) -> bool:
    """As for a check, for a control run: no job is measured and nobody looks around meanwhile."""
    until = timezone.now() + timedelta(seconds=seconds)
    return bool(free_hosts().filter(pk=host_id).update(lease_until=until))


def take_hosts_for_trial(*, trial: Trial) -> bool:
    """Keeps the hosts of a trial from other trials. False: one has another's; roll back then."""
    free = Host.objects.filter(pk__in=trial.host_ids, trial=None)
    return free.update(trial=trial) == len(trial.host_ids)


def release_hosts_of_trial(*, trial: Trial) -> None:
    Host.objects.filter(trial=trial).update(trial=None)


def take_trial(*, trial_id: int, seconds: float) -> bool:
    """Leases a control run for watching it. False: somebody is at it."""
    waiting = Trial.objects.filter(_run_out(), pk=trial_id, state=Trial.State.RUNNING, job=None)
    return bool(waiting.update(lease_until=timezone.now() + timedelta(seconds=seconds)))


def release_trial(*, trial_id: int) -> None:
    Trial.objects.filter(pk=trial_id).update(lease_until=None)


def release_host(*, host_id: int) -> None:
    """After a look at a workload, or a control run: nothing was learned of the host."""
    Host.objects.filter(pk=host_id, leased_by=None).update(lease_until=None)


def _run_out() -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=timezone.now())


def renew(*, job: MigrationJob) -> bool:
    """Extends the leases of a running job. False: the job is no longer this worker's."""
    until = timezone.now() + LEASE
    mine = MigrationJob.objects.filter(
        pk=job.pk, status=MigrationJob.Status.RUNNING, worker=job.worker
    )
    if not mine.update(lease_until=until):
        return False
    Host.objects.filter(leased_by=job).update(lease_until=until)
    return True


def take_for_settling(*, job: MigrationJob) -> bool:
    """Takes over a job whose lease ran out, or one in doubt whose next try is due."""
    same = MigrationJob.objects.filter(
        pk=job.pk, status=job.status, lease_until=job.lease_until, worker=job.worker
    )
    # The worker's name goes: should it come back to life, renew() tells it so.
    return bool(same.update(lease_until=timezone.now() + SETTLE_LEASE, worker=""))


def take_workload(*, workload_id: int, state: Workload.State) -> bool:
    """Leases a workload in `state` for starting or stopping it. False: it is not free."""
    free = Workload.objects.filter(_run_out(), pk=workload_id, state=state)
    undisturbing = free.filter(host__leased_by=None)
    return bool(undisturbing.update(lease_until=timezone.now() + WORKLOAD_LEASE))
