"""What a run was made on: figures mean nothing without it."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrations_app.engine import VERSION
from migrations_app.lab import DockerKind

from .shell import script
from .stage import Stage


@dataclass(frozen=True)
class Environment:
    date: str  # ISO 8601, UTC, when the run began
    seed: int
    trials: int
    cpu: str
    cores: int
    memory_mib: int
    kernel: str
    load: float  # others' work on the machine when the run began: mean of one minute
    engine: str
    versions: Mapping[str, Mapping[str, str]]  # by kind of Docker: criu, docker, podman, runc

    def lines(self) -> list[str]:
        """For people, above the table."""
        words = [
            f"{self.date}, seed {self.seed}, {self.trials} trials of each",
            f"{self.cpu}, {self.cores} cores, {self.memory_mib} MiB, Linux {self.kernel}, "
            f"load at the start {self.load:.2f}",
            f"Migration Lab {self.engine}",
        ]
        for docker, versions in self.versions.items():
            listed = ", ".join(f"{name} {version}" for name, version in versions.items())
            words.append(f"hosts with Docker {docker}: {listed}")
        return words


def environment_of(stages: Mapping[DockerKind, Stage], *, seed: int, trials: int) -> Environment:
    return Environment(
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seed=seed,
        trials=trials,
        cpu=cpu_model(Path("/proc/cpuinfo").read_text()),
        cores=os.cpu_count() or 0,
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        kernel=platform.release(),
        load=os.getloadavg()[0],
        engine=VERSION,
        versions={str(kind): _versions(stage) for kind, stage in stages.items()},
    )


def cpu_model(cpuinfo: str) -> str:
    """The first processor's name, as /proc/cpuinfo has it; the machine's kind where it has none."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return " ".join(value.split())
    return platform.machine()


def _versions(stage: Stage) -> dict[str, str]:
    lines = stage.target.shell.run(script("versions")).splitlines()
    pairs = (line.split(maxsplit=1) for line in lines)
    return {pair[0]: pair[1] if len(pair) == 2 else "missing" for pair in pairs}
