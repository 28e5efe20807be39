"""Ending processes: their numbers are free afterwards, and one that does not end is told."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app.engine.errors import StepTimedOut
from migrations_app.engine.hostside import tree


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    one = subprocess.Popen(["sleep", "60"])
    yield one
    one.kill()
    one.wait()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "SETTLED_S", 0.05)


def test_a_dead_process_whose_parent_does_not_look_has_ended(
    child: subprocess.Popen[bytes], impatient: None
) -> None:
    """As what a program of ours started that stands still itself: nobody takes it off the list."""
    tree.kill([child.pid])
    stat = tree.stat_of(child.pid)
    assert stat is not None
    assert stat.state == "Z"


def test_one_that_goes_on_is_told(
    child: subprocess.Popen[bytes], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "_signal", lambda pids, number: None)
    with pytest.raises(StepTimedOut, match=str(child.pid)) as raised:
        tree.kill([child.pid])
    assert raised.value.code == "kill-failed"


def test_a_number_is_free_when_it_returns() -> None:
    """The shell in between looks after its child; the child's number can be had at once."""
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout is not None
    pid = int(shell.stdout.readline())
    tree.kill([pid])
    assert not Path(f"/proc/{pid}").exists()
    shell.communicate("\n")
