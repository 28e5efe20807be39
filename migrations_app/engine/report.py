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
    FILES = "files"  # writable layer and volumes go ahead; the workload runs
    PRE_COPY = "pre-copy"  # one round: memory goes ahead, the workload runs in between
    ARM = "arm"  # the target is brought to where only the image is missing; the workload runs
    FREEZE = "freeze"  # CRIU called until the source's tasks stand still
    DUMP = "dump"  # tasks stand still until the image is written
    FILES_AGAIN = "files-again"  # what changed of them since, while it stands still
    CREATE = "create"  # target container asked for until created
    TRANSFER = "transfer"  # first byte leaves until last byte has arrived
    HAND_OVER = "hand-over"  # image complete on the source until the target restores
    RESTORE = "restore"  # CRIU called until the target's tasks run
    RESUME = "resume"  # tasks run already; until the command returned
    PAGES = "pages"  # post-copy: the workload runs, until its last page has arrived
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
    round: int | None = None  # of pre-copy, from 0


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
    hand_over_time_ms: float | None = None  # image complete on the source -> target told to restore
    pages_time_ms: float | None = None  # post-copy: target's tasks run -> last page has arrived
    pages_bytes: int | None = None  # post-copy: sent in that time
    pages_lazy: int | None = None  # pages that were left behind when the workload moved
    files_time_ms: float | None = None  # writable layer and volumes, sent ahead
    files_bytes: int | None = None  # sent in that time
    files_stop_time_ms: float | None = None  # what changed of them, while it stood still
    files_stop_bytes: int | None = None  # sent in that time
    files_checked: int | None = None  # whose checksum on the target was found to be the same
    rounds_frozen_ms: float | None = None  # all that it stood still in pre-copy rounds


class RoundMethod(StrEnum):
    """How a round finds what changed."""

    PRE_DUMP = "pre-dump"  # CRIU's, by the kernel's memory tracking
    CONTENT = "content"  # a whole dump, compared page by page with the one before


class RoundsEndedBy(StrEnum):
    """Which of the stop rules ended the rounds."""

    PAGES_LEFT = "pages-left"
    GROWTH = "growth"
    MOST_ROUNDS = "most-rounds"
    STOP_TIME = "stop-time"


@dataclass(frozen=True)
class Round:
    """One pre-copy round; the workload stood still for frozen_ms of it."""

    number: int  # from 0: the whole memory
    method: RoundMethod
    start_ms: float  # from the start of the run
    duration_ms: float
    frozen_ms: float | None
    dump_ms: float
    compare_ms: float | None  # by content only
    transfer_ms: float
    pages: int  # sent
    bytes: int  # sent
    expected_stop_ms: float | None  # if the workload were frozen now


@dataclass(frozen=True)
class StopWindow:
    """Where the stop time went: consecutive parts, and what none of them explains.

    Each part is what the tool at work says of itself or what was seen at its edges; `remainder_ms`
    is the stop time less all parts. Null where it is not known.
    """

    freeze_ms: float | None  # tasks stand still -> CRIU begins to dump
    dump_ms: float | None  # CRIU begins -> its image is complete
    hand_over_ms: float | None  # image complete -> CRIU on the target begins to restore
    restore_ms: float | None  # CRIU begins -> says that all is restored
    resume_ms: float | None  # all is restored -> tasks run
    remainder_ms: float | None


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


class CheckOutcome(StrEnum):
    """Of a question asked of the running workload before anything is frozen."""

    PASSED = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"  # it would have failed, and somebody who may said to go on


@dataclass(frozen=True)
class Check:
    """One question and its answer (engine/workload_checks.py)."""

    code: str  # as of the refusal that it leads to
    outcome: CheckOutcome
    values: Mapping[str, Any] = field(default_factory=dict)  # what was found
    adapts: Mapping[str, Any] = field(default_factory=dict)  # what the run does because of it


@dataclass(frozen=True)
class Diagnosis:
    """The cause of a failure as the tools' own words show it (engine/diagnosis.py)."""

    number: int | None  # of its row in docs/failures.md; None: no row explains it
    key: str  # of its row, or `unknown`
    log: str | None  # the log that says so; None: the answer of a tool, or no words at all
    line: str | None  # the line that tells, without time stamp
    lines: tuple[str, ...] = ()  # it, and what follows from it


@dataclass(frozen=True)
class Failure:
    code: str
    message: str
    log_excerpt: str | None
    workload_is_on: str | None  # source, target, None: not known
    phase: PhaseName | None = None
    cause: Diagnosis | None = None  # None: nobody said why


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
    options: Mapping[str, Any] = field(default_factory=dict)  # MigrationPlan.options
    rounds: tuple[Round, ...] = ()
    rounds_ended_by: RoundsEndedBy | None = None
    stop_window: StopWindow | None = None
    kept_images: Mapping[str, Any] | None = None  # side, path, bytes: asked for with keep_images
    along: Mapping[str, Any] | None = None  # trees, check, restart_policy, log: of a container
    client: Mapping[str, Any] | None = None  # what a client outside saw (outside.py)
    left_on: tuple[Side, ...] = ()  # hosts on which something of the run is still to be removed
    known: Mapping[str, Any] | None = None  # in doubt: what each host says of it (known.py)
    checks: tuple[Check, ...] = ()  # of the very workload, before anything was frozen
    schema: int = field(default=SCHEMA)

    def to_json(self) -> dict[str, Any]:
        """The document as the API serves it; keys as named above."""
        return dataclasses.asdict(self)
