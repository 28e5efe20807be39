"""Every page: for whom, with what, and what it answers to bad input."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.models import MigrationJob, Workload

from .makers import make_host, make_job, make_workload

pytestmark = pytest.mark.django_db

PAGES = [
    "home",
    "launch",
    "job-list",
    "history",
    "host-list",
    "workload-list",
    "workload-new",
    "learn",
]
REPORT = {
    "schema": 1,
    "metrics": {"stop_time_ms": 634.2, "transfer_time_ms": None, "total_time_ms": 2500.0},
    "proof": {
        "kind": "sequence",
        "passed": True,
        "detail": "",
        "last_before": 13,
        "first_after": 14,
    },
    "commands": [
        {
            "host": "source",
            "phase": "dump",
            "argv": ["docker", "checkpoint", "create", "cr", "a b"],
            "exit_status": 0,
            "start_ms": 1.0,
            "duration_ms": 2.0,
        }
    ],
    "logs": [{"host": "source", "name": "dump.log", "text": "<script>", "truncated": False}],
    "environment": {"source": {"kernel": "6.1"}, "target": {"kernel": "6.2"}},
    "warnings": ["freeze-not-seen"],
}


@pytest.fixture
def browser(client, student, sent):
    client.force_login(student)
    return client


def finished(**fields) -> MigrationJob:
    values = {
        "status": "succeeded",
        "finished_at": timezone.now(),
        "report": REPORT,
        "stop_time_ms": 634.2,
        "proof_passed": True,
    }
    return make_job(**(values | fields))


def text_of(response) -> str:
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("name", [*PAGES, "components", "strip", "history-csv"])
def test_without_a_login_every_page_leads_to_it(client, name):
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response.url.startswith(reverse("login"))


@pytest.mark.parametrize("name", ["job-detail", "job-live", "job-events", "job-report"])
def test_without_a_login_no_job_is_shown(client, name):
    assert client.get(reverse(name, args=[make_job().pk])).status_code == 302


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_answers_when_there_is_nothing_yet(browser, name, language):
    browser.cookies["django_language"] = language
    assert browser.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_every_page_answers_when_there_is_something(browser, name):
    finished(workload=make_workload(make_host("lab-a"), name="cr"))
    make_job(status="running", started_at=timezone.now())
    assert browser.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_an_inline_script_or_style(browser, name):
    finished()
    page = text_of(browser.get(reverse(name)))
    assert "style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert " onclick" not in page


def test_the_style_page_is_for_staff(browser, client, teacher):
    assert browser.get(reverse("components")).status_code == 403
    client.force_login(teacher)
    assert client.get(reverse("components")).status_code == 200


@pytest.mark.parametrize(
    "name", ["job-detail", "job-live", "job-report", "host-detail", "workload-detail"]
)
def test_what_does_not_exist_is_a_404(browser, name):
    response = browser.get(reverse(name, args=[4711]))
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("demo", []),
        ("job-cancel", [1]),
        ("job-rerun", [1]),
        ("host-check", [1]),
        ("workload-look", [1]),
        ("workload-remove", [1]),
    ],
)
def test_what_changes_something_is_not_done_by_looking(browser, name, args):
    assert browser.get(reverse(name, args=args)).status_code == 405


def test_the_theme_of_the_cookie_is_there_before_any_script(browser):
    browser.cookies["theme"] = "dark"
    assert 'data-bs-theme="dark"' in text_of(browser.get(reverse("home")))


def test_a_strange_theme_is_none(browser):
    browser.cookies["theme"] = "x onload=y"
    assert 'data-theme-choice="auto"' in text_of(browser.get(reverse("home")))


# --- home ---------------------------------------------------------------------------------------
def test_a_newcomer_sees_three_steps_and_the_button(browser):
    make_host("lab-a"), make_host("lab-b")
    page = text_of(browser.get(reverse("home")))
    assert page.count('class="step') == 4  # the list and its three steps
    assert 'data-testid="demo"' in page


def test_the_demo_button_is_off_and_says_why_without_two_hosts(browser):
    page = text_of(browser.get(reverse("home")))
    assert "Off: two hosts are needed." in page
    assert 'data-testid="demo"' not in page


def test_the_demo_starts_a_counter_then_leads_to_its_job(browser, sent):
    make_host("lab-a", is_lab=True), make_host("lab-b", is_lab=True)
    waiting = browser.post(reverse("demo"))
    assert 'data-testid="demo-wait"' in text_of(waiting)
    Workload.objects.update(state=Workload.State.RUNNING, last_line="5")
    response = browser.post(reverse("demo"))
    assert response["HX-Redirect"] == reverse("job-detail", args=[MigrationJob.objects.get().pk])


def test_a_demo_that_is_refused_says_so_on_the_first_page(browser):
    assert browser.post(reverse("demo"))["HX-Redirect"] == reverse("home")
    assert "Two hosts that run containers are needed" in text_of(browser.get(reverse("home")))


def test_a_queue_that_does_not_answer_is_told(browser):
    assert 'data-testid="queue-trouble"' in text_of(browser.get(reverse("home")))


# --- hosts --------------------------------------------------------------------------------------
def test_a_host_s_problem_is_told_with_what_to_do(browser):
    problem = {"code": "docker-restore-broken", "severity": "fail", "kinds": ["container"]}
    make_host(state="limited", problems=[problem | {"values": {"version": "28.5"}}])
    page = text_of(browser.get(reverse("host-list")))
    assert "Docker 28.5 can&#x27;t start containers from checkpoints" in page
    assert "Install Docker 26 or 27" in page


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


# --- jobs ---------------------------------------------------------------------------------------
def test_filters_stand_in_the_url(browser):
    good, bad = finished(), make_job(status="failed")
    page = text_of(browser.get(reverse("job-list"), {"status": "failed"}))
    assert reverse("job-detail", args=[bad.pk]) in page
    assert reverse("job-detail", args=[good.pk]) not in page


def test_a_filter_that_does_not_exist_is_ignored(browser):
    finished()
    assert browser.get(reverse("job-list"), {"status": "' OR 1=1"}).status_code == 200


def test_a_finished_job_tells_its_story(browser):
    job = finished(workload=make_workload(name="cr"))
    page = text_of(browser.get(reverse("job-detail", args=[job.pk])))
    assert '<strong class="num">14</strong>' in page
    assert "docker checkpoint create cr &#x27;a b&#x27;" in page
    assert "&lt;script&gt;" in page
    assert "The moment of the freeze was not seen" in page


def test_what_is_not_known_is_a_dash_with_its_reason(browser):
    page = text_of(browser.get(reverse("job-detail", args=[finished().pk])))
    assert "unknown: Nothing crossed the network" in page


def test_a_failed_job_says_what_why_what_to_do_and_where(browser):
    job = make_job(
        workload=make_workload(make_host("lab-a"), name="cr"),
        status="failed",
        error_code="transfer-failed",
        error_message="Connection reset",
        workload_is_on="source",
    )
    page = text_of(browser.get(reverse("job-detail", args=[job.pk])))
    for said in ("The image did not arrive", "Connection reset", "cr runs on lab-a."):
        assert said in page


def test_a_job_in_doubt_does_not_say_where_the_workload_is(browser):
    job = make_job(status="in_doubt", error_code="hosts-silent")
    page = text_of(browser.get(reverse("job-detail", args=[job.pk])))
    assert "It is not known where it runs now." in page


def test_a_live_fragment_is_the_middle_of_the_page_only(browser):
    page = text_of(browser.get(reverse("job-live", args=[make_job().pk])))
    assert page.strip().startswith('<div id="job-live"')
    assert 'data-running="yes"' in page


def test_the_report_is_served_unchanged(browser):
    response = browser.get(reverse("job-report", args=[finished().pk]))
    assert response.json() == REPORT
    assert "attachment" in response["Content-Disposition"]


def test_a_job_without_a_report_has_none_to_download(browser):
    assert browser.get(reverse("job-report", args=[make_job().pk])).status_code == 404


def test_cancelling_and_running_again(browser):
    job = make_job()
    browser.post(reverse("job-cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.status == "cancelled"
    again = browser.post(reverse("job-rerun", args=[job.pk]))
    assert again.url == reverse("job-detail", args=[MigrationJob.objects.first().pk])


# --- history ------------------------------------------------------------------------------------
def rows_of(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_csv_has_units_in_names_iso_times_and_empty_unknowns(browser):
    finished(transfer_time_ms=None)
    header, row = rows_of(browser.get(reverse("history-csv")))
    cells = dict(zip(header, row, strict=True))
    assert cells["stop_time_ms"] == "634.2"
    assert cells["transfer_time_ms"] == ""
    assert "T" in cells["finished_at"]


def test_a_formula_in_a_name_is_defused(browser):
    finished(workload=make_workload(name="=cmd"))
    assert "'=cmd" in rows_of(browser.get(reverse("history-csv")))[1]


def test_the_csv_for_excel_begins_with_a_byte_order_mark(browser):
    assert browser.get(reverse("history-csv"), {"bom": "1"}).content.startswith(b"\xef\xbb\xbf")


def test_a_failed_run_is_listed_but_not_charted(browser):
    finished()
    make_job(status="failed", finished_at=timezone.now(), stop_time_ms=None)
    response = browser.get(reverse("history"))
    (marks, *_) = response.context["charts"][0]["figure"]["data"]
    assert len(marks["x"]) == 1
    assert len(response.context["rows"]) == 2
