"""Hosts, workloads and the launch page."""

import pytest
from django.urls import reverse

from migrations_app.models import MigrationJob, Workload

from .makers import make_host, make_job, make_workload
from .pages import finished, text_of

pytestmark = pytest.mark.django_db


# --- hosts --------------------------------------------------------------------------------------
def test_a_host_s_problem_is_told_with_what_to_do(browser):
    problem = {"code": "docker-restore-broken", "severity": "fail", "kinds": ["container"]}
    make_host(state="limited", problems=[problem | {"values": {"version": "28.5"}}])
    page = text_of(browser.get(reverse("host-list")))
    assert "Docker 28.5 can&#x27;t start containers from checkpoints" in page
    assert "install Docker 26 or 27" in page


def test_an_unreachable_host_is_told_by_name(browser):
    host = make_host("lab-x", state="unreachable", last_error_code="host-unreachable")
    page = text_of(browser.get(reverse("host-detail", args=[host.pk])))
    assert "lab-x can&#x27;t be reached" in page


def test_checking_a_host_is_queued(browser, sent, django_capture_on_commit_callbacks):
    host = make_host()
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(reverse("host-check", args=[host.pk]))
    assert response.url == reverse("host-detail", args=[host.pk])
    assert sent == [("CHECK_HOST", host.pk)]


# --- workloads ----------------------------------------------------------------------------------
def test_a_workload_is_started_from_the_form(browser):
    host = make_host()
    data = {"name": "cr", "kind": "container", "host": host.pk, "parameter-interval_ms": "50"}
    response = browser.post(reverse("workload-new"), data)
    assert response.url == reverse("workload-detail", args=[Workload.objects.get().pk])


def test_a_name_that_exists_is_refused_on_the_form(browser):
    host = make_host()
    make_workload(host, name="cr")
    data = {"name": "cr", "kind": "container", "host": host.pk, "parameter-interval_ms": "50"}
    page = text_of(browser.post(reverse("workload-new"), data))
    assert "There is a workload called cr already" in page
    assert "Choose another name" in page


def test_an_unknown_card_is_a_404(browser):
    assert browser.get(reverse("workload-new"), {"type": "bomb"}).status_code == 404


def test_a_busy_workload_is_not_removed(browser):
    job = make_job()
    browser.post(reverse("workload-remove", args=[job.workload_id]))
    page = text_of(browser.get(reverse("workload-detail", args=[job.workload_id])))
    assert "has a job that has not ended" in page


# --- launch -------------------------------------------------------------------------------------
def test_a_launch_leads_to_its_job(browser):
    workload, target = make_workload(), make_host()
    data = {"step": f"migrate:{target.pk}", "strategy": "cold", "encrypted": "no"}
    response = browser.post(f"{reverse('launch')}?workload={workload.pk}", data)
    job = MigrationJob.objects.get()
    assert response.url == reverse("job-detail", args=[job.pk])
    assert (job.target, job.encrypted) == (target, False)


def test_what_cannot_be_chosen_says_why(browser):
    make_workload(), make_host("lab-x", state="unreachable")
    page = text_of(browser.get(reverse("launch")))
    assert "lab-x can&#x27;t be reached" in page


def test_a_launch_that_is_refused_says_why(browser):
    job = make_job()
    data = {"step": f"migrate:{job.target_id}", "strategy": "cold", "encrypted": "yes"}
    page = text_of(browser.post(f"{reverse('launch')}?workload={job.workload_id}", data))
    assert 'data-testid="refused"' in page
    assert MigrationJob.objects.count() == 1


def test_an_expectation_comes_from_former_runs_with_their_number(browser):
    workload, target = make_workload(), make_host()
    for stop_time_ms in (500, 600, 700):
        finished(workload=workload, target=target, stop_time_ms=stop_time_ms)
    page = text_of(browser.get(reverse("launch")))
    assert "about 0.600 s: the median of 3 runs like this." in page


@pytest.mark.parametrize("pk", ["4711", "x", "1 OR 1"])
def test_a_workload_that_does_not_exist_cannot_be_launched(browser, pk):
    make_workload()
    assert browser.get(reverse("launch"), {"workload": pk}).status_code == 404
