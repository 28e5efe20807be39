"""What a job has restored is ended by number and start: a later job may have the same numbers."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app.engine.hostside import jobs, restored, tree

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
TICK_S = 0.02


class Task:
    """A process that is reaped as soon as it ends, as its parent would."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(SLEEPER)
        self.pid = self._process.pid
        threading.Thread(target=self._process.wait, daemon=True).start()

    def lives(self) -> bool:
        return tree.stat_of(self.pid) is not None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return jobs.open_folder(tmp_path / "job-1")


@pytest.fixture
def task() -> Iterator[Task]:
    made = Task()
    yield made
    made.end()


def expected(folder: Path, pid: int) -> None:
    """As before a restore that takes this number, which is free then."""
    jobs.note(folder, target_pids=[pid], target_since=tree.now_ticks())


def test_numbers_that_are_taken_are_not_expected(folder, task):
    assert restored.expect(folder, [task.pid]) == []
    assert restored.end(folder) == [] and task.lives()


def test_tasks_that_were_found_are_ended(folder, task):
    expected(folder, task.pid)
    assert restored.found(folder, [task.pid]) == [tree.identity(task.pid)]
    assert restored.end(folder) == [task.pid]
    assert not task.lives()
    assert restored.end(folder) == []


def test_the_same_number_of_somebody_else_is_left_alone(folder, task):
    pid, start = tree.identity(task.pid)
    jobs.note(folder, target_pids=[pid], tasks=[[pid, start - 1]])
    assert restored.end(folder) == [] and task.lives()


def test_tasks_of_a_restore_that_was_never_heard_of_again_are_ended(folder):
    since = tree.now_ticks()
    task = Task()
    jobs.note(folder, target_pids=[task.pid], target_since=since)
    assert restored.end(folder) == [task.pid] and not task.lives()


def test_what_was_there_before_the_restore_is_left_alone(folder, task):
    time.sleep(TICK_S)
    expected(folder, task.pid)
    assert restored.end(folder) == [] and task.lives()


def test_what_came_after_a_restore_that_failed_is_left_alone(folder):
    jobs.note(folder, target_since=tree.now_ticks())
    restored.over(folder)
    time.sleep(TICK_S)
    task = Task()
    jobs.note(folder, target_pids=[task.pid])
    assert restored.end(folder) == [] and task.lives()
    task.end()


def test_nothing_is_ended_when_the_job_is_cleaned_up(folder, task):
    restored.found(folder, [task.pid])
    jobs.remove_folder(folder)
    assert restored.end(folder) == [] and task.lives()
    restored.over(folder)
    restored.found(folder, [task.pid])
    assert not folder.exists()  # late notes begin no job anew
