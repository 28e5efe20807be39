"""A rehearsal: all of a migration but the hand-over, and what it says of the real one.

The memory goes over twice, as two pre-copy rounds; both images are thrown away, and the workload
goes on where it is. It stands still for each dump, which the answer tells.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from .events import Event
from .hosts.base import Host
from .link import shape_link
from .look import look_at_workload
from .migrate import check_hosts
from .plan import MigrationPlan, Strategy
from .report import Check, Round, Side
from .run import Run
from .settlement import clean_up
from .timeline import Timeline
from .workloads import KINDS


@dataclass(frozen=True)
class Rehearsal:
    """What it found. Null: not known."""

    checks: tuple[Check, ...]
    rounds: tuple[Round, ...]
    frozen_ms: float | None  # all that the workload stood still for it
    pages: int  # of the workload, that were dumped
    dirty_pages_per_s: float | None  # that changed between the two dumps
    forecast: Mapping[str, float]  # by strategy: stop time to be expected, ms


def rehearse(plan: MigrationPlan, source: Host, target: Host) -> Rehearsal:
    """Between two hosts; the plan's own strategy does not matter. Raises EngineError."""
    plan = dataclasses.replace(plan, strategy=Strategy.PRE_COPY, leave_running=False)
    run = Run(plan, {Side.SOURCE: source, Side.TARGET: target}, Timeline(_deaf))
    try:
        run.measure_clocks()
        check_hosts(run)
        look_at_workload(run)
        shape_link(run)
        subject = KINDS[plan.workload.kind](run)
        subject.prepare()
        first, second = subject.round(0), subject.round(1)
    finally:
        clean_up(run, run.sides, Side.SOURCE)
    return Rehearsal(
        checks=tuple(run.checks),
        rounds=(first, second),
        frozen_ms=run.metrics.get("rounds_frozen_ms"),
        pages=first.pages,
        dirty_pages_per_s=dirty_rate(first, second),
        forecast=forecast(first, second),
    )


def _deaf(_: Event) -> None:
    """Nobody follows a rehearsal."""


def dirty_rate(first: Round, second: Round) -> float | None:
    """Pages that changed a second, between the end of one freeze and the beginning of the next."""
    if first.frozen_ms is None:
        return None
    between_ms = second.start_ms - (first.start_ms + first.frozen_ms)
    return second.pages / between_ms * 1000 if between_ms > 0 else None


def forecast(first: Round, second: Round) -> dict[str, float]:
    """Stop times to be expected, in ms, where a rehearsal can tell.

    Stop-and-copy sends while it dumps, so the longer of both counts; the restore is taken to be as
    long as the dump. Pre-copy's is what each round expects (workloads/moving.py). Of the others
    too little is seen: cold goes over the disk, and what post-copy leaves behind is not moved.
    """
    found: dict[str, float] = {}
    if first.frozen_ms is not None:
        found[Strategy.STOP_AND_COPY] = max(first.dump_ms, first.transfer_ms) + first.dump_ms
    if second.expected_stop_ms is not None:
        found[Strategy.PRE_COPY] = second.expected_stop_ms
    return {str(name): value for name, value in found.items()}
