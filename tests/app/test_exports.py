"""Results as files: what is in them, and that nothing in them does harm."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import translation

from migrations_app import results
from migrations_app.exports import delimited, formats, html_file, json_file, notebook
from migrations_app.exports.document_sheet import DocumentSheet
from migrations_app.metrics import METRICS

from .documents import document, run
from .makers import make_host, make_workload
from .pages import finished
from .runs import by_each_strategy

HOSTILE = "</script><script>alert(1)</script>'''\"\\\n{{ x }}"


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# --- CSV ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
def test_a_cell_that_would_be_a_formula_is_text(text):
    told = document(run(workload={**run()["workload"], "name": text}))
    assert table(delimited.build(told))[0]["workload_name"] == f"'{text}"


def test_a_negative_number_stays_a_number():
    told = document(run(metrics={"stop_time_ms": -1.5}))
    assert table(delimited.build(told))[0]["stop_time_ms"] == "-1.5"


def test_the_mark_for_excel_comes_on_request_only():
    assert not delimited.build(document(run())).startswith("\ufeff")
    assert delimited.build(document(run()), bom=True).startswith("\ufeff")


def test_what_is_not_known_is_an_empty_cell():
    row = table(delimited.build(document(run())))[0]
    assert row["total_time_ms"] == "" and row["stop_time_ms"] == "616.0"
    assert set(METRICS) <= set(row)


# --- the database -------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_strategy_comes_out_in_every_format(browser):
    by_each_strategy([make_host("lab-a"), make_host("lab-b")])
    for name, chosen in formats.FORMATS.items():
        response = browser.get(reverse("history-export", args=[name]), {"workload": "mem"})
        assert response.status_code == 200
        assert response["Content-Disposition"].endswith(f'runs.{chosen.ending}"')
    told = json.loads(browser.get(reverse("history-export", args=["json"])).content)
    assert [r["strategy"] for r in told["runs"]][:3] == ["cold", "stop-and-copy", "pre-copy"]
    assert told["runs"][2]["rounds"][0]["bytes"] == 268_435_456
    assert told["runs"][0]["commands"] is None


@pytest.mark.django_db
def test_phases_and_rounds_are_tables_of_their_own(browser):
    jobs = by_each_strategy([make_host("lab-a"), make_host("lab-b")])
    address = reverse("job-export", args=[jobs[1].pk, "csv"])
    phases = table(browser.get(address, {"table": "phases"}).content.decode())
    assert [row["name"] for row in phases[:2]] == ["prepare", "pre-copy"]
    rounds = table(browser.get(address, {"table": "rounds"}).content.decode())
    assert [row["bytes"] for row in rounds] == ["268435456", "21500000", "4100000"]


@pytest.mark.django_db
def test_a_format_table_or_job_that_does_not_exist_is_not_found(browser):
    job = finished()
    assert browser.get(reverse("job-export", args=[job.pk, "exe"])).status_code == 404
    address = reverse("job-export", args=[job.pk, "csv"])
    assert browser.get(address, {"table": "users"}).status_code == 404
    assert browser.get(reverse("job-export", args=[10**6, "csv"])).status_code == 404


@pytest.mark.django_db
def test_nothing_is_exported_without_a_login(client):
    job = finished()
    for name in ("job-export", "job-lab-report", "job-share"):
        more = ["json"] if name == "job-export" else []
        assert client.get(reverse(name, args=[job.pk, *more])).status_code == 302


@pytest.mark.django_db
def test_a_list_says_how_many_older_runs_it_leaves_out():
    workload = make_workload()
    jobs = [finished(workload=workload) for _number in range(3)]
    told = results.document_of_jobs(type(jobs[0]).objects.all(), most=2)
    assert [r["job"] for r in told["runs"]] == [jobs[1].pk, jobs[2].pk]
    assert told["left_out"] == 1
    assert results.document_of_jobs(type(jobs[0]).objects.all(), most=3)["left_out"] == 0


@pytest.mark.django_db
def test_the_queries_of_an_export_do_not_grow_with_its_runs(student, django_assert_num_queries):
    workload = make_workload()
    for _number in range(6):
        finished(workload=workload, created_by=student)
    with django_assert_num_queries(2):  # jobs and their phases
        results.document_of_jobs(results.visible_jobs(student))


# --- JSON and HTML ------------------------------------------------------------------------------
def test_json_is_the_document_itself():
    told = document(run(), run(job=8))
    assert json.loads(json_file.build(told)) == told


class Page(HTMLParser):
    """What a page would load, and the scripts in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.scripts: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.loads += [known[name] for name in ("src", "href", "data") if known.get(name)]
        if tag == "script":
            self.scripts.append(known)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_html_file_stands_alone(language):
    many = document(run(strategy="cold"), run(job=8, strategy="hybrid"), title=HOSTILE)
    for told in (many, document(run(workload={**run()["workload"], "name": HOSTILE}))):
        with translation.override(language):
            text = html_file.build(told)
        page = Page(text)
        assert page.loads == []
        assert [script["type"] for script in page.scripts] == ["application/json"]
        assert "url(" not in text and "@import" not in text
        data = re.search(r'<script id="data"[^>]*>(.*?)</script>', text, re.DOTALL)
        assert data and json.loads(data[1]) == told


def test_groups_have_medians_of_what_succeeded():
    runs = [run(job=n, metrics={"stop_time_ms": 100.0 + n}) for n in range(5)]
    sheet = DocumentSheet(document(*runs, run(job=9, status="failed")))
    (group,) = sheet.groups
    assert group.ended_badly == 1
    assert group.medians[0][1] is not None and group.medians[0][1].value == 102.0
    assert "<circle" in sheet.charts[0].svg and "dots-median" in sheet.charts[0].svg


# --- the notebook -------------------------------------------------------------------------------
def test_what_stands_in_the_data_never_becomes_code():
    told = document(run(workload={**run()["workload"], "name": HOSTILE}))
    made = json.loads(notebook.build(told))
    assert made["nbformat"] == 4
    (cell,) = [c for c in made["cells"] if c["source"].startswith("data = json.loads(")]
    names = {"json": json}
    exec(cell["source"], names)
    assert names["data"] == told


@pytest.mark.slow
@pytest.mark.django_db
def test_the_notebook_runs_and_draws(tmp_path: Path):
    jobs = by_each_strategy([make_host("lab-a"), make_host("lab-b")])
    told = results.document_of_jobs(type(jobs[0]).objects.all())
    (tmp_path / "runs.ipynb").write_text(notebook.build(told), encoding="utf-8")
    argv = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "runs.ipynb"]
    done = subprocess.run(
        [*argv, "--output", "done.ipynb"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = json.loads((tmp_path / "done.ipynb").read_text())["cells"]
    drawn = [
        output["data"]["application/vnd.plotly.v1+json"]["data"]
        for cell in cells
        for output in cell.get("outputs", [])
        if "application/vnd.plotly.v1+json" in output.get("data", {})
    ]
    assert len(drawn) == 3 and all(drawn)  # stop times, phases, rounds
