"""docs/exports.md and docs/sharing.md say what the code does."""

from __future__ import annotations

import re
from typing import get_type_hints

import pytest

from migrations_app import selectors_sharing, throttle
from migrations_app.exports import delimited, formats, shape
from migrations_app.exports.redaction import TELLING
from migrations_app.results import MOST_RUNS
from migrations_app.services import share

from .pages import text

TYPED = {
    "Document": shape.Document,
    "Group": shape.Group,
    "Experiment": shape.Experiment,
    "Grid": shape.Grid,
    "Axis": shape.Axis,
    "Cell": shape.Cell,
    "Factors": shape.Factors,
    "Statistics": shape.Statistics,
    "Trial": shape.Trial,
    "Attempt": shape.Attempt,
    "Run": shape.Run,
    "Workload": shape.Workload,
    "Phase": shape.Phase,
    "Failure": shape.Failure,
    "Environment": shape.Environment,
}


@pytest.mark.parametrize("name", TYPED)
def test_every_key_of_the_document_is_explained_and_none_that_is_not_there(name):
    section = text("docs/exports.md").partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    keys = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert keys == list(get_type_hints(TYPED[name]))


def test_schema_formats_tables_and_limits_are_those_of_the_code():
    page = text("docs/exports.md")
    assert f"Version {shape.SCHEMA_VERSION} of `{shape.SCHEMA}`" in page
    assert all(f"| `{name}/` |" in page for name in formats.FORMATS)
    assert all(f"?table={name}" in page for name in delimited.TABLES if name != "runs")
    assert f"newest {MOST_RUNS}" in page


def test_sharing_names_the_limits_of_the_code():
    page = " ".join(text("docs/sharing.md").split())
    assert share.DAYS == (1, 7, 30, 365) and "1 day, 1 week, 30 days or 1 year" in page
    assert f"{share.MOST_OPEN} open links" in page
    assert f"newest {selectors_sharing.MOST_SHARED} finished" in page
    assert f"After {throttle.MOST_MISSES} wrong tokens within a minute" in page
    assert throttle.WINDOW_S == 60
    named = set(re.findall(r"`(--[a-z-]+)`", page))
    assert named and named <= TELLING
