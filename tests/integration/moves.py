"""Migrations as the tests of the fast engine make them, and what each of them must have told."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from migrations_app.engine import (
    Host,
    Limits,
    MigrationPlan,
    Outcome,
    PhaseName,
    PreCopyRules,
    ProofKind,
    Report,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    migrate,
    start_workload,
    workload_status,
)
from migrations_app.engine.events import Observer
from migrations_app.engine.verify import numbered

from .conftest import Pair

NAME = "exercise"
MIB = 16
PAGES = MIB * 256
FAST = [strategy for strategy in Strategy if strategy.by_hand_over]
RULES = PreCopyRules(most_rounds=3)  # where pages change all the time, more rounds bring little
LIMITS = Limits(step_s=10, dump_s=10, proof_s=10)


def by_turns(kinds: Iterable[object], values: Iterable[object]) -> list[ParameterSet]:
    """Every kind with every value: one half always, by turns, the other when slow ones are run."""
    pairs = itertools.product(enumerate(kinds), enumerate(values))
    return [
        pytest.param(kind, value, marks=[pytest.mark.slow] if (k + v) % 2 else [])
        for (k, kind), (v, value) in pairs
    ]


def start(host: Host, kind: WorkloadKind, **values: int) -> WorkloadRef:
    """The memory workload, once it writes a number a millisecond."""
    chosen = {"memory_mib": MIB, "dirty_pages_per_s": 500, "interval_ms": 1, **values}
    ref = start_workload(host, kind=kind, name=NAME, type_name="memory", values=chosen)
    deadline = time.monotonic() + 10
    while not workload_status(host, ref).last_line:
        assert time.monotonic() < deadline, "it prints nothing"
        time.sleep(0.02)
    return ref


def plan_for(ref: WorkloadRef, strategy: Strategy, **options: Any) -> MigrationPlan:
    wanted = {"proof": ProofKind.MEMORY, "limits": LIMITS, "pre_copy": RULES, **options}
    return MigrationPlan(f"it-{secrets.token_hex(4)}", ref, strategy=strategy, **wanted)


def move(
    ref: WorkloadRef,
    source: Host,
    target: Host,
    strategy: Strategy,
    observer: Observer = lambda event: None,
    **options: Any,
) -> Report:
    report = migrate(plan_for(ref, strategy, **options), source, target, observer)
    assert not [word for word in report.warnings if word.startswith("observer-failed")]
    return report


def assert_moved(report: Report) -> None:
    """With its proof, and with nothing that had to be told."""
    assert report.error is None, report.error
    assert report.outcome is Outcome.SUCCEEDED
    assert report.proof is not None and report.proof.passed, report.proof
    assert report.proof.first_after == (report.proof.last_before or 0) + 1
    assert [word for word in report.warnings if not word.startswith("docker-start")] == []


def assert_measured(report: Report) -> None:
    """Every number is there, and they fit each other."""
    metrics = report.metrics
    assert metrics.stop_time_ms and metrics.total_time_ms and metrics.bytes_sent
    assert metrics.stop_time_ms < metrics.total_time_ms
    assert metrics.bytes_sent > MIB << 20  # random memory does not shrink, and all of it went
    assert_agrees_with_output(report)
    if report.strategy != Strategy.COLD:
        assert_stop_window(report)
        assert_told_by(report, Strategy(report.strategy))


def assert_agrees_with_output(report: Report) -> None:
    """The stop time against the gap that the workload's own lines show.

    It writes one a millisecond. After it was thawed it may have to wait for a processor, and for
    pages that follow, so the gap may be longer; it can't be shorter.
    """
    assert report.clock is not None
    stop_ms, gap_ms = report.metrics.stop_time_ms, report.metrics.observed_gap_ms
    assert stop_ms is not None and gap_ms is not None
    assert gap_ms > stop_ms - 5 - report.clock.uncertainty_ms
    assert gap_ms < 1.5 * stop_ms + 300


def assert_stop_window(report: Report) -> None:
    window, clock = report.stop_window, report.clock
    assert window is not None and clock is not None
    parts = vars(window)
    assert sum(parts.values()) == pytest.approx(report.metrics.stop_time_ms)
    # Of what spans two hosts the clocks know the length within their uncertainty.
    assert min(parts.values()) > -2 * clock.uncertainty_ms - 1, parts


def assert_told_by(report: Report, strategy: Strategy) -> None:
    """Rounds where there are any, with their bytes and freezes; pages that followed likewise."""
    names = [phase.name for phase in report.phases]
    assert names.count(PhaseName.ARM) == names.count(PhaseName.HAND_OVER) == 1
    assert names.count(PhaseName.PRE_COPY) == len(report.rounds)
    assert bool(report.rounds) is (report.rounds_ended_by is not None) is strategy.in_rounds
    assert names.count(PhaseName.PAGES) == (1 if strategy.lazy else 0)
    if strategy.in_rounds:
        assert_rounds(report)
    if strategy.lazy:
        metrics = report.metrics
        assert metrics.pages_time_ms and metrics.pages_bytes and metrics.bytes_sent
        assert metrics.pages_bytes < metrics.bytes_sent


def assert_rounds(report: Report) -> None:
    rounds, metrics = report.rounds, report.metrics
    assert [one.number for one in rounds] == list(range(len(rounds)))
    assert 1 < len(rounds) <= RULES.most_rounds
    assert rounds[0].pages > PAGES > rounds[1].pages
    assert rounds[0].bytes > MIB << 20 > rounds[1].bytes
    frozen = [one.frozen_ms or 0.0 for one in rounds]
    assert min(frozen) > 0
    assert metrics.rounds_frozen_ms == pytest.approx(sum(frozen))
    assert sum(one.bytes for one in rounds) < (metrics.bytes_sent or 0)


def output(pair: Pair, host: Host, ref: WorkloadRef) -> list[int]:
    """All numbers that the workload has written on this host."""
    container = f"docker logs --timestamps {ref.name}"
    command = container if ref.kind is WorkloadKind.CONTAINER else f"cat {ref.own_output}"
    raw = pair.run(host, command).splitlines()  # type: ignore[arg-type]
    return [line.number for line in numbered(raw, ref.kind)]


def assert_goes_on(pair: Pair, host: Host, ref: WorkloadRef) -> None:
    """It runs there, counts on, and no number is missing or there twice."""
    assert workload_status(host, ref).state == "running"
    seen = output(pair, host, ref)
    assert_without_gap(seen)
    deadline = time.monotonic() + 10
    while output(pair, host, ref)[-1] == seen[-1]:
        assert time.monotonic() < deadline, f"it stands still at {seen[-1]}"


def assert_without_gap(numbers: list[int]) -> None:
    gaps = [pair for pair in itertools.pairwise(numbers) if pair[1] != pair[0] + 1]
    assert gaps == []
