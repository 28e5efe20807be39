"""docs/failures.md has a line for each cause, with its patterns, and names tests that are there."""

import re

import pytest

from migrations_app.engine.causes import BY_CODE, CAUSES, Cause
from migrations_app.engine.workload_checks import MESSAGES

from .pages import ROOT, text

CRIU = "criu-too-old"  # stands for three rows, by its version
ROW = re.compile(r"^\| (\d+) \| `([a-z0-9-]+)` \| (.*)$", re.MULTILINE)
SAMPLES = ROOT / "tests" / "engine" / "data" / "causes"


DIAGNOSIS = (ROOT / "tests" / "engine" / "test_diagnosis.py").read_text()


def rows() -> dict[str, list[str]]:
    """By key: number, patterns, known before, told by, samples, real job."""
    found = {}
    for number, key, rest in ROW.findall(text("docs/failures.md")):
        cells = re.split(r"(?<!\\) \| ", rest.rstrip(" |"))
        found[key] = [number, *cells]
    return found


def test_every_cause_has_a_line_and_none_that_is_not_there():
    assert list(rows()) == [cause.key for cause in sorted(CAUSES, key=lambda one: one.number)]


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.key)
def test_line_says_what_the_table_says(cause: Cause):
    number, patterns, before, told, samples, _real = rows()[cause.key]
    assert int(number) == cause.number and before == str(cause.knowable)
    written = [one.replace(r"\|", "|").strip("`") for one in patterns.split("<br>")]
    assert written == (list(cause.patterns) or ["–"])
    assert told == (", ".join(cause.told) or "–")
    for name in re.findall(r"`([^`]+)`", samples):
        assert (SAMPLES / name).exists() or f"def {name}(" in DIAGNOSIS


def test_every_sample_is_in_a_line():
    named = " ".join(line[4] for line in rows().values())
    here = [path.name for path in SAMPLES.iterdir() if path.name != "README.md"]
    assert [name for name in here if f"`{name}`" not in named] == []


def test_every_real_job_that_is_named_is_a_test():
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "integration").glob("test_*.py"))
    for key, line in rows().items():
        named = re.findall(r"`(test_\w+)`", line[5])
        assert named or re.match(r"– \w", line[5]), f"{key}: neither a job nor why there is none"
        for name in named:
            assert f"def {name}(" in tests, (key, name)


def test_every_problem_of_a_host_that_is_a_row_is_in_its_table():
    part = text("docs/failures.md").partition("## What is known of a host")[2]
    lines = re.findall(r"^\| `([a-z0-9-]+)` \|.*?\| ([\d, ]+) \|", part, re.MULTILINE)
    assert {code: int(numbers.split(", ")[-1]) for code, numbers in lines if code != CRIU} == {
        code: BY_CODE[code].number for code, _ in lines if code != CRIU
    }
    source = (ROOT / "migrations_app" / "engine" / "host_problems.py").read_text()
    made = re.findall(r'Problem\(\s*"([a-z0-9-]+)"', source)
    assert {code for code in made if code in BY_CODE} <= {code for code, _ in lines}


def test_every_check_of_a_workload_is_in_its_table_and_no_other():
    part = text("docs/failures.md").partition("## Before anything is frozen")[2]
    rows = re.findall(r"^\| (`.*?) \|", part.partition("\n## ")[0], re.MULTILINE)
    assert {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)} == set(MESSAGES)
