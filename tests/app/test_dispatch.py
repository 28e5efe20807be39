"""What waits is sent when it can be done, and in order."""

from datetime import timedelta

from django.utils import timezone

from migrations_app.models import Host, Workload
from migrations_app.services import dispatch, leases

from .makers import make_host, make_job, make_running_job, make_workload


def checked_hosts(count=3):
    return [make_host(checked_at=timezone.now()) for _ in range(count)]


def test_jobs_on_different_hosts_run_side_by_side(db):
    first, second = make_job(), make_job()
    assert dispatch.runnable_jobs() == [first.pk, second.pk]


def test_a_job_waits_for_its_hosts(db):
    running = make_running_job()
    make_job(target=running.target)
    assert dispatch.runnable_jobs() == []


def test_a_younger_job_does_not_overtake_on_the_same_host(db):
    a, b, c = checked_hosts()
    running = make_running_job(workload=make_workload(a), target=a)
    older = make_job(make_workload(a), target=b)  # waits for a, and keeps b
    make_job(make_workload(b), target=c)
    assert dispatch.runnable_jobs() == []
    leases.release_hosts(job=running)
    assert dispatch.runnable_jobs() == [older.pk]


def test_a_tick_sends_all_that_waits(db, sent):
    a, b, _ = checked_hosts()
    lost = make_running_job(workload=make_workload(a), target=b, lease_s=-1)
    queued = make_job(target=make_host(checked_at=timezone.now()))
    Host.objects.filter(pk=queued.source_id).update(checked_at=timezone.now())
    starting = make_workload(queued.source, state=Workload.State.STARTING)
    removing = make_workload(queued.source, state=Workload.State.REMOVING)
    dispatch.tick()
    assert sent == [
        ("RUN_JOB", queued.pk),
        ("SETTLE_JOB", lost.pk),
        ("START_WORKLOAD", starting.pk),
        ("STOP_WORKLOAD", removing.pk),
    ]


def test_hosts_not_seen_for_long_are_looked_at(db, sent):
    old = make_host(checked_at=timezone.now() - timedelta(hours=1))
    asked = make_host(checked_at=timezone.now(), check_requested_at=timezone.now())
    make_host(checked_at=timezone.now())
    make_host(state=Host.State.QUARANTINED)
    dispatch.tick()
    assert sorted(sent) == [("CHECK_HOST", old.pk), ("CHECK_HOST", asked.pk)]


def test_nothing_disturbs_a_host_that_is_measured(db, sent):
    job = make_running_job()
    make_workload(job.source, state=Workload.State.STARTING)
    Host.objects.update(check_requested_at=timezone.now())
    dispatch.tick()
    assert sent == []
