"""Two hosts that behave like real ones, as far as a migration can tell: enough to break it.

Each has containers, processes, files and journals, and clocks of its own. Time that a step takes
is counted, not waited. A fault can be put before, at any call and in any of three ways: the verb
did nothing, it did its work and the answer was lost, or it does its work later, unheard.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrations_app.engine.errors import EngineError, HostUnreachable, NotPossible, StepFailed
from migrations_app.engine.hosts.base import Answer
from migrations_app.engine.plan import WorkloadRef

from .simulated import (
    CALL_TO_FROZEN,
    CALL_TO_RUNNING,
    FACTS,
    FROZEN_TO_DUMPED,
    IMAGE_BYTES,
    OUTPUT,
    RUNNING_TO_RETURN,
    SENT,
    Fault,
    Workload,
)
from .simulated_along import POLICY, VOLUME, Along
from .simulated_containers import Containers
from .simulated_moving import Armed, Moving
from .simulated_processes import Processes


@dataclass
class Pair:
    """The two hosts and the workload on the first of them."""

    workload: WorkloadRef
    fault: Fault | None = None
    resumes_at: int | None = None  # a number to go on from, instead of the image's
    lines_after: int = 3
    memory: str = "ok"
    log_driver: str = "json-file"
    log_cut: bool = False  # only the newest lines come along, and not even all of those
    wrong_files: tuple[str, ...] = ()  # of those that came along
    breaks: str | None = None  # see simulated_moving.BREAKS
    round_pages: tuple[int, ...] = (1000, 100, 10)  # that each pre-copy round finds
    calls: list[tuple[str, str]] = field(default_factory=list)
    elapsed_ns: int = 0

    def __post_init__(self) -> None:
        self.receiving = threading.Event()  # the target has been told to wait for its restore
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self.source = SimulatedHost(self, "source", offset_s=5_000, wall_offset_s=0.25)
        self.target = SimulatedHost(self, "target", offset_s=-3_000, wall_offset_s=-1.5)
        first = Workload("running")
        first.print(range(5), self.source.wall_ns() - 10**9)
        self.source.put(self.workload, first)
        if self.workload.pid is None:
            self.source.volumes[VOLUME], first.policy = "content", POLICY

    def alive(self) -> list[str]:
        """Names of the hosts on which it runs, one for each time it runs there."""
        return [host.name for host in (self.source, self.target) for _ in host.alive()]

    def called(self, host: str, verb: str) -> tuple[str, str, int]:
        """Note a call; its name. Some come from two threads at once."""
        with self._lock:
            self.calls.append((host, verb))
            self._counts[host, verb] += 1
            return host, verb, self._counts[host, verb] - 1

    def let_finish(self) -> None:
        """What was begun and never heard of comes to its end."""
        for host in (self.source, self.target):
            host.finish()


class SimulatedHost(Along, Containers, Processes, Moving):
    def __init__(self, pair: Pair, name: str, *, offset_s: float, wall_offset_s: float) -> None:
        self.name = self.address = name
        self.pair = pair
        self.gone = False
        self.docker_stayed = True  # since it made the job's container
        self.containers: dict[str, Workload] = {}
        self.holds: dict[str, Any] = {}  # what a look at its workload finds, and what it has
        self.has: dict[str, Any] = {}
        self.processes: dict[int, Workload] = {}
        self.files: dict[str, list[tuple[str, int]]] = {}
        self.volumes: dict[str, str] = {}  # content by name
        self.images = {"busybox:latest": "sha256:1"}
        self.journals: dict[str, dict[str, Any]] = {}
        self.facts_shown = dict(FACTS)
        self.armed: dict[str, Armed] = {}  # by job
        self.link: dict[str, Any] | None = None  # how it is shaped, and by which job
        self.handing: dict[str, threading.Event] = {}
        self.kept: list[str] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._offset_ns = int(offset_s * 1e9)
        self._wall_offset_ns = int(wall_offset_s * 1e9)
        self._pending: dict[str, Callable[[], object]] = {}  # by verb

    # The seam

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        self.asked.append((verb, dict(params)))
        call = self.pair.called(self.name, verb)
        if self.gone:
            raise HostUnreachable(f"{self.name} is gone")
        fault = self.pair.fault
        try:
            if fault and fault.call == call:
                self._break(fault, verb, params)
            return Answer(self._do(verb, params))
        finally:
            if verb == "hand_over_receive":
                self.pair.receiving.set()

    def close(self) -> None:
        """A session more or less makes no difference here."""

    def _do(self, verb: str, params: Mapping[str, Any]) -> dict[str, Any]:
        verbs: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(self, f"_{verb}")
        return verbs(params)

    def _break(self, fault: Fault, verb: str, params: Mapping[str, Any]) -> None:
        if fault.when == "after":
            self._do(verb, params)
        self.gone = fault.for_good
        if fault.when == "late":
            self._pending[verb] = lambda: self._do(verb, params)
        raise fault.error(f"{verb} on {self.name}, on purpose")

    def finish(self, ending: str = "") -> None:
        """Do what was begun unheard, of the verbs that end like this."""
        for verb in [verb for verb in self._pending if verb.endswith(ending)]:
            try:
                self._pending.pop(verb)()
            except (EngineError, KeyError):
                continue  # what it needed is cleaned up, and nobody listens any more

    # What a test looks at

    def put(self, ref: WorkloadRef, workload: Workload) -> None:
        if ref.pid is None:
            self.containers[ref.name] = workload
        else:
            self.processes[ref.pid] = workload
            self.files[OUTPUT] = workload.printed

    def alive(self) -> list[Workload]:
        every = [*self.containers.values(), *self.processes.values()]
        return [one for one in every if one.state == "running"]

    def wall_ns(self) -> int:
        return time.time_ns() + self.pair.elapsed_ns + self._wall_offset_ns

    # Time

    def _now_ns(self) -> int:
        return time.monotonic_ns() + self.pair.elapsed_ns + self._offset_ns

    def _takes(self, milliseconds: int) -> dict[str, int]:
        start_ns = self._now_ns()
        self.pair.elapsed_ns += milliseconds * 10**6
        return {"start_ns": start_ns, "end_ns": start_ns + milliseconds * 10**6}

    def _clock(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"monotonic_ns": self._now_ns(), "wall_ns": self.wall_ns()}

    # Every job

    def _job(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return self.journals.setdefault(params["job"], {})

    def _facts(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return self.facts_shown

    def _journal(self, params: Mapping[str, Any]) -> dict[str, Any]:
        journal = self._job(params)
        return {**journal, "has_image": "image" in journal}

    def _dump_ended(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self.finish("_checkpoint")
        self.finish("_dump")
        self.finish("_round")
        self.finish("hand_over")
        return {}

    def _clean_up(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._link_clear(params)
        self._hand_over_release(params)
        made = self._job(params).get("target_container")
        if made in self.containers and self.containers[made].state == "created":
            del self.containers[made]
        if made not in self.containers:
            self._volumes_back(params)
        return {"removed": [str(self.journals.pop(params["job"], None))]}

    def _left_remove(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """As hostside/left.py: by the journal, and nothing that runs."""
        if not params["ended_here"]:
            (self._original_left if params["half"] == "source" else self._made_left)(params)
        return {**self._clean_up(params), "kept": []}

    def _original_left(self, params: Mapping[str, Any]) -> None:
        both: tuple[dict[Any, Workload], ...] = (self.containers, self.processes)
        for row, key in [(one, key) for one in both for key in one]:
            if row[key].state == "running":
                raise StepFailed(f"{key} runs", code="left-runs")
            if params["copied"]:
                row[key].state = "running"
            else:
                del row[key]

    def _made_left(self, params: Mapping[str, Any]) -> None:
        self._container_discard({**params, "name": self._job(params).get("target_container")})
        self._process_discard(params)

    def _link_shape(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if self.link is not None:
            raise NotPossible("a queue of somebody else's stands there", code="link-taken")
        self._job(params)["link_interface"] = "eth0"
        self.link = dict(params)
        said = "qdisc htb 6d6c: root"
        return {"interface": "eth0", "only_peer": True, "said": said, **params}

    def _link_clear(self, params: Mapping[str, Any]) -> dict[str, Any]:
        ours = self.link is not None and self.link.get("job") == params["job"]
        if ours:
            self.link = None
            self._job(params)["link_interface"] = None
        return {"cleared": ours}

    def _channel_open(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._job(params)["allowed"] = params["files"]
        return {"port": 4000}

    def _channel_send(self, params: Mapping[str, Any]) -> dict[str, Any]:
        there = self.pair.target
        if there.gone:
            raise StepFailed("no route to the target", code="channel-broken")
        if params["item"] == "images":
            there._job(params)["image"] = self._job(params)["image"]
        if params["item"] == "files":
            there.files.update({path: list(self.files[path]) for path in params["files"]})
        if params["item"] == "docker-image":
            there.images[params["image"]] = self.images["busybox:latest"]
        return {"bytes": IMAGE_BYTES, **self._takes(SENT)}

    def _dumped(self, workload: Workload, params: Mapping[str, Any]) -> dict[str, Any]:
        called = self._takes(CALL_TO_FROZEN)
        workload.print(range(len(workload.printed), len(workload.printed) + 1), self.wall_ns())
        self._job(params).update(image=len(workload.printed), dumped=True)
        done = self._takes(FROZEN_TO_DUMPED)
        return {
            **self._watched(called["start_ns"], done["end_ns"]),
            "frozen_ns": called["end_ns"],
            "stats": {"frozen_time_us": 1_250_000, "pages_written": 2},
            "image_bytes": IMAGE_BYTES,
        }

    def _restored(
        self, workload: Workload, params: Mapping[str, Any], at: int | None = None
    ) -> dict[str, Any]:
        called = self._takes(CALL_TO_RUNNING)
        at = self._job(params)["image"] if at is None else at
        at = at if self.pair.resumes_at is None else self.pair.resumes_at
        workload.state = "running"
        workload.print(range(at, at + self.pair.lines_after), self.wall_ns())
        done = self._takes(RUNNING_TO_RETURN)
        return {
            **self._watched(called["start_ns"], done["end_ns"]),
            "resumed_ns": called["end_ns"],
            "stats": {"restore_time_us": 2_000_000},
        }

    def _watched(self, start_ns: int, end_ns: int) -> dict[str, Any]:
        nothing = {"frozen_ns": None, "resumed_ns": None, "log": "", "log_truncated": False}
        return {**nothing, "start_ns": start_ns, "end_ns": end_ns, "tries": 1}

    def _check_memory(self, printed: list[tuple[str, int]]) -> None:
        bad = 0 if self.pair.memory == "ok" else 3
        printed.append((f"check 99 {self.pair.memory} 64 {bad} 00c0ffee", self.wall_ns()))
