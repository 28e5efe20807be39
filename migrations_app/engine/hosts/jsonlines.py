"""The controller's half of the JSON lines that ../hostside/session.py describes."""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import IO, Any

from ..errors import (
    EngineError,
    HostSessionLost,
    NotPossible,
    StepFailed,
    StepTimedOut,
)
from .base import Answer

# The host begins a step within this time or not at all, and ends it itself within the step's own:
# when both have passed we stop waiting for its word.
GRACE_S = 10.0

_ERRORS: dict[str, type[EngineError]] = {
    "not-possible": NotPossible,
    "timed-out": StepTimedOut,
    "failed": StepFailed,
}


class JsonLines:
    """One session over a pair of text streams; many threads may ask at once."""

    def __init__(self, to_host: IO[str], from_host: IO[str], name: str) -> None:
        self._to_host = to_host
        self._name = name
        self.id = secrets.token_hex(8)
        self._ahead_ns: int | None = None  # the host's boot time less ours
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self.lost = False
        self._reader = threading.Thread(target=self._read, args=(from_host,), daemon=True)
        self._reader.start()

    def greet(self, replaces: Sequence[str], *, timeout_s: float) -> Answer:
        """The first request. The host refuses from now on what arrives of the sessions named.

        It tells the host's boot time as well, so that later requests can say until when they may
        begin: read after this one was sent, so what is taken for it errs to the late side.
        """
        sent = _boottime_ns()
        answer = self._ask({"verb": "hello", "params": {}, "replaces": [*replaces]}, timeout_s)
        self._ahead_ns = int(answer.result["boottime_ns"]) - sent
        return answer

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        """See base.Host.ask. The host is told timeout_s and ends what takes longer by itself."""
        return self._ask({"verb": verb, "params": {"limit_s": timeout_s, **params}}, timeout_s)

    def _ask(self, request: Mapping[str, Any], timeout_s: float) -> Answer:
        number, future = self._expect()
        try:
            self._send({"id": number, "session": self.id, **self._until(), **request})
            return _answer(future.result(timeout_s + GRACE_S))
        except FutureTimeout as error:
            message = f"{self._name} did not answer {request['verb']} within {timeout_s:g} s"
            raise HostSessionLost(message) from error
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def close(self) -> None:
        """Tell the host that no more requests come; it finishes what it has begun."""
        with contextlib.suppress(OSError, ValueError):
            self._to_host.close()

    def wait_for_end(self, limit_s: float) -> None:
        """Until the reader has seen the end of what the host says."""
        if threading.current_thread() is not self._reader:
            self._reader.join(limit_s)

    def _until(self) -> dict[str, int]:
        if self._ahead_ns is None:
            return {}
        return {"until_ns": _boottime_ns() + self._ahead_ns + int(GRACE_S * 1e9)}

    def _expect(self) -> tuple[int, Future[dict[str, Any]]]:
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            if self.lost:
                raise HostSessionLost(f"the session with {self._name} has ended")
            number = next(self._ids)
            self._waiting[number] = future
        return number, future

    def _send(self, request: Mapping[str, Any]) -> None:
        line = json.dumps(request) + "\n"
        try:
            with self._lock:
                self._to_host.write(line)
                self._to_host.flush()
        except (OSError, ValueError) as error:
            raise HostSessionLost(f"the session with {self._name} broke: {error}") from error

    def _read(self, from_host: IO[str]) -> None:
        try:
            for line in from_host:
                self._deliver(json.loads(line))
        except (OSError, ValueError, KeyError, TypeError):
            pass  # a broken session and a garbled one are alike: what waits is told below
        finally:
            with contextlib.suppress(OSError, ValueError):
                from_host.close()
            self._fail_all()

    def _deliver(self, answer: dict[str, Any]) -> None:
        with self._lock:
            future = self._waiting.get(answer["id"])
        if future is not None:
            future.set_result(answer)

    def _fail_all(self) -> None:
        with self._lock:
            self.lost = True
            waiting = list(self._waiting.values())
        for future in waiting:
            if not future.done():
                future.set_exception(HostSessionLost(f"the session with {self._name} broke"))


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _answer(answer: Mapping[str, Any]) -> Answer:
    commands = tuple(answer.get("commands", ()))
    error = answer.get("error")
    if error is None:
        return Answer(answer["result"], commands)
    raised = _ERRORS[error["kind"]](
        error["message"], code=error["code"], log_excerpt=error["log_excerpt"]
    )
    raised.commands, raised.log = commands, error.get("log")
    raise raised
