"""Every page: for whom, in which language, without inline code; the first page and the demo."""

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.models import MigrationJob, Workload

from .makers import make_host, make_job, make_workload
from .pages import finished, text_of

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


def test_the_style_page_is_for_staff(client, student, teacher):
    client.force_login(student)
    assert client.get(reverse("components")).status_code == 403
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
