"""A job in doubt: what the hosts said of it, asking again now, and a person's decision."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.engine.errors import HostUnreachable
from migrations_app.models import AuditEntry, MigrationJob, Workload
from migrations_app.services import by_hand, reap
from migrations_app.services.codes import Refused
from migrations_app.services.queue import Task
from tests import fakes

from .makers import make_job, make_running_job
from .pages import text_of

pytestmark = pytest.mark.django_db
WHY = "the machine was deleted"


@pytest.fixture(autouse=True)
def committed(django_capture_on_commit_callbacks):
    """What is sent on commit is sent."""
    with django_capture_on_commit_callbacks(execute=True):
        yield


def state_of(job: MigrationJob) -> MigrationJob:
    return MigrationJob.objects.select_related("workload").get(pk=job.pk)


def settle(job: MigrationJob) -> MigrationJob:
    MigrationJob.objects.filter(pk=job.pk).update(lease_until=job.created_at)
    reap.settle_job(job_id=job.pk)
    return state_of(job)


@pytest.fixture
def doubtful(engine, sent) -> MigrationJob:
    """Its target is gone, and its source holds it frozen."""
    job = make_running_job(lease_s=-1.0)
    engine.connect_errors[job.target.name] = HostUnreachable("no route to host")
    reap.settle_job(job_id=job.pk)
    return state_of(job)


def page_of(browser, job: MigrationJob) -> str:
    return text_of(browser.get(reverse("job-detail", args=[job.pk])))


# --- what is known ------------------------------------------------------------------------------
def test_the_page_says_what_each_host_said(browser, doubtful):
    page = page_of(browser, doubtful)
    assert "The workload is there, frozen, and can go on. A whole image of it lies there." in page
    assert "It does not answer." in page and "no route to host" in page
    assert "Settle it by hand" in page and "Cancel job" not in page


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        ("runs", "The workload runs there."),
        ("not-running", "The workload does not run there."),
        (None, "It answers, but could not say."),
    ],
)
def test_every_answer_has_its_words(browser, doubtful, workload, said):
    doubtful.report["known"]["target"] = {
        "answers": True, "workload": workload, "has_image": False, "message": "Docker is down"
    }  # fmt: skip
    doubtful.save()
    page = page_of(browser, doubtful)
    assert said in page and "Docker is down" in page


def test_before_anybody_asked_nothing_is_claimed(browser):
    job = make_job(status="in_doubt", report={}, lease_until=timezone.now())
    assert "The hosts have not been asked yet" in page_of(browser, job)


def test_a_student_sees_what_is_known_and_may_ask_but_not_decide(client, student, doubtful):
    MigrationJob.objects.filter(pk=doubtful.pk).update(created_by=student)
    client.force_login(student)
    page = text_of(client.get(reverse("job-detail", args=[doubtful.pk])))
    assert "It does not answer." in page and "Ask the hosts now" in page
    assert "by-hand" not in page
    answer = client.post(
        reverse("job-settle", args=[doubtful.pk]), {"decision": "source", "reason": WHY}
    )
    assert answer.status_code == 302 and state_of(doubtful).by_hand == ""


# --- asking again -------------------------------------------------------------------------------
def test_asked_now_its_next_try_is_due_and_sent(doubtful, sent, teacher):
    sent.clear()
    by_hand.ask_now(job=doubtful, user=teacher)
    assert MigrationJob.objects.lost().filter(pk=doubtful.pk).exists()


def test_a_settlement_under_way_is_not_disturbed(doubtful, teacher):
    until = timezone.now() + timedelta(minutes=2)
    MigrationJob.objects.filter(pk=doubtful.pk).update(lease_until=until)
    by_hand.decide(job=doubtful, decision="source", reason=WHY, user=teacher)
    assert (state_of(doubtful).lease_until, state_of(doubtful).by_hand) == (until, "source")


def test_a_job_that_is_settled_can_be_neither_asked_about_nor_decided(browser, sent):
    job = make_job(status="failed")
    page = text_of(browser.post(reverse("job-ask", args=[job.pk]), follow=True))
    assert f"Job {job.pk} is in doubt no more" in page


# --- a decision ---------------------------------------------------------------------------------
def decide(browser, job, decision: str, reason: str = WHY) -> str:
    data = {"decision": decision, "reason": reason}
    return text_of(browser.post(reverse("job-settle", args=[job.pk]), data, follow=True))


def test_let_go_on_it_runs_on_the_source_and_the_target_is_cleaned_later(browser, doubtful):
    assert "Somebody decided: it goes on on" in decide(browser, doubtful, "source")
    job = settle(doubtful)
    assert (job.status, job.error_code, job.workload_is_on) == (
        "failed", "settled-by-hand", "source"
    )  # fmt: skip
    assert (job.workload.state, job.workload.host_id) == ("running", job.source_id)
    assert [(row.half, row.ended_here) for row in job.leftovers.all()] == [("target", False)]
    assert "Somebody let the workload go on on the source" in page_of(browser, job)


def test_given_up_it_counts_as_lost_and_both_hosts_are_cleaned_later(browser, doubtful):
    assert "Somebody decided to give it up" in decide(browser, doubtful, "nowhere")
    job = settle(doubtful)
    assert (job.status, job.error_code, job.workload_is_on) == ("failed", "given-up", "")
    assert job.workload.state == Workload.State.LOST
    assert {(row.half, row.ended_here) for row in job.leftovers.all()} == {
        ("source", False), ("target", False)
    }  # fmt: skip
    assert "Somebody gave the workload up" in page_of(browser, job)


def test_the_word_of_a_host_goes_before_that_of_a_person(browser, doubtful, engine):
    decide(browser, doubtful, "nowhere")
    engine.connect_errors.clear()
    engine.on_settle = fakes.report_of
    job = settle(doubtful)
    assert (job.status, job.workload.host_id) == ("succeeded", job.target_id)
    assert not job.leftovers.exists()


def test_a_decision_does_not_make_a_silent_source_speak(browser, doubtful, engine):
    decide(browser, doubtful, "source")
    engine.connect_errors[doubtful.source.name] = HostUnreachable("gone as well")
    job = settle(doubtful)
    assert (job.status, job.error_code) == ("in_doubt", "hosts-silent")
    assert "gone as well" in job.error_message


def test_who_decided_and_why_stands_in_the_log_and_in_the_audit_log(browser, doubtful, teacher):
    page = decide(browser, doubtful, "source", "I <b>looked</b> {who}")
    assert f"{teacher.username} decided that it goes on on the source: I &lt;b&gt;looked" in page
    entry = AuditEntry.objects.get(what="by-hand-source")
    assert (entry.who, entry.detail) == (teacher.username, {"reason": "I <b>looked</b> {who}"})


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_without_a_reason_nothing_is_decided(browser, doubtful, reason):
    assert "Write a reason of at most 500 characters" in decide(browser, doubtful, "source", reason)
    assert state_of(doubtful).by_hand == "" and not AuditEntry.objects.exists()


def test_of_no_other_decision_anything_is_kept(doubtful, teacher):
    with pytest.raises(Refused, match="bad-option"):
        by_hand.decide(job=doubtful, decision="target", reason=WHY, user=teacher)
    assert state_of(doubtful).by_hand == ""


def test_the_message_for_the_worker_is_sent(doubtful, teacher, monkeypatch):
    told = []
    monkeypatch.setattr(by_hand, "send_on_commit", lambda **values: told.append(values))
    by_hand.decide(job=doubtful, decision="source", reason=WHY, user=teacher)
    assert told == [{"task": Task.SETTLE_JOB, "row_id": doubtful.pk}]
