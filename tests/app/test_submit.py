"""Asking for a job, cancelling it, asking for the same again."""

import pytest

from migrations_app.models import Host, JobStatus, MigrationJob, Workload
from migrations_app.services import submit
from migrations_app.services.codes import Code, SubmitRefused
from migrations_app.services.queue import Task, send

from .makers import make_host, make_job, make_running_job, make_workload


def ask(workload, target, **changes):
    values = {"operation": "migrate", "strategy": "cold", "encrypted": True, "user": None}
    return submit.submit_job(workload=workload, target=target, **(values | changes))


def code_of(call, *args, **kwargs):
    with pytest.raises(SubmitRefused) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_a_job_is_queued_and_sent_when_committed(db, sent, django_capture_on_commit_callbacks):
    workload = make_workload()
    with django_capture_on_commit_callbacks(execute=True):
        job = ask(workload, make_host())
        assert sent == []
    assert (job.status, job.source) == (JobStatus.QUEUED, workload.host)
    assert sent == [("RUN_JOB", job.pk)]


def test_a_workload_has_one_job_at_a_time(db, sent):
    workload = make_workload()
    ask(workload, make_host())
    assert code_of(ask, workload, make_host()) == Code.WORKLOAD_BUSY


def test_the_database_keeps_a_second_job_out_as_well(db, sent):
    first = make_job()
    twin = MigrationJob(
        workload=first.workload,
        source=first.source,
        target=first.target,
        operation="migrate",
        strategy="cold",
    )
    assert code_of(submit._queue, twin, None) == Code.WORKLOAD_BUSY


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"operation": "teleport"}, Code.UNKNOWN_OPERATION),
        ({"strategy": "magic"}, Code.UNKNOWN_STRATEGY),
        ({"operation": "local-clone"}, Code.TARGET_IS_NOT_SOURCE),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(db, changes, code):
    assert code_of(ask, make_workload(), make_host(), **changes) == code


def test_a_migration_to_where_it_is_already_is_refused(db):
    workload = make_workload()
    assert code_of(ask, workload, workload.host) == Code.TARGET_IS_SOURCE


@pytest.mark.parametrize("state", [s for s in Workload.State if s != Workload.State.RUNNING])
def test_only_a_running_workload_can_be_migrated(db, state):
    assert code_of(ask, make_workload(state=state), make_host()) == Code.WORKLOAD_NOT_RUNNING


def test_an_unreachable_target_is_refused(db):
    target = make_host(state=Host.State.UNREACHABLE)
    assert code_of(ask, make_workload(), target) == Code.HOST_UNREACHABLE


def test_what_the_engine_knows_of_the_plan_is_said_before_it_is_queued(db):
    process = make_workload(kind="process", pid=7)
    call = {"operation": "local-clone"}
    assert code_of(ask, process, process.host, **call) == "process-local-clone"


def test_two_hosts_that_do_not_fit_each_other_are_refused(db):
    source = make_host(facts={"cgroup_version": 1, "architecture": "x86_64"})
    target = make_host(facts={"cgroup_version": 2, "architecture": "x86_64"})
    assert code_of(ask, make_workload(source), target) == "cgroup-differs"


def test_a_queued_job_is_cancelled_at_once(db):
    job = make_job()
    submit.cancel_job(job=job, user=None)
    assert MigrationJob.objects.get().status == JobStatus.CANCELLED


def test_a_running_job_is_asked_to_stop(db):
    job = make_running_job()
    submit.cancel_job(job=job, user=None)
    job.refresh_from_db()
    assert (job.status, job.cancel_requested) == (JobStatus.RUNNING, True)


def test_a_finished_job_cannot_be_cancelled(db):
    assert code_of(submit.cancel_job, job=make_job(status="failed"), user=None) == Code.JOB_FINISHED


def test_a_rerun_goes_back_when_the_workload_has_moved(db, sent, teacher):
    done = make_job(status="succeeded")
    Workload.objects.update(host=done.target)
    done.refresh_from_db()
    again = submit.rerun_job(job=done, user=teacher)
    assert (again.source, again.target) == (done.target, done.source)
    assert again.created_by == teacher


def test_a_job_that_has_not_ended_is_not_repeated(db):
    assert code_of(submit.rerun_job, job=make_job(), user=None) == Code.JOB_NOT_FINISHED


def test_without_a_broker_the_job_stays_queued(settings, transactional_db):
    """A real refusal: nobody listens on that port."""
    from labsite.celery import app

    app.conf.broker_url, before = "redis://127.0.0.1:1/0", app.conf.broker_url
    try:
        with app.pool.acquire(block=True):
            job = ask(make_workload(), make_host())
            assert send(task=Task.RUN_JOB, row_id=job.pk) is False
    finally:
        app.conf.broker_url = before
    assert MigrationJob.objects.get().status == JobStatus.QUEUED
