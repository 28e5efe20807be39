"""What is asked of the engine: frozen, checked, and free of any setting or row."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JOB_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")


class WorkloadKind(StrEnum):
    PROCESS = "process"
    CONTAINER = "container"


class Strategy(StrEnum):
    """How memory gets from source to target; each is one file in strategies/."""

    COLD = "cold"  # the exercise: checkpoint to disk, copy, start from it
    STOP_AND_COPY = "stop-and-copy"  # memory streamed to the target while it stands still
    PRE_COPY = "pre-copy"  # rounds while it runs, the rest while it stands still
    POST_COPY = "post-copy"  # it moves at once, pages follow on demand
    HYBRID = "hybrid"  # pre-copy, then post-copy

    @property
    def lazy(self) -> bool:
        """Whether pages still follow when the workload runs on the target already."""
        return self in (Strategy.POST_COPY, Strategy.HYBRID)

    @property
    def in_rounds(self) -> bool:
        """Whether memory goes ahead in rounds while the workload runs on the source."""
        return self in (Strategy.PRE_COPY, Strategy.HYBRID)

    @property
    def by_hand_over(self) -> bool:
        """Whether the hosts hand the workload over by themselves: all but the exercise."""
        return self is not Strategy.COLD


class Compression(StrEnum):
    """Of what goes from host to host; each frame is packed by itself."""

    NONE = "none"
    LZ4 = "lz4"
    ZSTD = "zstd"


class Operation(StrEnum):
    """The three steps of the exercise."""

    RESTORE_IN_PLACE = "restore-in-place"  # checkpoint, then go on from it on the same host
    LOCAL_CLONE = "local-clone"  # a second container on the same host goes on from it
    MIGRATE = "migrate"  # it goes on on another host

    @property
    def one_host(self) -> bool:
        return self is not Operation.MIGRATE


class ProofKind(StrEnum):
    SEQUENCE = "sequence"  # the workload's numbered output goes on without gap or repeat
    MEMORY = "memory"  # that, and the workload's check of its own memory passes
    SELF_TEST = "self-test"  # that, and the workload's test of its own work passes
    CLIENT = "client"  # what a client outside was told still holds, and nothing else can tell
    NONE = "none"  # nothing is known that could prove it


@dataclass(frozen=True)
class WorkloadRef:
    """Which workload: a container by name, or a process by pid and the file it writes to."""

    kind: WorkloadKind
    name: str  # container name; for a process the name it was started under, or pid-N
    pid: int | None = None  # processes only

    def __post_init__(self) -> None:
        if not CONTAINER_NAME.fullmatch(self.name):
            raise ValueError(f"not a workload name: {self.name!r}")
        if (self.kind is WorkloadKind.PROCESS) != (self.pid is not None):
            raise ValueError("a process has a pid, a container has none")

    @property
    def own_output(self) -> str:
        """Where a process that we started writes, on whichever host it is."""
        return f"/var/lib/migration-lab/workloads/{self.name}/output"


@dataclass(frozen=True)
class Limits:
    """Seconds after which a step counts as failed."""

    step_s: float = 30.0  # a step that moves no memory
    dump_s: float = 600.0  # how much memory that will be is not known before
    proof_s: float = 20.0  # until the workload has shown that it goes on
    slowest_mib_per_s: float = 4.0  # of image: slower counts as hanging

    def image_s(self, image_bytes: float) -> float:
        """For a step that moves an image of this size."""
        return self.step_s + image_bytes / 2**20 / self.slowest_mib_per_s


# Closed ranges of the numbers that a person may choose.
RANGES: dict[str, tuple[float, float]] = {
    "bandwidth_limit_mbit_s": (1, 100_000),
    "link_rate_mbit_s": (1, 100_000),
    "link_delay_ms": (1, 2000),
    "link_loss_percent": (0.01, 50),
    "most_rounds": (1, 50),
    "pages_left": (0, 10_000_000),
    "growth_percent": (0, 1000),
    "stop_time_ms": (10, 600_000),
}


LINK = ("link_rate_mbit_s", "link_delay_ms", "link_loss_percent")


def in_range(name: str, value: float) -> float:
    """The value. Raises ValueError when it is out of its range."""
    low, high = RANGES[name]
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, not {value}")
    return value


@dataclass(frozen=True)
class PreCopyRules:
    """When rounds end and the workload is frozen; whichever comes first. Defaults as in p.haul."""

    most_rounds: int = 8
    pages_left: int = 64  # the last round found at most so many pages changed
    growth_percent: int = 10  # it found so much more than the one before
    stop_time_ms: int | None = None  # the stop time to be expected now is no longer than this

    def __post_init__(self) -> None:
        for name in ("most_rounds", "pages_left", "growth_percent"):
            in_range(name, getattr(self, name))
        if self.stop_time_ms is not None:
            in_range("stop_time_ms", self.stop_time_ms)


@dataclass(frozen=True)
class MigrationPlan:
    job_id: str  # names every temporary thing on the hosts
    workload: WorkloadRef
    operation: Operation = Operation.MIGRATE
    strategy: Strategy = Strategy.COLD
    proof: ProofKind = ProofKind.SEQUENCE
    encrypted: bool = True  # TLS between the hosts; plain TCP only on request
    compression: Compression = Compression.NONE  # of everything between the hosts
    bandwidth_limit_mbit_s: int | None = None  # None: as fast as the link lets it
    # Link shaping: what each host sends to the other is made slower than the link is, for this
    # run. None: as it is.
    link_rate_mbit_s: int | None = None
    link_delay_ms: int | None = None  # each way
    link_loss_percent: float | None = None
    tcp_established: bool = False  # open TCP connections go along, with the address
    keep_images: bool = False  # what the target restored from stays there, on disk
    leave_running: bool = False  # the source goes on as well: a clone instead of a move
    pre_copy: PreCopyRules = field(default_factory=PreCopyRules)
    skip_checks: tuple[str, ...] = ()  # codes of checks of the workload that are not to refuse
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not JOB_ID.fullmatch(self.job_id):
            raise ValueError(f"not a job id: {self.job_id!r}")
        for name in ("bandwidth_limit_mbit_s", *LINK):
            if getattr(self, name) is not None:
                in_range(name, getattr(self, name))
        if self.shapes_link and self.operation.one_host:
            raise ValueError("a link is between two hosts: there is none to shape")

    @property
    def link(self) -> dict[str, float | None]:
        """The link shaping that was asked for; all None: the link as it is."""
        return {name: getattr(self, name) for name in LINK}

    @property
    def shapes_link(self) -> bool:
        return any(value is not None for value in self.link.values())

    def options(self) -> dict[str, Any]:
        """What was chosen, for the report: keys as the fields, rules only where rounds are."""
        chosen: dict[str, Any] = {
            "encrypted": self.encrypted,
            "compression": str(self.compression),
            "bandwidth_limit_mbit_s": self.bandwidth_limit_mbit_s,
            **self.link,
            "tcp_established": self.tcp_established,
            "keep_images": self.keep_images,
            "leave_running": self.leave_running,
        }
        rules = dataclasses.asdict(self.pre_copy) if self.strategy.in_rounds else None
        return {**chosen, "pre_copy": rules}
