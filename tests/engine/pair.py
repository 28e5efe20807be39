"""Two hosts that behave like real ones, as far as a migration can tell: enough to break it.

Each has containers, processes, files and journals, and clocks of its own. Time that a step takes
is counted, not waited. A fault can be put before, at any call and in any of three ways: the verb
did nothing, it did its work and the answer was lost, or it does its work later, unheard.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrations_app.engine.errors import EngineError, HostUnreachable, NotPossible, StepFailed
from migrations_app.engine.hosts.base import Answer
from migrations_app.engine.plan import WorkloadKind, WorkloadRef

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "facts.json").read_text())
CONTAINER = WorkloadRef(WorkloadKind.CONTAINER, "cr")
PID = 4711
PROCESS = WorkloadRef(WorkloadKind.PROCESS, "counter", PID)
OUTPUT = "/var/lib/migration-lab/workloads/counter/output"
PROGRAM = "/bin/busybox"

# How long steps take on these hosts, in milliseconds.
CALL_TO_FROZEN, FROZEN_TO_DUMPED = 500, 1500
CREATED, SENT = 300, 1000
CALL_TO_RUNNING, RUNNING_TO_RETURN = 3000, 700
IMAGE_BYTES = 4096


@dataclass(frozen=True)
class Fault:
    """Raise `error` at the call of this number (of both hosts together)."""

    at: int
    error: type[EngineError]
    when: str  # before, after, late: when the verb takes effect
    for_good: bool = False  # the host does not answer again


@dataclass
class Workload:
    """A container or a process: numbers that it printed, each with the wall clock's time."""

    state: str
    printed: list[tuple[str, int]] = field(default_factory=list)

    def print(self, numbers: range, wall_ns: int) -> None:
        self.printed += [(str(number), wall_ns + k * 10**6) for k, number in enumerate(numbers)]


@dataclass
class Pair:
    """The two hosts and the workload on the first of them."""

    workload: WorkloadRef
    fault: Fault | None = None
    resumes_at: int | None = None  # a number to go on from, instead of the image's
    lines_after: int = 3
    memory: str = "ok"
    calls: list[tuple[str, str]] = field(default_factory=list)
    elapsed_ns: int = 0

    def __post_init__(self) -> None:
        self.source = SimulatedHost(self, "source", offset_s=5_000, wall_offset_s=0.25)
        self.target = SimulatedHost(self, "target", offset_s=-3_000, wall_offset_s=-1.5)
        first = Workload("running")
        first.print(range(5), self.source.wall_ns() - 10**9)
        self.source.put(self.workload, first)

    def alive(self) -> list[str]:
        """Names of the hosts on which it runs, one for each time it runs there."""
        return [host.name for host in (self.source, self.target) for _ in host.alive()]

    def let_finish(self) -> None:
        """What was begun and never heard of comes to its end."""
        for host in (self.source, self.target):
            host.finish()


class SimulatedHost:
    def __init__(self, pair: Pair, name: str, *, offset_s: float, wall_offset_s: float) -> None:
        self.name = self.address = name
        self.pair = pair
        self.gone = False
        self.containers: dict[str, Workload] = {}
        self.processes: dict[int, Workload] = {}
        self.files: dict[str, list[tuple[str, int]]] = {}
        self.images = {"busybox:latest": "sha256:1"}
        self.journals: dict[str, dict[str, Any]] = {}
        self.facts_shown = dict(FACTS)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._offset_ns = int(offset_s * 1e9)
        self._wall_offset_ns = int(wall_offset_s * 1e9)
        self._pending: dict[str, Callable[[], object]] = {}  # by verb

    # The seam

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        self.asked.append((verb, dict(params)))
        self.pair.calls.append((self.name, verb))
        if self.gone:
            raise HostUnreachable(f"{self.name} is gone")
        fault = self.pair.fault
        if fault and fault.at == len(self.pair.calls) - 1:
            self._break(fault, verb, params)
        return Answer(self._do(verb, params))

    def close(self) -> None:
        """A session more or less makes no difference here."""

    def _do(self, verb: str, params: Mapping[str, Any]) -> dict[str, Any]:
        verbs: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(self, f"_{verb}")
        return verbs(params)

    def _break(self, fault: Fault, verb: str, params: Mapping[str, Any]) -> None:
        self.gone = fault.for_good
        if fault.when == "after":
            self._do(verb, params)
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
        return {}

    def _clean_up(self, params: Mapping[str, Any]) -> dict[str, Any]:
        made = self._job(params).get("target_container")
        if made in self.containers and self.containers[made].state == "created":
            del self.containers[made]
        return {"removed": [str(self.journals.pop(params["job"], None))]}

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

    def _restored(self, workload: Workload, params: Mapping[str, Any]) -> dict[str, Any]:
        called = self._takes(CALL_TO_RUNNING)
        at = self._job(params)["image"] if self.pair.resumes_at is None else self.pair.resumes_at
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

    # Containers

    def _container(self, params: Mapping[str, Any]) -> Workload:
        if params["name"] not in self.containers:
            raise NotPossible(f"there is no container {params['name']}", code="workload-absent")
        return self.containers[params["name"]]

    def _container_inspect(self, params: Mapping[str, Any]) -> dict[str, Any]:
        status = self._container(params).state
        return {"image": "busybox:latest", "image_id": "sha256:1", "status": status, "tty": False}

    def _container_state(self, params: Mapping[str, Any]) -> dict[str, Any]:
        found = self.containers.get(params["name"])
        return {"state": found.state if found else "absent", "id": None}

    def _image_id(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": self.images.get(params["image"])}

    def _container_checkpoint(self, params: Mapping[str, Any]) -> dict[str, Any]:
        container = self._container(params)
        seen = self._dumped(container, params)
        container.state = "exited"
        return seen

    def _container_collect(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"done": True}

    def _container_create(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._job(params)["target_container"] = params["name"]
        self.containers[params["name"]] = Workload("created")
        return self._takes(CREATED)

    def _container_copy_checkpoint(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"bytes": IMAGE_BYTES, **self._takes(SENT)}

    def _container_restore(self, params: Mapping[str, Any]) -> dict[str, Any]:
        container = self._container(params)
        if container.state == "running":
            raise StepFailed("it runs already", code="restore-failed")
        return self._restored(container, params)

    def _container_restored(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.finish("_restore")
        return self._container_state(params)

    def _container_discard(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._pending.pop("container_restore", None)
        if self._job(params).get("target_container") != params["name"]:
            return {"removed": False}
        return self._container_remove(params)

    def _container_remove(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"removed": self.containers.pop(params["name"], None) is not None}

    def _container_tail(self, params: Mapping[str, Any]) -> dict[str, Any]:
        printed = self._container(params).printed[-params["lines"] :]
        return {"lines": [f"{_docker_stamp(stamp)} {text}" for text, stamp in printed]}

    def _container_signal(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._check_memory(self._container(params).printed)
        return {}

    def _check_memory(self, printed: list[tuple[str, int]]) -> None:
        bad = 0 if self.pair.memory == "ok" else 3
        printed.append((f"check 99 {self.pair.memory} 64 {bad} 00c0ffee", self.wall_ns()))

    # Processes

    def _process_inspect(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if params["pid"] not in self.processes:
            raise NotPossible(f"there is no process {params['pid']}", code="workload-absent")
        held = {"files": [OUTPUT], "mapped": {PROGRAM: 1000}, "output": OUTPUT}
        return {"pids": [params["pid"]], "terminal": False, **held}

    def _files_facts(self, params: Mapping[str, Any]) -> dict[str, Any]:
        sizes = {path: len(self.files[path]) for path in params["files"] if path in self.files}
        sizes = dict.fromkeys(params["files"]) | sizes
        taken = [int(pid) for pid in params["pids"] if int(pid) in self.processes]
        return {"sizes": {**sizes, PROGRAM: 1000}, "pids_taken": taken}

    def _process_dump(self, params: Mapping[str, Any]) -> dict[str, Any]:
        process = self.processes[params["pid"]]
        held = {"files": [OUTPUT], "mapped": [PROGRAM], "output": OUTPUT}
        self._job(params).update(source_pids=[params["pid"]], **held)
        seen = self._dumped(process, params)
        process.state = "stopped"
        return {**seen, "output_size": len(process.printed)}

    def _process_restore(self, params: Mapping[str, Any]) -> dict[str, Any]:
        (pid,) = map(int, params["pids"])
        if pid in self.processes:
            raise StepFailed(f"Can't fork for {pid}: File exists", code="restore-failed")
        self._job(params)["target_pids"] = [pid]
        self.processes[pid] = Workload("running", self.files[OUTPUT])
        seen = self._restored(self.processes[pid], params)
        self._job(params)["restored"] = pid
        return {**seen, "pid": pid}

    def _process_settle_in(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def _process_restored(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self.finish("_restore")
        return {"pid": self._job(params).get("restored")}

    def _process_state(self, params: Mapping[str, Any]) -> dict[str, Any]:
        found = self.processes.get(params["pid"])
        return {"state": found.state if found else "absent", "start_ticks": None}

    def _process_discard(self, params: Mapping[str, Any]) -> dict[str, Any]:
        self._pending.pop("process_restore", None)
        return self._end(self._job(params).get("target_pids", []))

    def _process_kill(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._end(self._job(params).get("source_pids", []))

    def _end(self, pids: list[int]) -> dict[str, Any]:
        for pid in pids:
            self.processes.pop(pid, None)
        return {"pids": pids}

    def _process_thaw(self, params: Mapping[str, Any]) -> dict[str, Any]:
        for pid in self._job(params).get("source_pids", []):
            self.processes[pid].state = "running"
        return {}

    def _process_forget(self, params: Mapping[str, Any]) -> dict[str, Any]:
        for path in params["files"]:
            self.files.pop(path, None)
        return {"removed": params["files"]}

    def _process_tail(self, params: Mapping[str, Any]) -> dict[str, Any]:
        part = self.files[OUTPUT][params.get("start") or 0 : params.get("end")]
        return {"lines": [_stamped(*line) for line in part[-params["lines"] :]]}

    def _process_signal(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._check_memory(self.files[OUTPUT])
        return {}


def _stamped(text: str, wall_ns: int) -> str:
    """As the memory program writes it: its own time after a number, nothing after a check."""
    return f"{text} {wall_ns}" if text.isdigit() else text


def _docker_stamp(wall_ns: int) -> str:
    second = datetime.datetime.fromtimestamp(wall_ns // 10**9, datetime.UTC)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{wall_ns % 10**9:09d}Z"
