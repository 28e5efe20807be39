"""The states of a job: every pair, every history row, and two that want the same."""

import threading

import pytest
from django.db import connection

from migrations_app.models import IllegalTransition, JobStatus, MigrationJob
from migrations_app.models.transitions import MOVES, TERMINAL
from migrations_app.services.execute import claim_job

from .makers import make_job

PAIRS = [(old, new) for old in JobStatus for new in JobStatus]
DRAWN = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("running", "in_doubt"),
    ("in_doubt", "succeeded"),
    ("in_doubt", "failed"),
}


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_job_moves_only_as_drawn(db, old, new):
    job = make_job(status=old)
    if (old, new) in DRAWN:
        job.transition(old, new, "because")
        assert MigrationJob.objects.get().status == job.status == new
        row = job.transitions.get()
        assert (row.from_status, row.to_status, row.reason) == (old, new, "because")
    else:
        with pytest.raises(IllegalTransition) as caught:
            job.transition(old, new)
        assert (caught.value.old, caught.value.new) == (old, new)
        assert not job.transitions.exists()


def test_a_terminal_job_has_an_end_and_no_lease(db):
    job = make_job()
    job.transition(JobStatus.QUEUED, JobStatus.RUNNING)
    assert job.started_at and not job.finished_at
    job.transition(JobStatus.RUNNING, JobStatus.FAILED, error_code="criu-failed")
    job.refresh_from_db()
    assert job.finished_at and job.lease_until is None and job.error_code == "criu-failed"


def test_who_believes_in_a_state_that_is_past_is_told_the_present_one(db):
    job = make_job()
    MigrationJob.objects.get().transition(JobStatus.QUEUED, JobStatus.CANCELLED)
    with pytest.raises(IllegalTransition) as caught:
        job.transition(JobStatus.QUEUED, JobStatus.RUNNING)
    assert caught.value.old == "cancelled"


def test_terminal_states_have_no_way_out():
    assert {state for state in JobStatus if not MOVES[state]} == TERMINAL


def test_of_two_claimers_one_wins(transactional_db):
    job = make_job()
    start, claimed = threading.Barrier(2), []

    def claim(worker):
        start.wait(timeout=5)
        claimed.append(claim_job(job_id=job.pk, worker=worker))
        connection.close()

    threads = [threading.Thread(target=claim, args=(name,)) for name in ("w1", "w2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(one for one in claimed if one)
    assert claimed.count(None) == 1
    assert MigrationJob.objects.get().worker == winner.worker
    assert job.transitions.count() == 1
