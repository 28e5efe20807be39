"""The document that everything exported, shared or printed is made of. docs/exports.md explains it.

Plain JSON, so that a shared snapshot can keep it. Names end in their unit as in the report
(docs/report.md); null means not known. A change that takes a key away, renames it or gives it
another meaning gets another SCHEMA_VERSION.
"""

from __future__ import annotations

from typing import Any, TypedDict

SCHEMA = "migration-lab/results"
SCHEMA_VERSION = 1


class Workload(TypedDict):
    name: str
    type: str  # engine.catalogue
    kind: str  # container, process
    parameters: dict[str, Any]


class Phase(TypedDict):
    name: str  # engine.report.PhaseName
    side: str  # source, target
    start_ms: float
    duration_ms: float | None
    bytes: int | None
    round: int | None
    failed: bool


class Failure(TypedDict):
    code: str
    message: str
    log_excerpt: str | None


class Environment(TypedDict):
    """What a figure depends on, of one host."""

    distribution: str | None
    kernel: str | None
    architecture: str | None
    cpu_model: str | None
    cpus: int | None
    memory_mib: int | None
    cgroup_version: int | None
    criu_version: str | None
    docker_version: str | None
    docker_experimental: bool | None
    docker_storage_driver: str | None
    runc_version: str | None


class Run(TypedDict):
    """One job and what was measured. `commands` and `logs` only where one job is exported."""

    job: int
    status: str
    operation: str
    strategy: str
    workload: Workload
    source: str
    target: str
    created_at: str  # ISO 8601, UTC
    started_at: str | None
    finished_at: str | None
    options: dict[str, Any]
    metrics: dict[str, float | None]  # metrics.METRICS
    proof: dict[str, Any] | None  # engine.report.Proof
    workload_is_on: str | None  # source, target; null: not known, or it has not ended
    phases: list[Phase]
    rounds: list[dict[str, Any]]  # engine.report.Round
    rounds_ended_by: str | None
    stop_window: dict[str, float | None] | None  # engine.report.StopWindow
    clock: dict[str, float] | None  # engine.report.Clock
    environment: dict[str, Environment] | None  # by side
    warnings: list[str]
    error: Failure | None
    commands: list[dict[str, Any]] | None  # engine.report.Command
    logs: list[dict[str, Any]] | None  # engine.report.LogFile


class Axis(TypedDict):
    """A kind of workload of a grid, with the values of each parameter."""

    type: str
    kind: str
    parameters: dict[str, list[int]]


class Grid(TypedDict):
    """What an experiment spans; a cell is one of each."""

    workloads: list[Axis]
    strategies: list[str]
    options: dict[str, list[Any]]
    links: list[dict[str, float | None]]
    pairs: list[list[str]]  # source and target
    trials: int
    warm_ups: int
    controls: int


class Factors(TypedDict):
    """A cell's place in the grid; of a control run only what a workload on a host has."""

    type: str
    kind: str
    parameters: dict[str, int]
    strategy: str | None
    options: dict[str, Any] | None
    link: dict[str, float | None] | None
    source: str
    target: str | None


class Statistics(TypedDict):
    """statistics.Summary: of the trials of a cell that succeeded and have the figure."""

    n: int
    failed: int
    median: float | None
    mean: float | None
    q1: float | None
    q3: float | None
    least: float | None
    most: float | None
    low: float | None
    high: float | None


class Cell(TypedDict):
    number: int  # by role
    role: str  # trial, control
    factors: Factors
    succeeded: int
    failed: int  # attempts, also those that were run again
    cancelled: int
    waiting: int  # not ended yet
    statistics: dict[str, Statistics]  # by metric; those of which anything is known


class Attempt(TypedDict):
    """One that failed before a trial was run again."""

    job: int | None
    error_code: str


class Trial(TypedDict):
    position: int  # in the order of the experiment, from 0
    role: str  # trial, warm-up, control
    cell: int | None  # Cell.number; of a warm-up: of the trials before which it was run
    repetition: int
    state: str
    outcome: str | None
    job: int | None  # a control run has none
    former: list[Attempt]
    error_code: str | None
    metrics: dict[str, float | None]
    started_at: str | None
    finished_at: str | None


class Experiment(TypedDict):
    number: int
    status: str
    reason: str | None
    notes: str | None
    seed: int
    cool_down_s: int
    created_at: str
    finished_at: str | None
    grid: Grid
    cells: list[Cell]  # in the order of the grid, then control runs
    trials: list[Trial]  # all of them, in their order


class Group(TypedDict):
    """Runs that somebody put together to compare them with other such groups."""

    letter: str  # A, B, …
    jobs: list[int]


class Document(TypedDict):
    schema: str
    schema_version: int
    program_version: str
    made_at: str  # ISO 8601, UTC
    kind: str  # job, comparison, experiment
    redacted: bool  # hosts, addresses, people and paths are left out
    title: str | None  # as somebody named it
    left_out: int  # older runs that are not in it, since it has room for so many only
    groups: list[Group] | None  # null: those that did the same in the same way belong together
    experiment: Experiment | None  # null for the other kinds
    runs: list[Run]
