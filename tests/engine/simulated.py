"""What the simulated hosts have in common: how long steps take, what runs on them, what breaks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrations_app.engine.errors import EngineError
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
ARMED, ROUND, STOPPED, PAGES = 200, 100, 20, 400  # of a hand-over
IMAGE_BYTES = 4096

# What a look at a workload finds where there is nothing to find, and at a target that has it all.
NOTHING_HELD: dict[str, Any] = {
    "running": True,
    **{
        name: []
        for name in (
            *("terminals", "locks", "io_uring", "unsupported", "nameless", "traced", "mounts"),
            *("connections", "bound", "multipath", "outside_sockets"),
        )
    },
    "mapped": {PROGRAM: {"size": 1000, "mode": 0o100755, "build_id": "ab"}},
    "files": {},
    "profile": "unconfined",
    "cpu_flags": ["avx", "sse2"],
}
NOTHING_LACKING: dict[str, Any] = {
    "pids_taken": [],
    "files": NOTHING_HELD["mapped"],
    "addresses": [],
    "profiles": None,
    "cpu_flags": ["avx", "avx2", "sse2"],
}


@dataclass(frozen=True)
class Fault:
    """Raise `error` at this call: a host, a verb, and which of such calls it is, from 0."""

    call: tuple[str, str, int]
    error: type[EngineError]
    when: str  # before, after, late: when the verb takes effect
    for_good: bool = False  # the host does not answer again


@dataclass
class Workload:
    """A container or a process: numbers that it printed, each with the wall clock's time."""

    state: str
    printed: list[tuple[str, int]] = field(default_factory=list)
    policy: str = "no"  # of a container: when Docker starts it again by itself
    exit_code: int = 0  # of a container that has exited

    def print(self, numbers: range, wall_ns: int) -> None:
        self.printed += [(str(number), wall_ns + k * 10**6) for k, number in enumerate(numbers)]
