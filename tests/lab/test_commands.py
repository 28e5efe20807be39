"""Programs that fail, take too long or are missing."""

from pathlib import Path

import pytest

from migrations_app.lab.commands import (
    last_lines,
    last_lines_of,
    missing_programs,
    run,
    succeeds,
)
from migrations_app.lab.errors import LabCommandFailed, LabNotPossible


def test_what_a_program_writes_is_given_back() -> None:
    assert run(["echo", "hello"]) == "hello\n"


def test_a_failure_carries_what_the_program_said() -> None:
    with pytest.raises(LabCommandFailed, match="sh ended with 3: no such thing"):
        run(["sh", "-c", "echo no such thing >&2; exit 3"])


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(LabCommandFailed, match=r"longer than 0\.1 s"):
        run(["sleep", "5"], timeout_s=0.1)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(LabNotPossible, match="no-such-program is missing") as caught:
        run(["no-such-program"])
    assert caught.value.code == "lab-tools-missing"
    assert missing_programs(["sh", "no-such-program"]) == ["no-such-program"]


def test_success_is_told_from_failure() -> None:
    assert succeeds(["true"])
    assert not succeeds(["false"])


def test_output_can_go_into_a_file(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        assert run(["sh", "-c", "echo a; echo b >&2"], output=log) == ""
    assert last_lines_of(tmp_path / "log") == "a\nb"


def test_only_the_end_of_a_long_text_is_kept(tmp_path: Path) -> None:
    assert last_lines("1\n2\n3\n", count=2) == "2\n3"
    assert last_lines_of(tmp_path / "absent") == ""
