"""A request that arrives after it was given up is refused, and leaves nothing behind."""

import io
import json
import os
import queue
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import NotPossible
from migrations_app.engine.hosts.jsonlines import GRACE_S, JsonLines
from migrations_app.engine.hostside import fence
from migrations_app.engine.hostside import session as hostside_session
from migrations_app.engine.hostside.session import Session
from migrations_app.engine.hostside.verbs import hello

LIMIT_S = 5.0
ONE, TWO = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture(autouse=True)
def replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "replaced"
    monkeypatch.setattr(fence, "REPLACED", folder)
    return folder


class Host:
    """Verbs that write down what they were asked to begin."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def begin(self, fields: Any, _: Any) -> dict[str, Any]:
        self.begun.append(fields.name())
        return {}

    def answer(self, **request: Any) -> dict[str, Any]:
        out = io.StringIO()
        line = json.dumps({"id": 1, "verb": "begin", "params": {"name": "x"}, **request})
        Session({"begin": self.begin, "hello": hello}, out).serve(io.StringIO(line + "\n"))
        answer = json.loads(out.getvalue())
        assert isinstance(answer, dict)
        return answer


def test_request_in_time_is_begun():
    host = Host()
    assert "result" in host.answer(session=ONE, until_ns=fence.boottime_ns() + 10**9)
    assert host.begun == ["x"]


def test_request_after_its_time_is_not():
    host = Host()
    answer = host.answer(session=ONE, until_ns=fence.boottime_ns() - 3_000_000_000)
    assert answer["error"]["code"] == "too-late" and answer["error"]["kind"] == "not-possible"
    assert re.match(r"begin came [3-9]\d{3} ms after", answer["error"]["message"])
    assert host.begun == []


def test_request_of_a_session_that_was_replaced_is_not_begun():
    host = Host()
    assert "result" in host.answer(session=ONE)
    assert "result" in host.answer(session=TWO, verb="hello", replaces=[ONE])
    assert host.answer(session=ONE)["error"]["code"] == "too-late"
    assert "result" in host.answer(session=TWO)
    assert host.begun == ["x", "x"]


@pytest.mark.parametrize(
    "marks",
    [
        {"session": "../../etc"},
        {"session": 7},
        {"until_ns": "soon"},
        {"replaces": "all"},
        {"replaces": [ONE, "../armed"]},
    ],
)
def test_marks_of_another_form_are_refused(marks: dict[str, Any], replaced: Path):
    host = Host()
    assert host.answer(**marks)["error"]["code"] == "bad-request"
    assert host.begun == [] and not replaced.exists()


def test_marks_of_long_ago_go(replaced: Path):
    host = Host()
    host.answer(session=TWO, verb="hello", replaces=[ONE])
    os.utime(replaced / ONE, (time.time() - 4000, time.time() - 4000))
    assert "result" in host.answer(session="a" * 16, verb="hello", replaces=[TWO])
    assert [mark.name for mark in replaced.iterdir()] == [TWO]


@contextmanager
def session(host: Host) -> Iterator[JsonLines]:
    """A controller's half and a host's half, a pipe each way."""
    (to_host, asked), (answered, from_host) = os.pipe(), os.pipe()
    host_in, host_out = os.fdopen(to_host), os.fdopen(from_host, "w")

    def serve() -> None:
        with host_in, host_out:
            Session({"begin": host.begin, "hello": hello}, host_out).serve(host_in)

    thread = threading.Thread(target=serve)
    thread.start()
    with os.fdopen(asked, "w") as writer:
        yield JsonLines(writer, os.fdopen(answered), "lab-a")
    thread.join(LIMIT_S)


def test_controller_says_until_when_by_the_hosts_own_clock(monkeypatch: pytest.MonkeyPatch):
    """That of a host that was started an hour before us."""
    clock = fence.boottime_ns
    monkeypatch.setattr(fence, "boottime_ns", lambda: clock() + 3600 * 10**9)
    host = Host()
    with session(host) as lines:
        lines.greet([], timeout_s=LIMIT_S)
        lines.ask("begin", {"name": "now"}, timeout_s=LIMIT_S)
        later = clock() + 3600 * 10**9 + int(GRACE_S * 1e9) + 10**9
        monkeypatch.setattr(fence, "boottime_ns", lambda: later)
        with pytest.raises(NotPossible, match="after it was given up") as told:
            lines.ask("begin", {"name": "late"}, timeout_s=LIMIT_S)
    assert told.value.code == "too-late" and host.begun == ["now"]


def test_new_session_ends_the_former():
    host = Host()
    with session(host) as first, session(host) as second:
        first.greet([], timeout_s=LIMIT_S)
        second.greet([first.id], timeout_s=LIMIT_S)
        with pytest.raises(NotPossible, match="session that was given up"):
            first.ask("begin", {"name": "late"}, timeout_s=LIMIT_S)
        second.ask("begin", {"name": "now"}, timeout_s=LIMIT_S)
    assert host.begun == ["now"]


def test_program_whose_session_was_replaced_ends_once_nothing_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
):
    """Its input never ends where the network was cut for minutes."""
    monkeypatch.setattr(hostside_session, "LOOK_S", 0.01)
    held, ended = threading.Event(), threading.Event()
    begun: list[bool] = []

    def hold(*_: Any) -> dict[str, Any]:
        begun.append(ended.is_set())
        held.wait(LIMIT_S)
        return {}

    lines = Lines()
    verbs = {"hello": hello, "hold": hold}
    session = Session(verbs, io.StringIO(), when_replaced=ended.set)
    threading.Thread(target=session.serve, args=(lines,), daemon=True).start()
    lines.say(id=1, verb="hello", session=ONE)
    lines.say(id=2, verb="hold", session=ONE)
    lines.say(id=3, verb="hello", session=TWO, replaces=[ONE])
    assert not ended.wait(0.1) and begun == [False]
    held.set()
    assert ended.wait(LIMIT_S)


class Lines(Iterator[str]):
    """An input that waits for more."""

    def __init__(self) -> None:
        self._said: queue.Queue[str] = queue.Queue()

    def say(self, **request: Any) -> None:
        self._said.put(json.dumps({"params": {}, **request}) + "\n")

    def __next__(self) -> str:
        return self._said.get()
