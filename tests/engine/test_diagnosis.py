"""Every row of the table is found in recorded output, and nothing harmless is taken for a cause."""

import re
from pathlib import Path

import pytest

from migrations_app.engine.causes import BY_KEY, CAUSES, UNKNOWN, Told
from migrations_app.engine.diagnosis import (
    Evidence,
    diagnose,
    evidence_of,
    generalised,
    matches,
)
from migrations_app.engine.report import Failure, LogFile, Proof, Side

from .samples import DATA, text

SAMPLES = sorted((DATA / "causes").glob("[0-9]*"))
WRAPPER = "criu failed: type NOTIFY errno 0\nlog file: /run/x/criu-dump.log"
# Told by no line of a failure: shown by the proof, by the version, by the code; and one that only
# makes things slow.
WITHOUT_LINE = {"checkpoint-ignored", "left-behind", "criu-3-18"}
NEVER_FAILS = "kernel-cache"


def row_of(path: Path) -> tuple[int, str]:
    number, _, key = path.stem.partition("-")
    known = [cause.key for cause in CAUSES if key == cause.key or key.startswith(f"{cause.key}-")]
    return int(number), max(known, key=len)


def evidence(path: Path) -> Evidence:
    if path.suffix == ".log":
        return Evidence("dump-failed", WRAPPER, [("dump.log", path.read_text())])
    return Evidence("command-failed", path.read_text())


def test_rows_are_numbered_from_one_without_gap_and_have_a_key_each():
    assert sorted(cause.number for cause in CAUSES) == list(range(1, 35))
    assert len(BY_KEY) == len(CAUSES) and UNKNOWN not in BY_KEY


def test_every_row_that_a_line_shows_has_a_sample():
    assert {row_of(path)[1] for path in SAMPLES} == set(BY_KEY) - WITHOUT_LINE


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_sample_is_explained_by_its_own_row(path: Path):
    number, key = row_of(path)
    if key == NEVER_FAILS:
        assert any(matches(BY_KEY[key], line) for line in path.read_text().splitlines())
        return
    found = diagnose(evidence(path))
    assert found is not None and (found.number, found.key) == (number, key)
    assert matches(BY_KEY[key], found.line) and found.lines[0] == found.line
    assert found.line in path.read_text()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_sample_is_explained_by_no_other_row_that_stands_before(path: Path):
    """Order is part of the table: a more special row must not be hidden by a general one."""
    _, key = row_of(path)
    lines = path.read_text().splitlines()
    told = next(line for line in lines if any(matches(cause, line) for cause in CAUSES))
    assert next(cause.key for cause in CAUSES if matches(cause, told)) == key


def test_every_pattern_of_every_row_is_a_regular_expression_that_needs_words():
    for cause in CAUSES:
        for pattern in cause.patterns:
            assert not re.search(pattern, ""), cause.key


@pytest.mark.parametrize("name", ["criu-dump.log"])
def test_log_of_a_run_that_succeeded_explains_nothing(name: str):
    assert diagnose(Evidence("cancelled", "", [("dump.log", text(name))])) is None


def test_wrapper_around_every_failure_is_never_the_cause():
    assert diagnose(Evidence("dump-failed", WRAPPER)) is None


def test_unknown_failure_quotes_its_first_real_error_and_what_follows():
    log = text("criu-dump.log") + "\n".join(
        [
            "Error (criu/util.c:641): exited, status=1",
            "Error (criu/net.c:12): net: something nobody knows",
            "Error (criu/cr-dump.c:1975): Dumping FAILED.",
        ]
    )
    found = diagnose(Evidence("dump-failed", WRAPPER, [("dump.log", log)]))
    assert (found.number, found.key) == (None, UNKNOWN)
    assert found.line == "Error (criu/util.c:641): exited, status=1" and found.log == "dump.log"
    assert found.lines[1] == "Error (criu/net.c:12): net: something nobody knows"


def test_words_of_a_tool_are_looked_at_where_criu_wrote_nothing():
    found = diagnose(Evidence("command-failed", "docker start: Error: no such thing"))
    assert (found.key, found.log) == (UNKNOWN, None) and "no such thing" in found.line


@pytest.mark.parametrize(
    ("code", "key"), [("target-pid-taken", "pid-taken"), ("container-terminal", "terminal")]
)
def test_refusal_names_its_row(code: str, key: str):
    assert diagnose(Evidence(code, "refused")).key == key


def test_refusal_that_is_no_row_has_no_cause():
    assert diagnose(Evidence("cancelled", "cancelled before the freeze")) is None


@pytest.mark.parametrize(
    ("before", "after", "key"), [(13, 0, "checkpoint-ignored"), (13, 15, None), (1, 0, None)]
)
def test_container_that_counts_from_the_beginning_was_not_restored(before, after, key):
    proof = {"last_before": before, "first_after": after}
    found = diagnose(Evidence("proof-failed", f"{after} does not follow {before}", proof=proof))
    assert (found.key if found else None) == key


@pytest.mark.parametrize(("version", "key"), [("3.18", "criu-3-18"), ("3.19", UNKNOWN)])
def test_restore_that_failed_with_3_18_for_no_known_reason_says_so(version: str, key: str):
    log = "Error (criu/x.c:1): odd\n"
    found = diagnose(Evidence("restore-failed", "", [("restore.log", log)], None, version))
    assert found.key == key and found.line == "Error (criu/x.c:1): odd"


def test_known_cause_is_told_before_the_version_is_blamed():
    log = text("criu-restore-pid-taken.log")
    found = diagnose(Evidence("restore-failed", "", [("restore.log", log)], None, "3.18"))
    assert found.key == "pid-taken"


def test_log_that_the_failure_quotes_comes_first():
    dump = LogFile(Side.SOURCE, "dump.log", text("criu-dump-file-lock.log"), False)
    restore = LogFile(Side.TARGET, "restore.log", text("criu-restore.log"), False)
    first = "Error (criu/files-reg.c:2175): File tmp/ml-test-record/output has bad size"
    error = Failure("restore-failed", f"{first} 10 (expect 8) — exit status 1", None, "source")
    found = diagnose(evidence_of(error, [dump, restore], None, None))
    assert (found.key, found.log) == ("file-differs", "restore.log")


def test_evidence_has_the_proof_and_the_version_of_the_target():
    facts = {"criu": {"version": "3.18"}}
    proof = Proof("sequence", False, "", last_before=9, first_after=0)
    made = evidence_of(Failure("proof-failed", "", None, "target"), [], proof, facts)
    assert made.criu_of_restore == "3.18" and made.proof["last_before"] == 9


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Error (criu/a.c:10): fd=3 id=0x1f", "Error (criu/a.c:999): fd=44 id=0xab"),
        ("container 40fd2d795725 is gone", "container 0f45ab7d0fe1 is gone"),
    ],
)
def test_lines_that_differ_in_numbers_only_are_one(one: str, two: str):
    assert generalised(one) == generalised(two)


def test_line_is_general_whatever_its_numbers_are_written_in():
    assert generalised("Error (criu/files.c:1221): Unable to open fd=1 id=0x3") == (
        "Error (criu/files.c:…): Unable to open fd=… id=…"
    )


def test_words_of_a_line_stay_words():
    assert generalised("Error (criu/net.c:12): faded facade") == (
        "Error (criu/net.c:…): faded facade"
    )


def test_every_row_says_who_tells_it_unless_nobody_does():
    for cause in CAUSES:
        tellers = set(cause.told)
        assert tellers or cause.key == "left-behind"
        assert (Told.PROOF in tellers) == (cause.key == "checkpoint-ignored")
