"""An experiment as files: nothing is dropped, and the figures are those of its page."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import translation

from migrations_app.exports import delimited, formats, html_file, notebook
from migrations_app.exports.document_sheet import DocumentSheet
from migrations_app.exports.rows_svg import label_lines
from migrations_app.models import Experiment, MigrationJob
from migrations_app.results_experiment import document_of_experiment

from .experiment_rows import measured
from .makers import make_host
from .pages import text_of
from .strangers import make_strangers
from .test_exports import HOSTILE, Page
from .trial_work import make_experiment

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(teacher) -> Experiment:
    return measured([make_host("lab-a"), make_host("lab-b")], owner=teacher)


def lines_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_trial_is_in_the_document_whatever_became_of_it(experiment):
    told = document_of_experiment(experiment)
    part = told["experiment"]
    assert part and told["kind"] == "experiment"
    trials = part["trials"]
    assert [trial["position"] for trial in trials] == list(range(experiment.trials.count()))
    assert {trial["role"] for trial in trials} == {"trial", "warm-up", "control"}
    assert {trial["outcome"] for trial in trials} == {"succeeded", "failed", "cancelled"}
    assert all(trial["job"] is None for trial in trials if trial["role"] == "control")
    assert [len(trial["former"]) for trial in trials].count(1) == 1


def test_every_run_is_in_it_also_of_an_attempt_that_was_repeated(experiment):
    told = document_of_experiment(experiment)
    assert {run["job"] for run in told["runs"]} == set(
        MigrationJob.objects.values_list("pk", flat=True)
    )
    assert told["left_out"] == 0
    few = document_of_experiment(experiment, most=3)
    assert len(few["runs"]) == 3 and few["left_out"] == len(told["runs"]) - 3
    assert few["experiment"] == told["experiment"]


def test_cells_count_failures_and_have_the_statistics_of_what_succeeded(experiment):
    part = document_of_experiment(experiment)["experiment"]
    assert part
    cells = {(cell["role"], cell["number"]): cell for cell in part["cells"]}
    assert len(cells) == 6 + 2
    whole = cells["trial", 5]
    assert (whole["succeeded"], whole["failed"]) == (5, 0)
    stop = whole["statistics"]["stop_time_ms"]
    assert stop["n"] == 5 and stop["low"] is not None
    assert sum(cell["failed"] for cell in part["cells"]) == 2  # one was repeated with success
    assert sum(cell["cancelled"] for cell in part["cells"]) == 1
    assert list(cells["control", 0]["statistics"]) == ["observed_gap_ms"]


def test_a_warm_up_belongs_to_its_cell_and_not_to_its_figures(experiment):
    told = document_of_experiment(experiment)
    sheet = DocumentSheet(told).experiment
    assert sheet
    row = next(row for row in sheet.rows if row.cell["succeeded"] == 5 and not row.is_control)
    warmed = next(row for row in sheet.rows if row.values("stop_time_ms", warm_up=True))
    assert len(row.values("stop_time_ms")) == 5
    assert len(warmed.values("stop_time_ms", warm_up=True)) == 1


def test_the_differences_are_those_of_the_page(experiment, browser):
    sheet = DocumentSheet(document_of_experiment(experiment)).experiment
    page = text_of(browser.get(reverse("experiment-detail", args=[experiment.pk])))
    assert sheet and sheet.lines
    for line in sheet.lines:
        assert line.sentence.replace("\N{NO-BREAK SPACE}", " ") in page


def test_an_experiment_that_has_hardly_begun_has_a_document_too(sent):
    told = document_of_experiment(make_experiment())
    assert told["runs"] == []
    for name in formats.FORMATS:
        assert formats.build(told, name)
    assert "not ended: 4" in html_file.build(told)


@pytest.mark.parametrize("name", formats.FORMATS)
def test_each_format_has_an_address_and_a_name(experiment, browser, name):
    address = reverse("experiment-export", args=[experiment.pk, name])
    answer = browser.get(address)
    ending = formats.FORMATS[name].ending
    assert answer["Content-Disposition"].endswith(f'experiment-{experiment.pk}.{ending}"')
    page = text_of(browser.get(reverse("experiment-detail", args=[experiment.pk])))
    assert address in page


def test_csv_has_a_line_for_each_trial_and_another_table_for_cells(experiment, browser):
    address = reverse("experiment-export", args=[experiment.pk, "csv"])
    trials = lines_of(browser.get(address).content.decode())
    assert len(trials) == experiment.trials.count()
    assert [row["outcome"] for row in trials].count("failed") == 1
    assert {row["source"] for row in trials} == {"lab-a"}
    failed = next(row for row in trials if row["outcome"] == "failed")
    assert failed["error_code"] == "dump-failed" and failed["stop_time_ms"] == ""
    cells = lines_of(browser.get(address, {"table": "cells"}).content.decode())
    assert {row["metric"] for row in cells} >= {"stop_time_ms", "observed_gap_ms"}
    assert json.loads(cells[0]["parameters"])["memory_mib"] == 16


def test_tables_of_experiments_are_empty_for_other_documents():
    empty = {"experiment": None, "runs": []}
    for table in ("trials", "cells"):
        assert len(delimited.build(empty, table=table).splitlines()) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_html_file_of_an_experiment_stands_alone(experiment, language):
    Experiment.objects.update(name=HOSTILE, notes=HOSTILE)
    experiment.refresh_from_db()
    with translation.override(language):
        text = html_file.build(document_of_experiment(experiment))
    page = Page(text)
    assert page.loads == []
    assert [script["type"] for script in page.scripts] == ["application/json"]
    assert "line-pre-copy" in text and "dots-interval" in text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_lab_report_has_grid_figures_and_questions(experiment, browser, language):
    address = reverse("experiment-lab-report", args=[experiment.pk])
    page = text_of(browser.get(address, {"lang": language}))
    assert 'data-testid="lab-report"' in page and 'data-testid="cells"' in page
    assert ("Which factor changes" in page) is (language == "en")


def test_an_experiment_of_somebody_else_is_not_given_away(client, student, teacher):
    experiment = measured([make_host(), make_host()], owner=teacher)
    client.force_login(student)
    for name, more in (("export", ["json"]), ("lab-report", []), ("share", [])):
        address = reverse(f"experiment-{name}", args=[experiment.pk, *more])
        assert client.get(address).status_code == 404
    assert make_strangers().pks


def test_what_stands_in_the_name_or_notes_never_becomes_code(experiment):
    Experiment.objects.update(name=HOSTILE, notes=HOSTILE)
    experiment.refresh_from_db()
    told = document_of_experiment(experiment)
    made = json.loads(notebook.build(told))
    (cell,) = [c for c in made["cells"] if c["source"].startswith("data = json.loads(")]
    names = {"json": json}
    exec(cell["source"], names)
    assert names["data"] == told


def test_labels_break_between_their_parts():
    long = "Pre-copy · Memory · container · 1024 MiB · host A → host B"
    assert label_lines(long) == ["Pre-copy · Memory · container · 1024 MiB", "host A → host B"]
    assert label_lines("Cold") == ["Cold"]


@pytest.mark.slow
def test_the_notebook_of_an_experiment_runs_and_draws(experiment, tmp_path: Path):
    text = notebook.build(document_of_experiment(experiment))
    (tmp_path / "x.ipynb").write_text(text, encoding="utf-8")
    argv = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "x.ipynb"]
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
    assert len(drawn) == 4 and all(drawn)  # stop time, gap, over memory, differences
