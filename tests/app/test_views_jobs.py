"""Jobs and the history of what they measured."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.models import MigrationJob

from .makers import make_host, make_job, make_workload
from .pages import REPORT, finished, text_of

pytestmark = pytest.mark.django_db


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
