"""What pages read: right, and with a number of queries that does not grow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from migrations_app import selectors
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.services.codes import Code
from migrations_app.services.figures import rebuild_figures

from .makers import make_host, make_job, make_running_job, make_workload


def names(jobs):
    return [(job.workload.name, job.source.name, job.target.name, job.created_by) for job in jobs]


@pytest.mark.parametrize("number", [1, 5])
def test_a_list_of_jobs_takes_one_query(db, number, django_assert_num_queries):
    for _ in range(number):
        make_job()
    with django_assert_num_queries(1):
        assert len(names(selectors.jobs(None))) == number


@pytest.mark.parametrize("number", [1, 5])
def test_the_home_page_takes_as_many_queries_as_ever(
    db, teacher, number, django_assert_num_queries
):
    for _ in range(number):
        make_job(created_by=teacher)
    with django_assert_num_queries(6):
        home = selectors.home(teacher)
        names(home.unfinished + home.mine)
        [(host.leased_by, host.present_workloads) for host in home.hosts]
    assert len(home.mine) == number


def test_home_knows_whether_there_was_a_first_migration(db, teacher):
    job = make_job()
    assert not selectors.home(teacher).has_migrated
    MigrationJob.objects.filter(pk=job.pk).update(status="succeeded")
    assert selectors.home(teacher).has_migrated


def test_a_job_page_has_all_it_shows_in_seven_queries(db, django_assert_num_queries):
    job = make_running_job()
    job.phases.create(name="dump", side="source", start_ms=1)
    with django_assert_num_queries(7):
        shown = selectors.job(None, job.pk)
        assert [phase.name for phase in shown.phases.all()] == ["dump"]
        assert not shown.notes.all() and not shown.transitions.all()
    assert selectors.job(None, job.pk + 1) is None


def test_the_place_in_the_queue_counts_those_who_share_a_host(db):
    a, b, c, d = (make_host() for _ in range(4))
    running = make_running_job(workload=make_workload(a), target=b)
    second = make_job(make_workload(b), target=a)
    third = make_job(make_workload(a), target=b)
    elsewhere = make_job(make_workload(c), target=d)
    positions = [selectors.jobs_ahead_of(job) for job in (running, second, third, elsewhere)]
    assert positions == [0, 1, 2, 0]


def test_history_has_the_finished_jobs_oldest_first_in_one_query(db, django_assert_num_queries):
    make_job()
    late = make_job(status="failed", finished_at=timezone.now())
    early = make_job(
        status="succeeded",
        finished_at=late.finished_at - timedelta(hours=1),
        stop_time_ms=12.5,
        proof_passed=True,
    )
    with django_assert_num_queries(1):
        rows = selectors.history_rows(MigrationJob.objects.all())
    assert [row.pk for row in rows] == [early.pk, late.pk]
    assert (rows[0].stop_time_ms, rows[0].transfer_time_ms) == (12.5, None)
    assert (rows[0].workload, rows[0].strategy) == (early.workload.name, "cold")


def test_history_of_a_choice_of_jobs(db):
    job = make_job(status="failed", finished_at=timezone.now())
    make_job(status="failed", finished_at=timezone.now())
    chosen = MigrationJob.objects.filter(pk=job.pk)
    assert [row.pk for row in selectors.history_rows(chosen)] == [job.pk]


def test_an_expectation_comes_from_runs_with_the_same_workload(db):
    workload, now = make_workload(), timezone.now()
    done = {"status": "succeeded", "finished_at": now}
    other = make_workload(parameters={"interval_ms": 10})
    make_job(workload, stop_time_ms=100.0, **done)
    make_job(workload, stop_time_ms=110.0, **(done | {"finished_at": now + timedelta(1)}))
    make_job(workload, status="failed", stop_time_ms=1.0, finished_at=now)
    make_job(other, stop_time_ms=2.0, **done)
    make_job(workload, stop_time_ms=30.0, strategy="pre-copy", **done)
    make_job(workload, stop_time_ms=3.0, compression="zstd", **done)
    make_job(workload, stop_time_ms=4.0, bandwidth_limit_mbit_s=10, **done)
    make_job(workload, stop_time_ms=5.0, link_rate_mbit_s=100, **done)
    rebuild_figures()
    times = selectors.former_stop_times(None, workload=workload, operation="migrate")
    assert times == {"cold": [100.0, 110.0], "pre-copy": [30.0]}


def test_removed_workloads_are_kept_but_not_listed(db):
    gone = make_workload(state=Workload.State.REMOVED)
    assert list(selectors.workloads(None)) == []
    assert selectors.workload(None, gone.pk) == gone
    assert selectors.host(None, gone.host_id).present_workloads == []


def test_every_pair_says_why_not(db, django_assert_num_queries):
    make_host("a")
    make_host("b", state=Host.State.UNREACHABLE)
    hosts = list(selectors.hosts(None))
    with django_assert_num_queries(0):
        pairs = selectors.pairs(hosts)
    assert len(pairs) == 4  # there and back, for two kinds
    codes = {obstacle.code for pair in pairs for obstacle in pair.obstacles.values()}
    assert codes == {Code.HOST_UNREACHABLE}


def test_without_redis_the_queue_says_so(db, settings):
    make_job()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    health = selectors.queue_health()
    assert (health.redis, health.worker, health.waiting, health.ok) == (False, None, 1, False)
