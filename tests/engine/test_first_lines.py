"""A container's first lines after its move, however long ago that was."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import containers, jobs
from migrations_app.engine.hostside.fields import Fields

BEFORE = [f"2026-11-30T01:00:{n:02}Z {n}" for n in range(3)]
SINCE = [f"2026-11-30T01:01:{n:02}Z {n}" for n in range(3, 30)]


@dataclass
class Log:
    """What `docker logs --tail N` shows of these lines; `asked` for how many."""

    lines: list[str]
    asked: list[str] = field(default_factory=list)

    def __call__(self, argv, **_):
        tail = argv[argv.index("--tail") + 1]
        self.asked.append(tail)
        shown = self.lines if tail == "all" else self.lines[-int(tail) :]
        return SimpleNamespace(out="".join(f"{line}\n" for line in shown))


def read(tmp_path: Path, log: Log, *, lines: int, last: str | None = BEFORE[-1]) -> list[str]:
    params = {"job": "j-1", "name": "cr", "lines": lines, "own": True, "first": True}
    fields = Fields(params, tmp_path)
    if last is not None:
        jobs.note(fields.job_folder(), log_last=last)
    return containers.container_tail(fields, log)["lines"]


def test_short_output_is_read_at_once(tmp_path: Path):
    log = Log([*BEFORE, *SINCE[:4]])
    assert read(tmp_path, log, lines=20) == SINCE[:4]
    assert log.asked == ["20"]


def test_of_long_output_the_first_lines_are_shown(tmp_path: Path):
    log = Log([*BEFORE, *SINCE])
    assert read(tmp_path, log, lines=5) == SINCE[:5]
    assert log.asked == ["5", "all"]


def test_without_history_the_log_begins_with_them(tmp_path: Path):
    assert read(tmp_path, Log(SINCE), lines=5, last=None) == SINCE[:5]


def test_log_that_does_not_reach_back_is_no_gap(tmp_path: Path):
    """It was rotated away: nothing is known of these lines, which is not that they are missing."""
    with pytest.raises(StepFailed) as refused:
        read(tmp_path, Log(SINCE[10:]), lines=5)
    assert refused.value.code == "output-cut"
