"""What is asked of the engine: frozen, checked, and free of any setting or row."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

JOB_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")


class WorkloadKind(StrEnum):
    PROCESS = "process"
    CONTAINER = "container"


class Strategy(StrEnum):
    """How memory gets from source to target; each is one file in strategies/."""

    COLD = "cold"


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


@dataclass(frozen=True)
class MigrationPlan:
    job_id: str  # names every temporary thing on the hosts
    workload: WorkloadRef
    operation: Operation = Operation.MIGRATE
    strategy: Strategy = Strategy.COLD
    proof: ProofKind = ProofKind.SEQUENCE
    encrypted: bool = True  # TLS between the hosts; plain TCP only on request
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not JOB_ID.fullmatch(self.job_id):
            raise ValueError(f"not a job id: {self.job_id!r}")
