"""What a job left on a host that did not answer: noted, tried again, removed, and told."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.engine.errors import HostUnreachable, StepFailed
from migrations_app.engine.report import Side
from migrations_app.models import AuditEntry, Host, Leftover
from migrations_app.services import execute
from migrations_app.services.dispatch import tick
from migrations_app.services.leftovers import due, note_left, remove_left
from tests import fakes

from .makers import make_host, make_job
from .pages import text_of

pytestmark = pytest.mark.django_db
ENDED_ON_TARGET = {"side": "target", "name": "cr", "kind": "container", "pid": None}


def report(*left_on, job="t-1", **changes) -> dict:
    told = {"job_id": job, "left_on": left_on, "workload_after": ENDED_ON_TARGET, "options": {}}
    return told | changes


def left_on_source(**fields) -> Leftover:
    job = make_job(status="succeeded", target=make_host())
    note_left(job=job, report=report("source"))
    Leftover.objects.filter(job=job).update(**fields)
    return Leftover.objects.get(job=job)


def test_a_run_that_left_nothing_has_no_row():
    note_left(job=make_job(status="succeeded"), report=report())
    assert not Leftover.objects.exists()


def test_each_half_is_noted_once_with_where_the_workload_ended():
    job = make_job(status="succeeded")
    for _ in range(2):
        note_left(job=job, report=report("source", "target"))
    source, target = Leftover.objects.order_by("half")
    assert (source.host, source.ended_here) == (job.source, False)
    assert (target.host, target.ended_here, target.name) == (job.target, True, "t-1")


@pytest.mark.parametrize("after", [None, {"side": None}])
def test_where_nobody_knows_where_it_ended_nothing_of_the_workload_is_to_go(after):
    note_left(job=make_job(status="failed"), report=report("source", workload_after=after))
    assert Leftover.objects.get().ended_here


def test_one_that_was_copied_stays_on_its_source():
    note_left(job=make_job(), report=report("source", options={"leave_running": True}))
    assert Leftover.objects.get().copied


def test_a_job_that_ends_with_something_left_has_its_row_and_is_tried_again(engine, sent):
    engine.on_migrate = lambda plan, *_: fakes.report_of(plan, left_on=(Side.SOURCE,))
    job = make_job()
    execute.run_job(job_id=job.pk, worker="w1")
    row = Leftover.objects.get(job=job)
    sent.clear()
    tick()
    assert ("REMOVE_LEFT", row.pk) in sent


def test_it_is_removed_when_the_host_answers_and_that_is_told(engine, client, teacher, sent):
    row = left_on_source()
    remove_left(leftover_id=row.pk)
    remove_left(leftover_id=row.pk)  # a message too many
    calls = [call for call in engine.calls if call[0] == "remove_left"]
    assert calls == [("remove_left", row.host.name, "t-1", "source", False, False)]
    row.refresh_from_db()
    assert row.removed_at and row.removed == ["container 0123456789ab"] and row.tries == 1
    assert Host.objects.get(pk=row.host_id).lease_until is None
    assert AuditEntry.objects.get(what="leftover-removed").target == row.host.name
    client.force_login(teacher)
    page = text_of(client.get(reverse("job-detail", args=[row.job_id])))
    assert "container 0123456789ab" in page and "data" in page


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (HostUnreachable("no answer"), "no answer"),
        (StepFailed("process 7 runs", code="left-runs"), "The original runs again"),
    ],
)
def test_one_that_fails_says_why_and_is_tried_later_and_later(
    engine, client, teacher, sent, error, said
):
    row = left_on_source()
    engine.left_error = error
    waits = []
    for _ in range(8):
        remove_left(leftover_id=row.pk)
        row.refresh_from_db()
        waits.append(row.try_at - timezone.now())
        Leftover.objects.update(try_at=timezone.now())
    assert timedelta(seconds=10) < waits[0] < timedelta(seconds=16)
    assert waits[-1] > timedelta(minutes=9) and row.tries == 8 and not row.removed_at
    client.force_login(teacher)
    assert said in text_of(client.get(reverse("job-detail", args=[row.job_id])))


def test_it_waits_while_somebody_measures_on_the_host(engine):
    row = left_on_source()
    Host.objects.filter(pk=row.host_id).update(lease_until=timezone.now() + timedelta(minutes=1))
    remove_left(leftover_id=row.pk)
    row.refresh_from_db()
    assert not engine.calls and row.tries == 0 and list(due()) == [row.pk]
