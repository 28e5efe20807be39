"""What is armed on a target waits for its word, and not for ever."""

import threading
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import target
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.run import Runner

LIMIT_S = 5.0


class Armed:
    """A restore that only lacks its word."""

    released = False

    def release(self) -> None:
        self.released = True


@pytest.fixture
def armed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> target.Target:
    monkeypatch.setattr(target, "LOOK_S", 0.01)
    folder = tmp_path / "jobs" / "j-1"
    folder.mkdir(parents=True)
    made = target.Target("j-1", folder, Armed(), LIMIT_S)
    monkeypatch.setitem(target._targets, "j-1", made)
    return made


class Receiving:
    """The verb, in a thread of its own as in a session."""

    def __init__(self, root: Path) -> None:
        self.error: list[StepFailed] = []
        self.result: dict[str, Any] = {}
        self.thread = threading.Thread(target=self._receive, args=(root,), daemon=True)
        self.thread.start()

    def _receive(self, root: Path) -> None:
        try:
            self.result = target.hand_over_receive(Fields({"job": "j-1"}, root), Runner())
        except StepFailed as error:
            self.error.append(error)


def test_it_waits_as_long_as_the_job_is_there(armed: target.Target, tmp_path: Path):
    receiving = Receiving(tmp_path)
    receiving.thread.join(0.1)
    assert receiving.thread.is_alive() and not armed.restore.released
    armed._end({"restored": {"resumed_ns": 7}})
    receiving.thread.join(LIMIT_S)
    assert receiving.result == {"resumed_ns": 7}


def test_job_that_another_program_has_cleaned_up_is_waited_for_no_more(
    armed: target.Target, tmp_path: Path
):
    receiving = Receiving(tmp_path)
    armed.folder.rmdir()
    receiving.thread.join(LIMIT_S)
    assert [error.code for error in receiving.error] == ["released"]
    assert armed.restore.released and not armed.asked()


def test_restore_that_was_asked_for_is_waited_for_all_the_same(
    armed: target.Target, tmp_path: Path
):
    assert armed.asked()
    receiving = Receiving(tmp_path)
    armed.folder.rmdir()
    receiving.thread.join(0.1)
    assert receiving.thread.is_alive() and not armed.restore.released
    armed._end({"restored": {}})
    receiving.thread.join(LIMIT_S)
    assert not receiving.thread.is_alive()
