"""JSON lines: one request a line in, one answer a line out, answers in any order.

    {"id": 7, "verb": "container_state", "params": {…}, "session": …, "until_ns": …}
    {"id": 7, "result": {…}, "commands": [{argv, status, start_ns, end_ns}]}
    {"id": 7, "error": {code, message, log_excerpt, log, kind}, "commands": […]}

What session and until_ns are for is in fence.py. Each request has a thread, so that the clock can
be asked while a dump runs. When the input ends, what was begun is finished before the program ends:
a step half done is worse than one unheard.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

from ..errors import EngineError, NotPossible, StepFailed, StepTimedOut
from . import fence
from .fields import Fields
from .run import Runner

Verb = Callable[[Fields, Runner], Mapping[str, Any]]


LOOK_S = 5.0  # for whether another session has taken this one's place


class Session:
    def __init__(
        self,
        verbs: Mapping[str, Verb],
        out: IO[str],
        *,
        when_replaced: Callable[[], object] | None = None,
    ) -> None:
        self._verbs = verbs
        self._out = out
        self._lock = threading.Lock()
        self._under_way = 0
        self._when_replaced = when_replaced

    def serve(self, lines: IO[str]) -> None:
        """Answer until the input ends and every begun request is answered."""
        threads = []
        for line in lines:
            request = _request(line)
            self._begin(request)
            thread = threading.Thread(target=self._answer, args=(request,))
            thread.start()
            threads.append(thread)
            threads = [one for one in threads if one.is_alive()]
        for thread in threads:
            thread.join()

    def _begin(self, request: Mapping[str, Any]) -> None:
        with self._lock:
            self._under_way += 1
        session, told = fence.session_of(request), self._when_replaced
        if request.get("verb") == "hello" and session is not None and told is not None:
            threading.Thread(target=self._watch, args=(session, told), daemon=True).start()

    def _watch(self, session: str, told: Callable[[], object]) -> None:
        while True:
            time.sleep(LOOK_S)
            if fence.is_replaced(session):
                with self._lock:
                    if self._under_way == 0:
                        told()
                        return

    def _answer(self, request: Mapping[str, Any]) -> None:
        runner = Runner()
        answer = {"id": request.get("id"), **self._outcome(request, runner)}
        answer["commands"] = [ran.to_json() for ran in runner.ran]
        with self._lock:
            self._under_way -= 1
            self._write(json.dumps(answer))

    def _write(self, line: str) -> None:
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except BrokenPipeError:
            return  # nobody listens any more; the work itself is done and on the disk

    def _outcome(self, request: Mapping[str, Any], runner: Runner) -> dict[str, Any]:
        try:
            fence.pass_through(request)
            verb = self._verbs.get(str(request.get("verb")))
            if verb is None:
                raise NotPossible(f"no such verb: {request.get('verb')}", code="bad-request")
            return {"result": verb(Fields(request.get("params") or {}), runner)}
        except EngineError as error:
            return {"error": _error_json(error)}
        except Exception as error:  # noqa: BLE001  the outermost edge: told, never swallowed
            return {"error": _error_json(_unforeseen(error))}


def _request(line: str) -> Mapping[str, Any]:
    """A line that is no request is answered as one for no verb: the session goes on."""
    try:
        request = json.loads(line)
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def _unforeseen(error: Exception) -> EngineError:
    if isinstance(error, OSError) and error.errno == 28:
        return StepFailed(f"the host's disk is full: {error}", code="disk-full")
    return StepFailed(f"{type(error).__name__}: {error}", code="hostside-error")


_KINDS = ((NotPossible, "not-possible"), (StepTimedOut, "timed-out"), (EngineError, "failed"))


def _error_json(error: EngineError) -> dict[str, Any]:
    kind = next(name for cls, name in _KINDS if isinstance(error, cls))
    return {
        "kind": kind,
        "code": error.code,
        "message": error.message,
        "log_excerpt": error.log_excerpt,
        "log": error.log,
    }
