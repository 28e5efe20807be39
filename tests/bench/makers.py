"""Results as a run would have them, made of a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrations_app.bench.cells import Cell, Contender, Entry
from migrations_app.bench.environment import Environment
from migrations_app.bench.results import Result, Trial
from migrations_app.engine import WorkloadKind
from migrations_app.lab import DockerKind

CONTAINER, PROCESS = WorkloadKind.CONTAINER, WorkloadKind.PROCESS
ENVIRONMENT = Environment(
    date="2026-01-01T00:00:00+00:00",
    seed=7,
    trials=5,
    cpu="A processor",
    cores=2,
    memory_mib=24_000,
    kernel="6.18.0",
    load=0.1,
    engine="0.1.0",
    versions={"26": {"criu": "4.2.1", "docker": "26.1.5", "podman": "5.4.2", "runc": "1.1.15"}},
)


def entry(
    contender: Contender,
    memory: int = 256,
    dirty: int = 0,
    *,
    kind: WorkloadKind = CONTAINER,
    link: int | None = None,
    docker: DockerKind = DockerKind.DOCKER_26,
) -> Entry:
    return Entry(Cell(docker, link, memory, dirty), contender, kind)


def result(one: Entry, stops: Sequence[float], **figures: Any) -> Result:
    trials = [Trial(i, i, stop_ms=stop, **figures) for i, stop in enumerate(stops, start=1)]
    return Result(one, trials)
