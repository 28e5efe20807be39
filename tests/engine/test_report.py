"""The report as a document: JSON there and back, and every key in docs/report.md."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from migrations_app.engine import report as reports
from migrations_app.engine.outside import COUNTED
from migrations_app.engine.plan import Compression, Operation, Strategy, WorkloadKind
from migrations_app.engine.report import (
    SCHEMA,
    Metrics,
    Outcome,
    Phase,
    PhaseName,
    Proof,
    Report,
    Round,
    RoundMethod,
    RoundsEndedBy,
    StopWindow,
)

from .cases import CASES, FAST, Case, run
from .simulated import FACTS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "report.md").read_text()
CLIENT = (*COUNTED, "host", "kind", "kept", "latency", "usual_gap_ms", "gaps", "uncertainty_ms")
# Heading in the document -> the keys that it must have a row for, no more and no less.
TABLES = {
    "The document": {field.name for field in dataclasses.fields(Report)},
    **{
        name: {field.name for field in dataclasses.fields(getattr(reports, name))}
        for name in (
            *("Metrics", "Phase", "Proof", "Command", "LogFile", "Clock", "Failure"),
            *("Round", "StopWindow", "Diagnosis", "Check"),
        )
    },
    "Options": set(FAST[0].plan().options()),
    "Client": set(CLIENT),
    "Facts": set(FACTS),
}

NAMES = [Outcome, PhaseName, WorkloadKind, Operation, Strategy]
NAMES += [Compression, RoundMethod, RoundsEndedBy]


def section(heading: str) -> str:
    _, _, rest = DOCUMENT.partition(f"\n## {heading}\n")
    assert rest, f"no heading {heading}"
    return rest.partition("\n## ")[0]


def rows(heading: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", section(heading), re.MULTILINE))


@pytest.mark.parametrize(("heading", "keys"), TABLES.items())
def test_every_key_is_documented_and_none_that_there_is_not(heading: str, keys: set[str]):
    assert rows(heading) == keys


@pytest.mark.parametrize("case", CASES + FAST, ids=lambda case: case.id)
def test_objects_of_a_real_run_have_the_documented_keys(case: Case):
    document = run(case.plan(), case.pair()).to_json()
    assert set(document["workload_after"]) == rows("Workload after")
    assert set(document["environment"]) == rows("Environment")
    assert set(document["environment"]["source"]) == rows("Facts")


@pytest.mark.parametrize("heading", ["criu", "docker"])
def test_keys_inside_a_fact_are_documented(heading: str):
    (row,) = re.findall(rf"^\| `{heading}` .*$", section("Facts"), re.MULTILINE)
    assert set(FACTS[heading]) <= set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize("case", CASES + FAST, ids=lambda case: case.id)
def test_report_is_json_there_and_back(case: Case):
    report = run(case.plan(), case.pair())
    read = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert read["schema"] == SCHEMA == 1 and read["outcome"] == "succeeded"
    assert Metrics(**read["metrics"]) == report.metrics
    assert Proof(**read["proof"]) == report.proof
    assert tuple(Phase(**phase) for phase in read["phases"]) == report.phases
    assert tuple(Round(**one) for one in read["rounds"]) == report.rounds
    window = read["stop_window"]
    assert (StopWindow(**window) if window else None) == report.stop_window
    assert read["options"]["compression"] == "none"


def test_report_of_a_failure_is_json_too():
    document = run(CASES[0].plan(), CASES[0].pair(), cancelled=lambda: True).to_json()
    read = json.loads(json.dumps(document))
    assert read["outcome"] == "failed" and read["error"]["code"] == "cancelled"
    assert read["proof"] is None and read["metrics"]["stop_time_ms"] is None


@pytest.mark.parametrize("names", NAMES)
def test_every_name_that_can_stand_in_it_is_documented(names):
    assert not [name for name in names if f"`{name}`" not in DOCUMENT]


def test_metric_ends_in_its_unit_or_counts():
    for field in dataclasses.fields(Metrics):
        assert field.name.endswith(("_ms", "_bytes")) or field.name in (
            "pages_written",
            "pages_lazy",
            "bytes_sent",
            "files_checked",
        )
        assert field.default is None


def test_schema_and_promise_are_stated():
    assert f"schema {SCHEMA}" in DOCUMENT and "**Stability.**" in DOCUMENT
