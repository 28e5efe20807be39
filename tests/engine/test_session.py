"""The JSON lines between controller and host, over real pipes."""

import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import HostSessionLost, NotPossible, StepFailed, StepTimedOut
from migrations_app.engine.hosts import jsonlines
from migrations_app.engine.hosts.jsonlines import JsonLines
from migrations_app.engine.hostside.session import Session

LIMIT_S = 5.0


def answers(verbs: dict[str, Callable], *lines: str) -> list[dict[str, Any]]:
    """What a session writes for these lines, until its input ends."""
    out = io.StringIO()
    Session(verbs, out).serve(io.StringIO("".join(f"{line}\n" for line in lines)))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def request(number: int, verb: str, **params: Any) -> str:
    return json.dumps({"id": number, "verb": verb, "params": params})


def echo(fields, _) -> dict[str, Any]:
    return {"said": fields.strings("words")}


@contextmanager
def session(verbs: dict[str, Callable]) -> Iterator[JsonLines]:
    """A controller's half and a host's half, a pipe each way."""
    (to_host, asked), (answered, from_host) = os.pipe(), os.pipe()
    host_in, host_out = os.fdopen(to_host), os.fdopen(from_host, "w")

    def serve() -> None:
        with host_in, host_out:
            Session(verbs, host_out).serve(host_in)

    thread = threading.Thread(target=serve)
    thread.start()
    with os.fdopen(asked, "w") as writer:
        yield JsonLines(writer, os.fdopen(answered), "lab-a")
    thread.join(LIMIT_S)


def test_answer_has_the_number_of_its_request():
    (answer,) = answers({"echo": echo}, request(7, "echo", words=["a"]))
    assert answer == {"id": 7, "result": {"said": ["a"]}, "commands": []}


@pytest.mark.parametrize("line", ["", "{", "null", "[]", "7", '"echo"', "é\x00", '{"id": 1}'])
def test_line_that_is_no_request_is_told_and_the_session_goes_on(line: str):
    garbled, good = sorted(
        answers({"echo": echo}, line, request(7, "echo", words=[])),
        key=lambda answer: answer["id"] == 7,
    )
    assert garbled["error"]["code"] == "bad-request"
    assert good["result"] == {"said": []}


def test_verb_that_there_is_not_is_refused():
    (answer,) = answers({"echo": echo}, request(1, "__class__"))
    assert (answer["error"]["kind"], answer["error"]["code"]) == ("not-possible", "bad-request")


def test_commands_that_ran_come_with_the_answer_and_with_the_error():
    def run(fields, runner):
        runner(["true"])
        runner(["false"])

    (answer,) = answers({"run": run}, request(1, "run"))
    assert [(one["argv"], one["status"]) for one in answer["commands"]] == [
        (["true"], 0),
        (["false"], 1),
    ]
    assert answer["error"]["code"] == "command-failed"


def test_fault_in_a_verb_is_told_by_its_kind():
    def fault(fields, runner):
        raise ZeroDivisionError("x")

    (answer,) = answers({"fault": fault}, request(1, "fault"))
    assert answer["error"]["code"] == "hostside-error"
    assert answer["error"]["message"] == "ZeroDivisionError: x"


def test_full_disk_is_told_as_that():
    def fill(fields, runner):
        with Path("/dev/full").open("w") as file:
            file.write("x")

    (answer,) = answers({"fill": fill}, request(1, "fill"))
    assert answer["error"]["code"] == "disk-full"


def test_quick_request_is_answered_while_a_slow_one_is_under_way():
    go_on = threading.Event()

    def slow(fields, runner):
        assert go_on.wait(LIMIT_S)
        return {}

    def quick(fields, runner):
        go_on.set()
        return {}

    verbs = {"slow": slow, "quick": quick}
    found = answers(verbs, request(1, "slow"), request(2, "quick"))
    assert [answer["id"] for answer in found] == [2, 1]


def test_what_was_begun_is_finished_when_the_input_ends():
    done = threading.Event()

    def slow(fields, runner):
        done.wait(0.05)
        done.set()
        return {"finished": True}

    (answer,) = answers({"slow": slow}, request(1, "slow"))
    assert answer["result"] == {"finished": True} and done.is_set()


def test_answer_that_nobody_hears_does_not_end_the_host():
    class Deaf(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    Session({"echo": echo}, Deaf()).serve(io.StringIO(request(1, "echo", words=[]) + "\n"))


def test_controller_gets_each_answer_for_its_own_question():
    gate = threading.Barrier(3)

    def together(fields, runner):
        gate.wait(LIMIT_S)
        return {"said": fields.strings("words")}

    with session({"together": together}) as lines:
        heard: dict[str, Any] = {}

        def ask(word: str) -> None:
            answer = lines.ask("together", {"words": [word]}, timeout_s=LIMIT_S)
            heard[word] = answer.result["said"]

        threads = [threading.Thread(target=ask, args=(word,)) for word in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
    assert heard == {"a": ["a"], "b": ["b"], "c": ["c"]}


@pytest.mark.parametrize(
    "error",
    [
        NotPossible("no", code="workload-absent"),
        StepTimedOut("late", code="dump-timed-out", log_excerpt="Error (x): y"),
        StepFailed("failed", code="dump-failed", log_excerpt="Error (x): y"),
    ],
)
def test_error_arrives_as_what_it_was(error: StepFailed):
    def refuse(fields, runner):
        runner(["true"])
        raise error

    with session({"refuse": refuse}) as lines, pytest.raises(type(error)) as raised:
        lines.ask("refuse", {}, timeout_s=LIMIT_S)
    assert (raised.value.code, raised.value.message) == (error.code, error.message)
    assert raised.value.log_excerpt == error.log_excerpt
    assert raised.value.commands[0]["argv"] == ["true"]


def test_host_is_told_the_limit_that_the_controller_waits():
    with session({"limit": lambda fields, _: {"s": fields.seconds()}}) as lines:
        assert lines.ask("limit", {}, timeout_s=4.5).result == {"s": 4.5}


def test_host_that_does_not_answer_in_time_is_a_lost_session(monkeypatch):
    monkeypatch.setattr(jsonlines, "GRACE_S", 0.0)
    over = threading.Event()
    with session({"hang": lambda *_: {"over": over.wait(LIMIT_S)}}) as lines:
        with pytest.raises(HostSessionLost, match="did not answer hang"):
            lines.ask("hang", {}, timeout_s=0.02)
        over.set()


@pytest.mark.parametrize("said", ["", "no JSON\n", "[]\n", '{"answer": 1}\n'])
def test_host_that_ends_or_says_something_else_is_a_lost_session(said: str):
    read, write = os.pipe()
    answered, from_host = os.pipe()
    lines = JsonLines(os.fdopen(write, "w"), os.fdopen(answered), "lab-a")
    asked: list[BaseException] = []

    def ask() -> None:
        try:
            lines.ask("hello", {}, timeout_s=LIMIT_S)
        except HostSessionLost as error:
            asked.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    with os.fdopen(read) as host_in, os.fdopen(from_host, "w") as host_out:
        host_in.readline()
        host_out.write(said)
    thread.join(LIMIT_S)
    assert len(asked) == 1 and lines.lost
    with pytest.raises(HostSessionLost, match="has ended"):
        lines.ask("hello", {}, timeout_s=LIMIT_S)
