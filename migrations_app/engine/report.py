"""The report of a run: one JSON document, and the one definition of each metric.

A number that is not known is None, never 0. Durations are milliseconds of one host's monotonic
clock; an interval that spans two hosts is put together with the measured clock offset, whose
uncertainty is kept in `clock`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = 1


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


class PhaseName(StrEnum):
    """A step of a job with a start and an end, in the order in which they can come."""

    PREPARE = "prepare"  # facts, refusals, image sent ahead; the workload runs
    FREEZE = "freeze"  # CRIU called until the source's tasks stand still
    DUMP = "dump"  # tasks stand still until the image is written
    CREATE = "create"  # target container asked for until created
    TRANSFER = "transfer"  # first byte leaves until last byte has arrived
    RESTORE = "restore"  # CRIU called until the target's tasks run
    RESUME = "resume"  # tasks run already; until the command returned
    ROLLBACK = "rollback"  # only after a failure: the way back to the source
    VERIFY = "verify"
    CLEAN_UP = "clean-up"


class Side(StrEnum):
    SOURCE = "source"
    TARGET = "target"


@dataclass(frozen=True)
class Phase:
    name: PhaseName
    host: Side
    start_ms: float  # from the start of the run, on the controller's clock
    duration_ms: float | None  # None: it never ended
    bytes: int | None = None  # moved over the network, where it moves any


@dataclass(frozen=True)
class Metrics:
    stop_time_ms: float | None = None  # source's tasks frozen -> target's tasks run
    transfer_time_ms: float | None = None  # first image byte leaves -> last has arrived
    total_time_ms: float | None = None  # first engine phase -> end of clean-up
    create_time_ms: float | None = None  # target container asked for -> created
    dump_time_ms: float | None = None  # CRIU called -> returned
    restore_time_ms: float | None = None  # CRIU called -> returned
    observed_gap_ms: float | None = None  # last output on the source -> first on the target
    client_gap_ms: float | None = None  # longest time without a reply, seen from outside
    criu_frozen_time_ms: float | None = None  # CRIU's own figures, never mixed with ours
    criu_memdump_time_ms: float | None = None
    criu_memwrite_time_ms: float | None = None
    criu_restore_time_ms: float | None = None
    pages_written: int | None = None
    image_bytes: int | None = None  # size of the image on disk
    bytes_sent: int | None = None  # everything that went from host to host


@dataclass(frozen=True)
class Proof:
    kind: str
    passed: bool | None  # None: nothing could be proven
    detail: str
    last_before: int | None = None  # last number seen on the source
    first_after: int | None = None  # first number seen on the target
    lines_checked: int | None = None


@dataclass(frozen=True)
class Command:
    """A program that ran on a host for this job."""

    host: Side
    phase: PhaseName
    argv: tuple[str, ...]
    exit_status: int | None  # None: it was ended for taking too long
    start_ms: float
    duration_ms: float


@dataclass(frozen=True)
class LogFile:
    host: Side
    name: str  # dump.log, restore.log
    text: str  # its end, when it is longer than the limit
    truncated: bool


@dataclass(frozen=True)
class Clock:
    """How well the two hosts' clocks could be compared (Cristian's algorithm, shortest of n)."""

    offset_ms: float  # target's monotonic clock minus source's
    uncertainty_ms: float
    wall_offset_ms: float


@dataclass(frozen=True)
class Failure:
    code: str
    message: str
    log_excerpt: str | None
    workload_is_on: str | None  # source, target, None: not known
    phase: PhaseName | None = None


@dataclass(frozen=True)
class Report:
    outcome: Outcome
    kind: str
    strategy: str
    operation: str
    job_id: str
    started_at: str  # ISO 8601, UTC
    metrics: Metrics
    phases: tuple[Phase, ...]
    proof: Proof | None
    environment: Mapping[str, Any]  # source, target, engine version, encrypted
    workload_after: Mapping[str, Any] | None  # kind, name, pid, side: where and what it is now
    commands: tuple[Command, ...] = ()
    logs: tuple[LogFile, ...] = ()
    clock: Clock | None = None
    error: Failure | None = None
    warnings: tuple[str, ...] = ()
    schema: int = field(default=SCHEMA)

    def to_json(self) -> dict[str, Any]:
        """The document as the API serves it; keys as named above."""
        return dataclasses.asdict(self)
