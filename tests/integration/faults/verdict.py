"""What is true after a fault: where the workload is alive, and whether the job says the same."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

from migrations_app.engine import (
    EngineError,
    MigrationPlan,
    Outcome,
    Report,
    Side,
    SshHost,
    WorkloadRef,
    remove_left,
    settle,
    workload_status,
)

from ..conftest import Pair
from ..moves import output

SETTLED_WITHIN_S = 90


@dataclass(frozen=True)
class Verdict:
    """A row of the table, but for the next migration and for what is left behind in the end."""

    first: str  # the outcome that the job had by itself
    outcome: str  # and the one in the end
    code: str | None
    alive: tuple[str, ...]
    said: str | None  # where the report says it is
    left_on: tuple[str, ...]  # hosts on which the end was carried out later
    gaps: int  # numbers that are missing or there twice


def settled(report: Report, plan: MigrationPlan, pair: Pair) -> Report:
    """As the site does it: a job in doubt is taken up again until the hosts can be asked."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while report.outcome is Outcome.IN_DOUBT and time.monotonic() < deadline:
        time.sleep(1)
        report = settle(plan, pair.a, pair.b)
    return report


def end_left(report: Report, pair: Pair) -> None:
    """As the site does it: what could not be removed at the end goes when the host answers."""
    ended_on = (report.workload_after or {}).get("side")
    deadline = time.monotonic() + SETTLED_WITHIN_S
    for side in report.left_on:
        host = sides(pair)[side]
        while not _ended(host, report.job_id, side, ended_here=ended_on in (side, None)):
            assert time.monotonic() < deadline, f"something stays on the {side}"
            time.sleep(1)


def _ended(host: SshHost, job: str, half: Side, *, ended_here: bool) -> bool:
    try:
        remove_left(host, job, half=half, ended_here=ended_here, copied=False)
    except EngineError:
        return False
    return True


def verdict(first: Report, last: Report, pair: Pair, ref: WorkloadRef) -> Verdict:
    alive = tuple(side for side, host in sides(pair).items() if writes_on(pair, host, ref))
    numbers = output(pair, sides(pair)[alive[0]], ref) if alive else []
    gaps = sum(after != before + 1 for before, after in itertools.pairwise(numbers))
    after = last.workload_after
    said = None if after is None else str(after["side"])
    code = last.error.code if last.error else None
    left = tuple(str(side) for side in last.left_on)
    return Verdict(str(first.outcome), str(last.outcome), code, alive, said, left, gaps)


def sides(pair: Pair) -> dict[str, SshHost]:
    return {"source": pair.a, "target": pair.b}


def writes_on(pair: Pair, host: SshHost, ref: WorkloadRef) -> bool:
    try:
        if workload_status(host, ref).state != "running":
            return False
    except EngineError:
        return False
    first = output(pair, host, ref)[-1]
    time.sleep(0.5)
    return output(pair, host, ref)[-1] > first
