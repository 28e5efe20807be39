"""The benchmark of pages: a small fill, every page measured, the table."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from migrations_app.models import DayFigures, JobPhase, MigrationJob, Tag
from migrations_app.site_bench.document import table
from migrations_app.site_bench.fill import GENERATED, NotOurs, fill
from migrations_app.site_bench.measure import MOST_MS, Timing
from migrations_app.site_bench.pages import Page, pages

from .makers import make_job

pytestmark = pytest.mark.django_db


def test_generated_jobs_bear_the_mark_and_are_counted():
    fill(60, seed=1, say=lambda text: None)
    assert set(MigrationJob.objects.values_list("worker", flat=True)) == {GENERATED}
    assert JobPhase.objects.count() == 60 * 8
    counted = DayFigures.objects.filter(metric="total_time_ms")
    assert (
        sum(counted.values_list("n", flat=True))
        == MigrationJob.objects.filter(status="succeeded").count()
    )
    assert Tag.objects.exists()


def test_a_database_with_jobs_of_people_is_not_touched():
    make_job()
    with pytest.raises(NotOurs):
        fill(10, seed=1, say=lambda text: None)
    with pytest.raises(CommandError):
        call_command("bench_site", jobs=10)
    assert MigrationJob.objects.count() == 1


def test_every_page_is_measured_and_the_figures_are_written(tmp_path, settings, capsys):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    target = tmp_path / "pages.json"
    try:
        call_command("bench_site", jobs=60, rounds=2, json=target)
    except CommandError as error:  # a slow machine; the figures are there all the same
        assert "Slower than" in str(error)
    told = json.loads(target.read_text())
    measured = {row["page"]["name"]: row for row in told["pages"]}
    assert {"home", "job-list", "history", "compare", "job-detail", "host-list"} <= set(measured)
    assert all(row["status"] == 200 for row in measured.values())
    assert measured["job-list"]["queries"] > 0
    assert "| job-list |" in capsys.readouterr().out


def test_the_slowest_page_comes_first_and_what_is_too_slow_is_named():
    fast = Timing(Page("home", "/"), 200, 5, 10.0, 20.0, 30.0, 20.0)
    slow = Timing(Page("history", "/history/"), 200, 9, 90.0, MOST_MS + 1, 400.0, 300.0)
    file = Timing(Page("history-csv", "/history.csv", True), 200, 9, 90.0, 900.0, 990.0, 800.0)
    keys = ("date", "jobs", "database", "rounds", "cpu", "cores", "kernel", "load")
    head = {key: key for key in (*keys, "program_version")}
    rows = [{**vars(t), "page": vars(t.page), "holds": t.holds} for t in (fast, slow, file)]
    lines = table({**head, "pages": rows}).splitlines()[4:]
    assert [line.split("|")[1].strip() for line in lines] == ["history-csv", "history", "home"]
    assert "too slow" in lines[1] and "file" in lines[0] and "too slow" not in lines[2]


def test_a_list_of_pages_has_every_plain_address_once():
    fill(20, seed=1, say=lambda text: None)
    names = [page.name for page in pages()]
    assert len(set(names)) == len(names)
