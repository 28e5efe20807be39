"""One move of the soak, and whether after it the workload is alive on exactly one host."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from migrations_app.bench.stage import Station
from migrations_app.engine import (
    EngineError,
    Event,
    Limits,
    MigrationPlan,
    Outcome,
    PreCopyRules,
    Report,
    Strategy,
    WorkloadRef,
    clean_up,
    migrate,
    settle,
    workload_status,
)
from migrations_app.engine.report import Failure, Side

from .faults import Breaker

LIMITS = Limits(step_s=20, dump_s=60, proof_s=30)
RULES = PreCopyRules(most_rounds=3)
SETTLE_TRIES, SETTLE_PAUSE_S = 5, 2.0
GOES_ON_S, LOOK_S = 30.0, 0.1


class Lost(Exception):
    """The workload is alive on no host, or on both."""


@dataclass(frozen=True)
class Move:
    outcome: Outcome
    proven: bool
    stop_ms: float | None
    code: str | None  # of the error
    message: str | None  # of the error, with what the tool said last
    settled: bool  # was in doubt, and brought to its end by asking the hosts


def move(
    ref: WorkloadRef, strategy: Strategy, hosts: Mapping[Side, Station], breaker: Breaker | None
) -> tuple[Move, WorkloadRef, Side]:
    """What came of it, the workload as it is called now, and where it is.

    Raises Lost, and EngineError where a host can't be asked.
    """
    plan = MigrationPlan(
        f"soak-{secrets.token_hex(4)}", ref, strategy=strategy, limits=LIMITS, pre_copy=RULES
    )
    source, target = hosts[Side.SOURCE].host, hosts[Side.TARGET].host
    report = migrate(plan, source, target, breaker or _deaf)
    settled = report.outcome is Outcome.IN_DOUBT
    if settled:
        report = _settled(plan, hosts)
    if report.outcome is not Outcome.SUCCEEDED:
        for station in hosts.values():
            clean_up(station.host, plan.job_id)
    after, side = _where(ref, report, hosts)
    return _move(report, settled=settled), after, side


def _settled(plan: MigrationPlan, hosts: Mapping[Side, Station]) -> Report:
    """Asks until both hosts can be asked again."""
    for _ in range(SETTLE_TRIES):
        report = settle(plan, hosts[Side.SOURCE].host, hosts[Side.TARGET].host)
        if report.outcome is not Outcome.IN_DOUBT:
            return report
        time.sleep(SETTLE_PAUSE_S)  # a cut link comes back by itself
    raise Lost(f"{plan.job_id} stays in doubt: {report.error}")


def _move(report: Report, *, settled: bool) -> Move:
    proof, error = report.proof, report.error
    return Move(
        outcome=report.outcome,
        proven=proof is not None and proof.passed is True,
        stop_ms=report.metrics.stop_time_ms,
        code=error.code if error else None,
        message=_words_of(error) if error else None,
        settled=settled,
    )


def _words_of(error: Failure) -> str:
    last = (error.log_excerpt or "").strip().splitlines()[-1:]
    return " ".join(" ".join([error.message, *last]).split())


def _where(
    ref: WorkloadRef, report: Report, hosts: Mapping[Side, Station]
) -> tuple[WorkloadRef, Side]:
    """The one host on which it goes on; what the report says has to be that. Raises Lost."""
    moved = report.outcome is Outcome.SUCCEEDED
    after = report.workload_after or {}
    names = {Side.SOURCE: ref, Side.TARGET: WorkloadRef(ref.kind, ref.name, after.get("pid"))}
    if not moved:
        names[Side.TARGET] = ref  # a target that runs it all the same would have kept the number
    states = {side: workload_status(hosts[side].host, names[side]).state for side in Side}
    alive = [side for side in Side if states[side] == "running"]
    expected = Side.TARGET if moved else Side.SOURCE
    if alive != [expected]:
        raise Lost(f"it should run on the {expected}, but: {states}")
    _goes_on(hosts[expected], names[expected])
    return names[expected], expected


def _goes_on(station: Station, ref: WorkloadRef) -> None:
    """Its output grows. Raises Lost."""
    before = workload_status(station.host, ref).last_line
    deadline = time.monotonic() + GOES_ON_S
    while workload_status(station.host, ref).last_line == before:
        if time.monotonic() > deadline:
            raise Lost(f"it runs on {station.host.name} but prints nothing")
        time.sleep(LOOK_S)


def _deaf(_: Event) -> None:
    """Nobody listens."""


def said(error: EngineError | Lost) -> str:
    return " ".join(str(error).split()) or type(error).__name__
