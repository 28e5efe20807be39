"""What a job left behind, removed later: by identity, and nothing that runs."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import jobs, tree
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.run import Runner
from migrations_app.engine.hostside.verbs import VERBS

SLEEP = [sys.executable, "-I", "-c", "import time; time.sleep(600)"]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs" / "j-1"


@pytest.fixture
def call(tmp_path: Path) -> Ask:
    def ask(verb: str, **params: Any) -> dict[str, Any]:
        return dict(VERBS[verb](Fields({"job": "j-1", **params}, tmp_path), Runner()))

    return ask


@pytest.fixture
def original(call: Ask) -> Iterator[dict[str, Any]]:
    """A process with its output file, that this host was the source of."""
    started = call("process_start", name="left", argv=SLEEP)
    yield started
    call("process_end", pid=started["pid"])


def stopped(pid: int) -> None:
    """Whoever asks afterwards finds that it stands still."""
    os.kill(pid, signal.SIGSTOP)
    while (stat := tree.stat_of(pid)) and stat.state not in "tT":
        os.sched_yield()


def noted(folder: Path, original: dict[str, Any], **more: Any) -> None:
    held = {"files": [original["output"]], "source_tasks": [tree.identity(original["pid"])]}
    jobs.note(folder, **(held | more))


def left(call: Ask, half: str = "source", **flags: bool) -> dict[str, Any]:
    return call("left_remove", half=half, **flags)


def alive(original: dict[str, Any]) -> bool:
    stat = tree.stat_of(original["pid"])
    return stat is not None and stat.state not in "ZX"


def test_frozen_original_goes_with_its_files_and_the_jobs_folder(call, original, folder: Path):
    noted(folder, original)
    stopped(original["pid"])
    told = left(call)
    assert f"process {original['pid']}" in told["removed"] and not alive(original)
    assert not Path(original["output"]).exists() and not folder.exists()
    assert left(call) == {"removed": [], "kept": []}  # and again: there is nothing any more


def test_original_that_runs_is_told_and_nothing_is_ended(call, original, folder: Path):
    noted(folder, original)
    with pytest.raises(StepFailed) as refused:
        left(call)
    assert refused.value.code == "left-runs" and alive(original)
    assert Path(original["output"]).exists() and folder.exists()


def test_another_process_with_its_pid_is_left_alone(call, original, folder: Path):
    pid, ticks = tree.identity(original["pid"])
    noted(folder, original, source_tasks=[[pid, ticks - 1]])
    stopped(pid)
    assert f"process {pid}" not in left(call)["removed"]
    assert alive(original) and Path(original["output"]).exists()  # it is open: somebody writes it


def test_original_beside_its_copy_goes_on(call, original, folder: Path):
    noted(folder, original)
    stopped(original["pid"])
    left(call, copied=True)
    assert alive(original) and tree.stat_of(original["pid"]).state not in "tT"
    assert not folder.exists()


def test_where_the_workload_ended_only_the_jobs_own_things_go(call, original, folder: Path):
    noted(folder, original)
    stopped(original["pid"])
    assert str(folder) in left(call, ended_here=True)["removed"]
    assert alive(original) and Path(original["output"]).exists()


def test_what_was_restored_on_a_target_that_failed_goes_by_its_start(
    call, original, folder: Path, tmp_path: Path
):
    arrived = tmp_path / "arrived"
    arrived.write_text("1\n")
    jobs.note(folder, tasks=[tree.identity(original["pid"])], files=[str(arrived)])
    told = left(call, half="target")
    assert f"process {original['pid']}" in told["removed"] and not alive(original)
    assert not arrived.exists()
