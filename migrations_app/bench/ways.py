"""How each contender moves a workload: by commands as a person would give them, or by the engine.

Each way starts a workload on the source, says where its output is kept, moves it to the target, and
says how it can be asked for a check of its memory there. What is measured is not up to it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from migrations_app.engine import (
    CATALOGUE,
    Event,
    MigrationPlan,
    Outcome,
    Report,
    WorkloadKind,
    WorkloadRef,
    clean_up,
    migrate,
    settle,
    start_workload,
)

from .cells import Contender, Entry
from .errors import BenchError
from .shell import script
from .stage import NAME, Stage

MEMORY = CATALOGUE["memory"]
MOVE_S = 300.0
DOCKER_LOGS = "/var/lib/docker"
PODMAN_LOGS = "/var/lib/containers"
PROCESS_LOGS = "/var/lib/migration-lab"
_DOCKER_LOG = 'docker inspect --format "{{.LogPath}}" "$1"'
_PODMAN_LOG = 'podman inspect --format "{{.HostConfig.LogConfig.Path}}" "$1" 2>/dev/null'


class MoveFailed(BenchError):
    """The workload did not get to the target; the message says why."""


@dataclass(frozen=True)
class Moved:
    """What the mover itself says; all may be missing."""

    steps_ms: dict[str, float] = field(default_factory=dict)
    report: Report | None = None


class Way(Protocol):
    def start(self) -> None:
        """The workload runs on the source, and all is ready for the move."""

    def source_log(self) -> tuple[str, str]:
        """The file of its output, and a second name for it on the same file system."""

    def move(self) -> Moved:
        """Raises MoveFailed, BenchError or EngineError."""

    def target_log(self) -> str:
        """Where it writes on the target."""

    def signal_argv(self) -> list[str]:
        """Has it check its memory, on the target."""


def way_of(stage: Stage, entry: Entry) -> Way:
    by_hand: dict[Contender, type[_ByHand]] = {
        Contender.DOCKER_BY_HAND: DockerByHand,
        Contender.PODMAN_BY_HAND: PodmanByHand,
        Contender.CRIU_BY_HAND: CriuByHand,
    }
    made = by_hand.get(entry.contender, ByEngine)
    return made(stage, entry)


def values_of(entry: Entry) -> dict[str, object]:
    """The workload's parameters."""
    cell = entry.cell
    return {
        "memory_mib": cell.memory_mib,
        "dirty_pages_per_s": cell.dirty_pages_per_s,
        "interval_ms": 1,
    }


def steps_of(output: str) -> dict[str, float]:
    """Milliseconds of each step, from the lines "ended STEP NANOSECONDS" of a script by hand."""
    ends = [line.split()[1:] for line in output.splitlines() if line.startswith("ended ")]
    return {two[0]: (int(two[1]) - int(one[1])) / 1e6 for one, two in pairwise(ends)}


class _Way:
    def __init__(self, stage: Stage, entry: Entry) -> None:
        self.stage = stage
        self.entry = entry
        self.ref = WorkloadRef(WorkloadKind.CONTAINER, NAME)

    def start(self) -> None:
        self.ref = start_workload(
            self.stage.source.host,
            kind=self.entry.kind,
            name=NAME,
            type_name=MEMORY.name,
            values=values_of(self.entry),
        )

    def source_log(self) -> tuple[str, str]:
        if self.entry.kind is WorkloadKind.PROCESS:
            return self.ref.own_output, f"{PROCESS_LOGS}/migration-lab-bench.log"
        log = self.stage.source.shell.run(_DOCKER_LOG, NAME).strip()
        return log, f"{DOCKER_LOGS}/migration-lab-bench.log"

    def target_log(self) -> str:
        if self.entry.kind is WorkloadKind.PROCESS:
            return self.ref.own_output
        return self.stage.target.shell.run(_DOCKER_LOG, NAME).strip()

    def signal_argv(self) -> list[str]:
        if self.entry.kind is WorkloadKind.PROCESS:
            return ["kill", "-USR1", str(self.ref.pid)]
        return ["docker", "kill", "--signal", "USR1", NAME]


class _ByHand(_Way):
    script_name: str

    def move(self) -> Moved:
        return Moved(steps_ms=steps_of(self._by_script(*self.arguments())))

    def arguments(self) -> list[str]:
        return [NAME]

    def _by_script(self, *arguments: str) -> str:
        text = script("common", self.script_name)
        return self.stage.source.shell.run(text, *arguments, timeout_s=MOVE_S)


class DockerByHand(_ByHand):
    """The exercise: docker checkpoint create, the folder copied, docker start --checkpoint."""

    script_name = "docker"

    def start(self) -> None:
        super().start()
        argv = ["docker", "create", "--pull", "never", "--name", NAME, MEMORY.image]
        self.stage.target.shell.run('"$@"', *argv, *MEMORY.argv(values_of(self.entry)))


class PodmanByHand(_ByHand):
    """podman container checkpoint into an archive, that copied, podman container restore."""

    script_name = "podman"

    def start(self) -> None:
        argv = ["podman", "--runtime", "runc", "run", "--detach", "--name", NAME]
        argv += ["--pull", "never", "--log-driver", "k8s-file", MEMORY.image]
        self.stage.source.shell.run('"$@"', *argv, *MEMORY.argv(values_of(self.entry)))

    def source_log(self) -> tuple[str, str]:
        log = self.stage.source.shell.run(_PODMAN_LOG, NAME).strip()
        return log, f"{PODMAN_LOGS}/migration-lab-bench.log"

    def target_log(self) -> str:
        return self.stage.target.shell.run(_PODMAN_LOG, NAME).strip()

    def signal_argv(self) -> list[str]:
        return ["podman", "kill", "--signal", "USR1", NAME]


class CriuByHand(_ByHand):
    """criu dump into memory, images and output copied, criu restore."""

    script_name = "criu"

    def arguments(self) -> list[str]:
        return [str(self.ref.pid), self.ref.own_output]


class ByEngine(_Way):
    """One of our strategies, as the site has it carried out."""

    def move(self) -> Moved:
        plan, stage = self._plan(), self.stage
        source, target = stage.source.host, stage.target.host
        report = migrate(plan, source, target, _deaf)
        if report.outcome is Outcome.SUCCEEDED:
            after = report.workload_after or {}
            self.ref = WorkloadRef(self.ref.kind, self.ref.name, after.get("pid"))
            return Moved(report=report)
        if report.outcome is Outcome.IN_DOUBT:
            settle(plan, source, target)
        for host in (source, target):
            clean_up(host, plan.job_id)
        raise MoveFailed(_reason(report))

    def _plan(self) -> MigrationPlan:
        strategy = self.entry.contender.strategy
        assert strategy is not None  # by hand is another way
        return MigrationPlan(
            job_id=f"bench-{secrets.token_hex(4)}",
            workload=self.ref,
            strategy=strategy,
            encrypted=self.entry.contender.encrypted,
        )


def _reason(report: Report) -> str:
    if report.error is None:
        return f"it ended {report.outcome}"
    return f"{report.error.code}: {report.error.message}"


def _deaf(_: Event) -> None:
    """Nobody listens: a browser that follows along would cost time."""
