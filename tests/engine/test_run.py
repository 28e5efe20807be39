"""Running programs on a host: real ones, that fail and hang for real."""

import time
from pathlib import Path

import pytest

from migrations_app.engine import StepFailed, StepTimedOut
from migrations_app.engine.hostside.run import (
    LONGEST_ARGUMENT,
    Runner,
    pipe_into,
    pipe_out_of,
    start_detached,
)


def test_program_that_ends_well_is_remembered_with_its_times():
    runner = Runner()
    ran = runner(["sh", "-c", "echo out; echo err >&2"])
    assert (ran.status, ran.out, ran.err) == (0, "out\n", "err\n")
    assert runner.ran == [ran] and ran.end_ns > ran.start_ns


def test_program_that_fails_says_why_in_its_own_words():
    with pytest.raises(StepFailed, match="no such thing") as failed:
        Runner()(["sh", "-c", "echo no such thing >&2; exit 3"])
    assert failed.value.code == "command-failed"


def test_failure_can_be_looked_at_instead():
    assert Runner()(["false"], check=False).status == 1


def test_program_that_hangs_is_ended_in_time():
    runner, began = Runner(), time.monotonic()
    with pytest.raises(StepTimedOut, match="did not end"):
        runner(["sleep", "60"], limit_s=0.05)
    assert time.monotonic() - began < 5 and runner.ran[0].status is None


def test_program_that_there_is_not_is_named():
    with pytest.raises(StepFailed, match="no-such-program") as missing:
        Runner()(["no-such-program"])
    assert missing.value.code == "program-missing"


def test_look_is_not_remembered():
    runner = Runner()
    runner(["true"], quiet=True)
    assert runner.ran == []


def test_output_that_is_no_text_is_read_all_the_same():
    assert "\N{REPLACEMENT CHARACTER}" in Runner()(["printf", r"\377"]).out


def test_words_are_words_and_no_shell_reads_them():
    assert Runner()(["echo", "$HOME; reboot"]).out == "$HOME; reboot\n"


def test_long_argument_is_shown_cut():
    runner = Runner()
    runner(["true", "x" * 1000])
    assert runner.ran[0].to_json()["argv"][1] == "x" * LONGEST_ARGUMENT


def test_data_goes_into_a_program_and_out_of_one():
    assert pipe_into(["cat"], lambda stdin: stdin.write(b"four"), limit_s=5) == 4
    assert pipe_out_of(["echo", "four"], lambda out: len(out.read()), limit_s=5) == 5


def test_program_in_a_pipe_that_fails_is_told():
    with pytest.raises(StepFailed, match="bad archive"):
        pipe_into(["sh", "-c", "cat; echo bad archive >&2; exit 1"], lambda _: 0, limit_s=5)


def test_program_in_a_pipe_that_hangs_is_ended():
    with pytest.raises(StepFailed):
        pipe_out_of(["sleep", "60"], lambda out: len(out.read()), limit_s=0.05)


def test_workload_that_is_not_on_the_host_is_named(tmp_path: Path):
    with pytest.raises(StepFailed) as missing:
        start_detached(["/no/such/program"], tmp_path / "output")
    assert missing.value.code == "program-missing"
