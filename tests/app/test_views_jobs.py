"""Jobs and the history of what they measured."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.engine.plan import Strategy
from migrations_app.models import MigrationJob

from .makers import make_host, make_job, make_workload
from .pages import REPORT, finished, text_of
from .runs import FAST, fast_report

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


def explained(key, number, log="dump.log"):
    lines = ["Error (criu/file-lock.c:110): Some <file> locks are hold", "Error (x): and then"]
    cause = {"number": number, "key": key, "log": log, "line": lines[0], "lines": lines}
    return {"error": {"log_excerpt": "as before", "cause": cause}}


def test_a_cause_that_is_known_is_told_before_the_step_that_failed(browser):
    job = make_job(status="failed", error_code="dump-failed", report=explained("file-locks", 11))
    page = text_of(browser.get(reverse("job-detail", args=[job.pk])))
    for said in (
        "The workload holds a lock on a file",
        "Let the run take locks along",
        "CRIU could not write the checkpoint",
        "The lines of dump.log that say so:",
        "Some &lt;file&gt; locks are hold",
    ):
        assert said in page


def test_a_cause_that_nobody_knows_is_said_to_be_unknown_and_quoted(browser):
    job = make_job(
        status="failed", error_code="dump-failed", report=explained("unknown", None, None)
    )
    page = text_of(browser.get(reverse("job-detail", args=[job.pk])))
    for said in ("No known cause", "What was answered:", "CRIU could not write the checkpoint"):
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


# --- a job by each strategy ---------------------------------------------------------------------
def page_of(browser, strategy, language="en", **changes):
    job = finished(strategy=strategy, report=fast_report(strategy, 402.0), **changes)
    browser.cookies["django_language"] = language
    return text_of(browser.get(reverse("job-detail", args=[job.pk])))


@pytest.mark.parametrize("strategy", FAST)
def test_the_stop_time_is_broken_down_and_unknown_parts_say_why(browser, strategy):
    page = page_of(browser, strategy)
    split = page.partition('data-testid="split"')[2].partition("</section>")[0]
    for said in ("Hand-over", "62.0 ms", "0.402 s", "CRIU: frozen", "66.0 ms"):
        assert said in split
    assert "unknown: The moments between which it lies were not seen" in split  # resume is null


@pytest.mark.parametrize("strategy", FAST)
def test_rounds_are_told_only_where_there_were_some(browser, strategy):
    page = page_of(browser, strategy)
    told = 'data-testid="rounds"' in page
    assert told == Strategy(strategy).in_rounds
    if told:
        for said in ("By content", "Growth", "256 MiB", "65 536".replace(" ", "\u202f")):
            assert said in page


def test_options_kept_images_and_the_copy_are_told(browser):
    clone = make_workload(make_host("lab-b"), name="cr-copy")
    changes = {"keep_images": True, "leave_running": True, "clone": clone, "compression": "zstd"}
    page = page_of(browser, "post-copy", **changes)
    for said in ("/var/lib/migration-lab/images/main-8", "257 MiB", "zstd", "A copy of"):
        assert said in page
    assert reverse("workload-detail", args=[clone.pk]) in page


def test_a_report_of_an_older_version_lacks_these_parts_and_is_shown_all_the_same(browser):
    page = text_of(browser.get(reverse("job-detail", args=[finished().pk])))
    assert 'data-testid="split"' not in page and 'data-testid="rounds"' not in page
    assert 'data-testid="job-options"' in page


def test_a_silent_target_is_told_as_in_doubt(browser):
    page = page_of(browser, "stop-and-copy", status="in_doubt", error_code="target-silent")
    assert "The target does not answer" in page
    assert "It is not known where it runs now." in page


def test_while_pages_arrive_the_page_says_where_it_runs_and_how_many_came(browser):
    job = make_job(target=make_host("lab-b"), status="running", started_at=timezone.now())
    job.phases.create(name="pages", side="source", start_ms=10, bytes=3 * 2**20)
    page = text_of(browser.get(reverse("job-live", args=[job.pk])))
    assert "runs on lab-b already; its pages are still arriving" in page
    assert '"so_far": "3.00\\u00a0MiB"' in page


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


def test_the_csv_has_the_options_of_each_run(browser):
    rules = {"most_rounds": 3, "pages_left": 64, "growth_percent": 10, "stop_time_ms": 250}
    finished(strategy="pre-copy", compression="zstd", pre_copy=rules)
    header, row = rows_of(browser.get(reverse("history-csv")))
    assert len(set(header)) == len(header)
    cells = dict(zip(header, row, strict=True))
    assert (cells["compression"], cells["bandwidth_limit_mbit_s"]) == ("zstd", "")
    assert (cells["pre_copy_most_rounds"], cells["pre_copy_stop_time_ms"]) == ("3", "250")
    assert cells["stop_time_ms"] == "634.2"


def test_five_jobs_by_five_strategies_are_compared(browser):
    workload, target = make_workload(name="mem"), make_host()
    for strategy, stop_time_ms in zip(Strategy, (8000, 800, 400, 200, 240), strict=True):
        finished(workload=workload, target=target, strategy=strategy, stop_time_ms=stop_time_ms)
    finished(stop_time_ms=1.0)
    response = browser.get(reverse("history"), {"workload": "mem"})
    groups = response.context["groups"]
    assert [row.strategy for row, _label, _drawn in groups] == list(Strategy)
    assert [row.against_cold for row, *_more in groups] == [None, 0.1, 0.05, 0.025, 0.03]
    figure = response.context["charts"][1].figure
    assert [trace["y"] for trace in figure["data"]] == [[8.0], [0.8], [0.4], [0.2], [0.24]]
    assert figure["data"][3]["text"] == ["0.200\N{NO-BREAK SPACE}s"]
    page = text_of(response)
    assert "× 0.0250" in page and 'class="strategy-post-copy"' in page


def test_runs_with_other_options_are_told_apart(browser):
    workload, target = make_workload(name="mem"), make_host()
    for options in ({}, {"compression": "zstd"}, {"bandwidth_limit_mbit_s": 100}, {}):
        finished(workload=workload, target=target, strategy="stop-and-copy", **options)
    finished(workload=workload, target=target, strategy="stop-and-copy", keep_images=True)
    groups = browser.get(reverse("history")).context["groups"]
    told = [(label.split(" · ")[-1], row.n) for row, label, _drawn in groups]
    # keeping costs no stop time
    assert told == [("Container", 3), ("at most 100 Mbit/s", 1), ("zstd", 1)]
    chosen = browser.get(reverse("history"), {"compression": "zstd"}).context["groups"]
    assert [row.configuration.options["compression"] for row, *_more in chosen] == ["zstd"]


def test_a_failed_run_is_listed_but_not_charted(browser):
    finished()
    make_job(status="failed", finished_at=timezone.now(), stop_time_ms=None)
    response = browser.get(reverse("history"))
    (marks, *_) = response.context["charts"][1].figure["data"]
    assert len(marks["x"]) == 1
    assert len(response.context["rows"]) == 2
