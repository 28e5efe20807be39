"""Verbs for the client outside of a workload that serves a network: started, looked at, ended.

Each has a folder by its workload's name; what it saw is on this host's monotonic clock.
"""

from __future__ import annotations

import json
import shutil
import statistics
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from . import tree
from .calls import archive
from .client_kinds import NUMBERS
from .fields import Fields
from .http_client import ASKED
from .latency import Reply, latencies
from .outside_client import SEEN, STATE
from .redis_client import CHECK
from .run import Runner, start_detached

MOST_GAPS = 20  # that are told one by one, the longest
_TASK = "task.json"


def client_start(fields: Fields, _: Runner) -> dict[str, Any]:
    """Have a client of this kind talk with address and port; `begun`: False when one did already.

    `values`: numbers of the workload that the kind of client must know (client_kinds.NUMBERS).
    Raises NotPossible with code `client-elsewhere` when that one talks with another address.
    """
    folder = _folder(fields)
    kind = fields.choice("kind", *NUMBERS)
    place = [kind, fields.address(), fields.integer("port", 1, 65535)]
    values = Fields(fields.mapping("values") if fields.has("values") else {})
    numbers = [values.integer(name, 0, 2**31) for name in NUMBERS[kind]]
    task = _task(folder)
    if task is not None and tree.lives(task["who"]):
        if task["place"] != place:
            message = f"the client of {folder.name} talks with {task['place'][1]} already"
            raise NotPossible(message, code="client-elsewhere")
        return {"begun": False}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    (folder / SEEN).touch()
    argv = ["python3", "-I", "-B", archive(), "client", *map(str, [*place, folder, *numbers])]
    pid = start_detached(argv, folder / "output")
    (folder / _TASK).write_text(json.dumps({"who": tree.identity(pid), "place": place}))
    return {"begun": True}


def client_look(fields: Fields, _: Runner) -> dict[str, Any]:
    """Its `state` (outside_client.State), `last_ns` of its last answer, gaps_of, `latency`.

    The latter where `frozen_ns` and `resumed_ns` tell the stop window, on this host's clock.
    Raises NotPossible with code `client-absent`, StepFailed with `client-ended`.
    """
    folder = _living(fields)
    state = _state(folder)
    since, until = (fields.integer(name, 0, 2**63) for name in ("since_ns", "until_ns"))
    moments, asked = _moments(folder / SEEN), _moments(folder / ASKED)
    return {
        "state": state,
        "last_ns": moments[-1] if moments else None,
        **gaps_of(moments, since, until),
        "latency": latencies(replies_of(asked, moments, since, until), *_window(fields)),
    }


def _window(fields: Fields) -> list[int | None]:
    names = ("frozen_ns", "resumed_ns")
    return [fields.integer(name, 0, 2**63) if fields.has(name) else None for name in names]


def client_check(fields: Fields, _: Runner) -> dict[str, Any]:
    """Ask it to look at all that it knows; `checks`: how often it has, before this one.

    Raises as client_look does, and NotPossible with code `bad-request` where its kind can't.
    """
    folder = _living(fields)
    checks = _state(folder).get("checks")
    if checks is None:
        raise NotPossible("this client has nothing to check", code="bad-request")
    (folder / CHECK).touch()
    return {"checks": checks}


def client_stop(fields: Fields, _: Runner) -> dict[str, Any]:
    """End it, and remove what it wrote; `stopped`: whether it was there."""
    folder = _folder(fields)
    task = _task(folder)
    if task is not None:
        tree.end([task["who"]])
    shutil.rmtree(folder, ignore_errors=True)
    return {"stopped": task is not None}


def gaps_of(moments: Sequence[int], since: int, until: int) -> dict[str, Any]:
    """Between two answers, of those gaps that touch the time asked for: the longest ones, by time.

    `usual_ms` is their median; `count` how many answers came in that time. Pure.
    """
    first, last = bisect_left(moments, since), bisect_right(moments, until)
    found = list(pairwise(moments[max(0, first - 1) : last + 1]))
    longest = sorted(sorted(found, key=lambda one: one[0] - one[1])[:MOST_GAPS])
    usual = statistics.median(b - a for a, b in found) / 1e6 if found else None
    return {"gaps": [list(one) for one in longest], "usual_ms": usual, "count": last - first}


def replies_of(
    asked: Sequence[int], answered: Sequence[int], since: int, until: int
) -> list[Reply]:
    """When each answer of that time was asked for and when it came; none where nobody noted.

    Pure. `asked` may be ahead by what is not answered yet.
    """
    first, last = bisect_left(answered, since), bisect_right(answered, until)
    return list(zip(asked[first:last], answered[first:last], strict=False))


def _moments(path: Path) -> array[int]:
    data = path.read_bytes() if path.exists() else b""
    moments = array("Q")
    moments.frombytes(data[: len(data) // 8 * 8])
    return moments


def _living(fields: Fields) -> Path:
    """The folder of a client that runs."""
    folder = _folder(fields)
    task = _task(folder)
    if task is None:
        raise NotPossible(f"no client of {folder.name} is here", code="client-absent")
    if not tree.lives(task["who"]):
        said = (folder / "output").read_text(errors="replace")[-500:]
        raise StepFailed(f"the client of {folder.name} has ended: {said}", code="client-ended")
    return folder


def _state(folder: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((folder / STATE).read_text())
    except FileNotFoundError:
        return {}  # not connected yet
    return state


def _folder(fields: Fields) -> Path:
    return fields.workloads.parent / "clients" / fields.name()


def _task(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / _TASK).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "client_check": client_check,
    "client_look": client_look,
    "client_start": client_start,
    "client_stop": client_stop,
}
