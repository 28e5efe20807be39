"""Jobs that lost their worker: the hosts say what is true."""

import pytest

from migrations_app.engine.errors import HostUnreachable
from migrations_app.engine.report import Outcome
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.services import leases, reap
from tests import fakes

from .makers import make_job, make_running_job

pytestmark = pytest.mark.usefixtures("sent")
GONE = -1.0  # a lease that ran out a second ago


def state_of(job):
    return MigrationJob.objects.select_related("workload").get(pk=job.pk)


def settle_lost_jobs():
    for job_id in MigrationJob.objects.lost().values_list("pk", flat=True):
        reap.settle_job(job_id=job_id)


def test_a_living_lease_is_respected(db, engine):
    make_running_job()
    settle_lost_jobs()
    assert not engine.calls


def test_a_lost_job_that_did_not_happen_ends_failed_on_the_source(db, engine):
    job = make_running_job(lease_s=GONE)
    settle_lost_jobs()
    job = state_of(job)
    assert (job.status, job.workload_is_on) == ("failed", "source")
    assert (job.workload.state, job.workload.host_id) == ("running", job.source_id)
    assert job.transitions.get().reason == "worker-lost"
    assert not Host.objects.exclude(leased_by=None).exists()


def test_a_lost_job_that_did_happen_ends_succeeded_on_the_target(db, engine):
    engine.on_settle = fakes.report_of
    job = make_running_job(lease_s=GONE)
    settle_lost_jobs()
    job = state_of(job)
    assert (job.status, job.workload.host_id) == ("succeeded", job.target_id)


def test_hosts_that_do_not_answer_leave_it_in_doubt_and_it_is_asked_again_later(db, engine):
    job = make_running_job(lease_s=GONE)
    engine.connect_errors[job.target.name] = HostUnreachable("no answer")
    settle_lost_jobs()
    job = state_of(job)
    assert (job.status, job.error_code) == ("in_doubt", "hosts-silent")
    assert job.workload.state == Workload.State.MIGRATING
    assert not MigrationJob.objects.lost().exists()  # not yet


def due(job):
    MigrationJob.objects.filter(pk=job.pk).update(lease_until=job.created_at)


def test_doubt_ends_when_the_hosts_answer(db, engine):
    job = make_running_job(lease_s=GONE)
    engine.connect_errors[job.target.name] = HostUnreachable("no answer")
    settle_lost_jobs()
    due(job)
    settle_lost_jobs()
    assert state_of(job).transitions.count() == 1  # still in doubt: nothing new to tell
    engine.connect_errors.clear()
    due(job)
    settle_lost_jobs()
    assert (state_of(job).status, state_of(job).error_code) == ("failed", "settled")


def test_an_engine_still_in_doubt_changes_nothing(db, engine):
    engine.on_settle = lambda plan: fakes.report_of(
        plan, outcome=Outcome.IN_DOUBT, workload_after=None
    )
    job = make_running_job(lease_s=GONE)
    settle_lost_jobs()
    assert state_of(job).status == "in_doubt"


def test_of_two_reapers_one_asks(db, engine):
    job = make_running_job(lease_s=GONE)
    seen_by_both = state_of(job)
    assert leases.take_for_settling(job=job)
    assert not leases.take_for_settling(job=seen_by_both)


def test_a_worker_that_comes_back_learns_that_the_job_is_not_its_own(db, engine):
    job = make_running_job(lease_s=GONE)
    mine = state_of(job)
    leases.take_for_settling(job=job)
    assert not leases.renew(job=mine)


@pytest.mark.parametrize("status", ["queued", "succeeded", "failed", "cancelled"])
def test_only_unended_work_is_settled(db, engine, status):
    job = make_job(status=status)
    reap.settle_job(job_id=job.pk)
    assert state_of(job).status == status
    assert not engine.calls


def test_a_fault_of_ours_leaves_doubt_and_free_hosts(db, engine, caplog):
    def broken(plan):
        raise ZeroDivisionError

    engine.on_settle = broken
    job = make_running_job(lease_s=GONE)
    settle_lost_jobs()
    assert (state_of(job).status, state_of(job).error_code) == ("in_doubt", "internal-error")
    assert not Host.objects.exclude(leased_by=None).exists()
