"""Looks at a workload and rehearsals: asked for on the page, carried out by the worker."""

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.engine.errors import NotPossible
from migrations_app.engine.report import Check, CheckOutcome
from migrations_app.models import Host, MigrationJob, Workload, WorkloadCheck
from migrations_app.services import look
from migrations_app.services.ask_look import ask_for_check
from migrations_app.services.codes import Refused
from migrations_app.services.dispatch import tick
from migrations_app.services.submit import rerun_job, submit_job

from .makers import make_host, make_job, make_workload
from .pages import text_of
from .runs import FACTS

pytestmark = pytest.mark.django_db
RING = Check("workload-io-uring", CheckOutcome.FAIL, {"what": "4711"})
FINE = Check("workload-tcp", CheckOutcome.PASSED)
LOCKS = Check("workload-file-locks", CheckOutcome.PASSED, {"what": "/tmp/x"}, {"file_locks": True})


@pytest.fixture
def there(db) -> tuple[Workload, Host]:
    return make_workload(make_host(facts=FACTS)), make_host(facts=FACTS)


def asked(there, **changes) -> WorkloadCheck:
    workload, target = there
    values = {"operation": "migrate", "strategy": "cold", "user": None} | changes
    return ask_for_check(workload=workload, target=target, **values)


def test_a_look_waits_in_the_queue_and_its_answer_is_kept(
    there, engine, sent, django_capture_on_commit_callbacks
):
    engine.checks = [RING, FINE]
    with django_capture_on_commit_callbacks(execute=True):
        check = asked(there)
    assert sent == [("LOOK_AT_WORKLOAD", check.pk)]
    look.carry_out(check_id=check.pk)
    check.refresh_from_db()
    assert check.finished_at and [one["code"] for one in check.checks] == [RING.code, FINE.code]
    assert [call[0] for call in engine.calls if call[0] in ("rehearse", "migrate")] == []
    assert not Host.objects.exclude(lease_until=None).exists()


def test_a_look_is_carried_out_once(there, engine):
    check = asked(there)
    look.carry_out(check_id=check.pk)
    look.carry_out(check_id=check.pk)
    assert [call[0] for call in engine.calls].count("check_only") == 1


def test_a_look_waits_while_somebody_measures_there(there, engine):
    check = asked(there)
    job = make_job(source=there[1], target=make_host(), status="running")
    Host.objects.filter(pk=there[1].pk).update(leased_by=job, lease_until=timezone.now())
    look.carry_out(check_id=check.pk)
    check.refresh_from_db()
    assert check.finished_at is None and engine.calls == []
    assert Host.objects.get(pk=there[0].host_id).lease_until is None


def test_the_dispatcher_sends_a_look_that_waits(there, engine, sent):
    check = asked(there)
    tick()
    assert ("LOOK_AT_WORKLOAD", check.pk) in sent


def test_a_rehearsal_looks_first_and_tells_both(there, engine):
    engine.checks = [FINE]
    check = asked(there, rehearse=True)
    look.carry_out(check_id=check.pk)
    check.refresh_from_db()
    assert check.rehearsal["forecast"] == {"stop-and-copy": 280.0}
    assert [one["code"] for one in check.checks] == [FINE.code]


def test_what_goes_wrong_is_told(there, engine):
    engine.check_error = NotPossible("no", code="docker-unavailable")
    check = asked(there)
    look.carry_out(check_id=check.pk)
    check.refresh_from_db()
    assert check.error_code == "docker-unavailable" and check.finished_at


def test_a_workload_that_ended_meanwhile_is_not_looked_at(there, engine):
    check = asked(there)
    Workload.objects.update(state=Workload.State.STOPPED)
    look.carry_out(check_id=check.pk)
    check.refresh_from_db()
    assert check.error_code == "workload-not-running" and engine.calls == []


def test_what_could_not_be_launched_is_not_looked_at(there):
    with pytest.raises(Refused) as refused:
        asked((there[0], there[0].host))
    assert refused.value.code == "target-is-source"


def test_on_one_host_there_is_no_rehearsal(there):
    with pytest.raises(Refused) as refused:
        asked((there[0], there[0].host), operation="local-clone", rehearse=True)
    assert refused.value.code == "rehearsal-needs-two-hosts"


# --- pages ----------------------------------------------------------------------------------------
def press(browser, there, query=""):
    workload, target = there
    data = {"step": f"migrate:{target.pk}", "strategy": "cold"}
    return browser.post(f"{reverse('launch-check')}?workload={workload.pk}{query}", data)


def test_the_launch_page_offers_both(browser, there):
    page = text_of(browser.get(reverse("launch"), {"workload": there[0].pk}))
    assert 'data-testid="check-workload"' in page and 'data-testid="rehearse"' in page


def test_pressing_check_leads_to_a_page_that_waits_and_then_tells(browser, there, engine):
    engine.checks = [RING, LOCKS, FINE]
    page = press(browser, there)
    check = WorkloadCheck.objects.get()
    assert page.url == reverse("launch-check-detail", args=[check.pk]) and not check.rehearse
    assert "hx-get" in text_of(browser.get(page.url))
    look.carry_out(check_id=check.pk)
    told = text_of(browser.get(reverse("launch-check-found", args=[check.pk])))
    for said in ("It would be refused", "The workload uses io_uring", "--file-locks", "/tmp/x"):
        assert said in told
    assert "hx-get" not in told


def test_pressing_rehearse_tells_the_stop_time_to_be_expected(browser, there, engine):
    page = press(browser, there, "&rehearse=1")
    look.carry_out(check_id=WorkloadCheck.objects.get().pk)
    told = text_of(browser.get(page.url))
    assert "about 0.280 s stop time" in told and "Nothing stands in the way" in told


@pytest.mark.parametrize("data", [{}, {"step": "migrate:999", "strategy": "cold"}])
def test_nonsense_leads_back_to_the_form(browser, there, data):
    address = f"{reverse('launch-check')}?workload={there[0].pk}"
    assert browser.post(address, data).url.startswith("/launch/")
    assert browser.post(reverse("launch-check"), data).status_code == 404


# --- in spite of a check --------------------------------------------------------------------------
def refused_job(there) -> MigrationJob:
    checks = [{"code": RING.code, "outcome": "fail", "values": {"what": "7"}, "adapts": {}}]
    return make_job(
        there[0],
        target=there[1],
        status="failed",
        error_code=RING.code,
        report={"error": {"cause": None}, "checks": checks},
    )


def test_an_instructor_runs_it_in_spite_of_the_check(client, teacher, there, sent):
    client.force_login(teacher)
    job = refused_job(there)
    assert "Run it in spite of this check" in text_of(
        client.get(reverse("job-detail", args=[job.pk]))
    )
    client.post(reverse("job-rerun", args=[job.pk]), {"skip_check": RING.code})
    again = MigrationJob.objects.first()
    assert again.pk != job.pk and again.skip_checks == [RING.code]


def test_a_student_is_not_offered_it_and_may_not(client, there, student):
    job = refused_job(there)
    MigrationJob.objects.filter(pk=job.pk).update(created_by=student)
    client.force_login(student)
    page = text_of(client.get(reverse("job-detail", args=[job.pk])))
    assert "in spite" not in page and "The workload uses io_uring" in page
    with pytest.raises(Refused) as refused:
        rerun_job(job=job, user=student, skip_check=RING.code)
    assert refused.value.code == "staff-only"


def test_only_checks_that_there_are_can_be_skipped(there, teacher):
    workload, target = there
    job = submit_job(
        workload=workload,
        target=target,
        operation="migrate",
        strategy="cold",
        user=teacher,
        skip_checks=["workload-tcp", "nonsense"],
    )
    assert job.skip_checks == ["workload-tcp"]
