"""A control run: a workload that is not migrated, watched as a migrated one would be.

The observed gap of a migration is the time between two neighbouring lines of the workload's
output. Such a gap is there without any migration: this measures it, and so the floor of what an
observed gap can tell.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from .errors import StepFailed
from .hosts.base import Host, call
from .plan import WorkloadKind, WorkloadRef
from .verify import Line, first_break, numbered

LINES_READ = 20_000  # of the quickest workload 20 seconds


@dataclass(frozen=True)
class Watched:
    """Gaps are between neighbouring lines; None: the output carries no time, or is too short."""

    watched_ms: float  # from the first line looked at to the last, or as long as it was asked for
    lines: int
    longest_gap_ms: float | None
    median_gap_ms: float | None


def watch_workload(
    host: Host,
    ref: WorkloadRef,
    *,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Watched:
    """Leaves the workload alone for so long, then reads what it wrote meanwhile.

    Nothing is asked of the host in between: that would be seen in the gaps. Raises StepFailed with
    code `output-broken` when its numbers do not go on without gap or repeat.
    """
    first = _last_number(host, ref)
    sleep(seconds)
    lines = [line for line in _lines(host, ref) if first is None or line.number >= first]
    broken = first_break([line.number for line in lines])
    if broken:
        raise StepFailed(f"{broken[0]} was followed by {broken[1]}", code="output-broken")
    return watched_of(lines, seconds)


def watched_of(lines: list[Line], seconds: float) -> Watched:
    """Figures of consecutive lines. Pure."""
    stamps = [line.stamp_ns for line in lines if line.stamp_ns is not None]
    if len(stamps) < 2:
        return Watched(seconds * 1000, len(lines), None, None)
    gaps = [(after - before) / 1e6 for before, after in itertools.pairwise(stamps)]
    span_ms = (stamps[-1] - stamps[0]) / 1e6
    return Watched(span_ms, len(lines), max(gaps), statistics.median(gaps))


def _last_number(host: Host, ref: WorkloadRef) -> int | None:
    lines = _lines(host, ref, 5)
    return lines[-1].number if lines else None


def _lines(host: Host, ref: WorkloadRef, count: int = LINES_READ) -> list[Line]:
    params: dict[str, object] = {"name": ref.name, "lines": count}
    if ref.kind is WorkloadKind.PROCESS:
        params = {"output": [ref.own_output], "lines": count}
    return numbered(call(host, f"{ref.kind}_tail", params, timeout_s=60)["lines"], ref.kind)
