"""Hosts, workloads and the launch page."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.models import MigrationJob, Workload
from migrations_app.services.figures import rebuild_figures

from .makers import make_host, make_job, make_workload
from .pages import finished, text_of
from .runs import FACTS, UNPREPARED

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


def test_preparing_a_host_says_what_it_changes_and_is_for_instructors(
    client, teacher, student, sent, django_capture_on_commit_callbacks
):
    host = make_host(facts=UNPREPARED, problems=[])
    address = reverse("host-detail", args=[host.pk])
    client.force_login(student)
    page = text_of(client.get(address))
    assert 'data-testid="prepare"' not in page and "Only instructors may change files" in page
    client.post(reverse("host-prepare", args=[host.pk]))
    assert sent == []
    client.force_login(teacher)
    page = text_of(client.get(address))
    for said in ("/usr/local/lib/migration-lab/runtime", "/etc/docker/daemon.json", "SIGHUP"):
        assert said in page
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("host-prepare", args=[host.pk])).url == address
    assert sent == [("CHECK_HOST", host.pk)]


def test_what_preparing_did_or_why_it_failed_stands_on_the_page(browser):
    done = {"changed": ["wrote /usr/local/lib/migration-lab/runtime"], "runtime": "x"}
    host = make_host(facts=FACTS, prepared=done, prepared_at=timezone.now())
    assert "<li>wrote /usr" in text_of(browser.get(reverse("host-detail", args=[host.pk])))
    failed = {"error_code": "docker-runtime-refused", "error": "still no"}
    host = make_host(facts=UNPREPARED, prepared=failed, prepared_at=timezone.now())
    page = text_of(browser.get(reverse("host-detail", args=[host.pk])))
    assert "Docker did not take our runtime" in page and "still no" in page


def test_a_problem_says_which_strategies_it_concerns(browser):
    problem = {"code": "docker-restore-broken", "severity": "fail", "kinds": ["container"]}
    make_host("a", problems=[problem | {"strategies": ["cold"], "sides": ["source", "target"]}])
    make_host("b")
    page = text_of(browser.get(reverse("host-list")))
    assert 'data-testid="concerns"' in page
    assert "by every strategy" in page  # processes do not mind


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


def launched(browser, workload, target, **data):
    step = {"step": f"migrate:{target.pk}", "strategy": "pre-copy"}
    return browser.post(f"{reverse('launch')}?workload={workload.pk}", step | data)


def test_options_are_launched_with_and_empty_ones_are_by_default(browser):
    workload, target = make_workload(), make_host()
    chosen = {"compression": "lz4", "keep_images": "on", "most_rounds": "3", "pages_left": ""}
    launched(browser, workload, target, **chosen)
    job = MigrationJob.objects.get()
    assert (job.compression, job.keep_images, job.leave_running) == ("lz4", True, False)
    assert job.pre_copy == {
        "most_rounds": 3,
        "pages_left": 64,
        "growth_percent": 10,
        "stop_time_ms": None,
    }
    assert job.bandwidth_limit_mbit_s is None and job.encrypted


def test_a_link_is_shaped_as_the_form_says_and_the_page_of_the_job_tells_it(browser):
    workload, target = make_workload(), make_host()
    launched(browser, workload, target, link_rate_mbit_s="100", link_loss_percent="0.5")
    job = MigrationJob.objects.get()
    assert (job.link_rate_mbit_s, job.link_delay_ms, job.link_loss_percent) == (100, None, 0.5)
    page = text_of(browser.get(f"/jobs/{job.pk}/"))
    assert "link: 100 Mbit/s · 0.5 % lost" in page


@pytest.mark.parametrize(
    "data",
    [
        {"bandwidth_limit_mbit_s": "0"},
        {"link_rate_mbit_s": "0"},
        {"link_delay_ms": "2001"},
        {"link_loss_percent": "51"},
        {"most_rounds": "51"},
        {"stop_time_ms": "9"},
        {"growth_percent": "ten"},
        {"compression": "rar"},
        {"encrypted": "perhaps"},
        {"strategy": "magic"},
    ],
)
def test_what_is_out_of_range_is_refused_at_its_field_and_nothing_is_queued(browser, data):
    workload, target = make_workload(), make_host()
    page = text_of(launched(browser, workload, target, **data))
    assert not MigrationJob.objects.exists()
    assert 'role="alert"' in page


def test_the_form_says_beforehand_which_strategy_a_step_cannot_do(browser):
    problem = {"code": "docker-restore-broken", "severity": "fail", "kinds": ["container"]}
    broken = [problem | {"strategies": ["cold"], "sides": ["source", "target"], "values": {}}]
    source, target = make_host("a", problems=broken), make_host("b", problems=broken)
    make_workload(source)
    page = text_of(browser.get(reverse("launch")))
    assert "on one host there is only cold" not in page  # nothing at all can be done there
    cold = page.partition('value="cold"')[2].partition("</label>")[0]
    assert cold.startswith(" disabled") and f'data-refused="migrate:{target.pk} "' in cold
    chosen = page.partition('value="stop-and-copy"')[2][:10]
    assert "checked" in chosen


def test_a_strategy_that_a_step_cannot_do_is_refused_when_sent_all_the_same(browser):
    workload = make_workload()
    make_host()
    step = f"restore-in-place:{workload.host_id}"
    page = text_of(launched(browser, workload, workload.host, step=step))
    assert "This strategy needs two hosts" in page
    assert not MigrationJob.objects.exists()


def test_the_page_asks_a_fixed_number_of_queries_for_each_host(
    browser, django_assert_max_num_queries
):
    make_workload()
    for _ in range(10):
        make_host()
    with django_assert_max_num_queries(40):
        browser.get(reverse("launch"))


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
    rebuild_figures()
    page = text_of(browser.get(reverse("launch")))
    assert "about 0.600 s: the median of 3 runs like this." in page


@pytest.mark.parametrize("pk", ["4711", "x", "1 OR 1"])
def test_a_workload_that_does_not_exist_cannot_be_launched(browser, pk):
    make_workload()
    assert browser.get(reverse("launch"), {"workload": pk}).status_code == 404


@pytest.mark.parametrize(
    ("type_name", "kind", "ticked"),
    [
        ("tcp-stream", "container", True),
        ("tcp-stream", "process", False),
        ("memory", "container", False),
        ("gone-from-the-catalogue", "container", False),
    ],
)
def test_connections_come_along_by_default_where_there_are_clients(
    browser, type_name, kind, ticked
):
    workload = make_workload(type_name=type_name, kind=kind)
    make_host()
    page = text_of(browser.get(f"{reverse('launch')}?workload={workload.pk}"))
    (box,) = re.findall(r'<input[^>]*name="tcp_established"[^>]*>', page)
    assert ("checked" in box) is ticked
    assert ('data-testid="serves"' in page) is ticked
