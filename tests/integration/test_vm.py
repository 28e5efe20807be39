"""Lab hosts with a kernel that tracks memory: pre-copy by CRIU's own pre-dump.

Slow: QEMU without the processor's help takes minutes to boot. `scripts/test -m slow
tests/integration/test_vm.py`; docs/pre-dump.md keeps what a run of it printed.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from migrations_app import lab
from migrations_app.engine import (
    Limits,
    MigrationPlan,
    Outcome,
    PreCopyRules,
    ProofKind,
    Report,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    collect_facts,
    migrate,
    start_workload,
    stop_workload,
)
from migrations_app.engine.report import RoundMethod

from .conftest import Pair, _sessions, said

pytestmark = [pytest.mark.integration, pytest.mark.slow]
# Nothing here is quick: a dump that takes 20 ms elsewhere takes seconds.
LIMITS = Limits(step_s=300, dump_s=600, proof_s=300)
RULES = PreCopyRules(most_rounds=4, growth_percent=1000)
VALUES = {"memory_mib": 16, "dirty_pages_per_s": 20, "interval_ms": 100}
PAGES = VALUES["memory_mib"] * 256


@pytest.fixture(scope="module")
def machines(lab_config: lab.LabConfig) -> Iterator[Pair]:
    lacks = lab.missing(lab.MachineKind.VM)
    if lacks:
        pytest.skip("; ".join(lacks))
    name = f"{lab_config.instance[:9]}v"
    config = replace(lab_config, instance=name, machine=lab.MachineKind.VM)
    try:
        with _sessions(config, lab.up(config, said), timeout_s=120) as pair:
            yield pair
    finally:
        lab.purge(config, said, keep_cache=True)


def test_its_kernel_tracks_memory(machines: Pair) -> None:
    for host in machines.both():
        assert collect_facts(host)["criu"]["features"]["mem_dirty_track"] is True


@pytest.mark.parametrize("kind", list(WorkloadKind))
@pytest.mark.parametrize("strategy", [Strategy.PRE_COPY, Strategy.HYBRID])
def test_rounds_are_pre_dumps_and_send_only_what_changed(
    machines: Pair, kind: WorkloadKind, strategy: Strategy
) -> None:
    ref = start_workload(machines.a, kind=kind, name="exercise", type_name="memory", values=VALUES)
    try:
        there = moved(ref, machines, strategy)
    finally:
        for host in machines.both():
            stop_workload(host, ref)
    print_rounds(there)
    first, *later = there.rounds
    assert {one.method for one in there.rounds} == {RoundMethod.PRE_DUMP}
    assert first.pages >= PAGES
    assert later and all(one.pages < PAGES / 2 for one in later)


def moved(ref: WorkloadRef, machines: Pair, strategy: Strategy) -> Report:
    plan = MigrationPlan(
        f"it-{secrets.token_hex(4)}",
        ref,
        strategy=strategy,
        proof=ProofKind.MEMORY,
        limits=LIMITS,
        pre_copy=RULES,
    )
    report = migrate(plan, machines.a, machines.b, lambda event: None)
    assert report.outcome is Outcome.SUCCEEDED, report.error
    assert report.proof is not None and report.proof.passed
    return report


def print_rounds(report: Report) -> None:
    """Seen with `-s`: what docs/pre-dump.md keeps."""
    metrics = report.metrics
    lines = [
        f"\n{report.strategy}, {report.kind}: stop time {metrics.stop_time_ms} ms,"
        f" {metrics.bytes_sent} bytes in all",
        *(
            f"  round {one.number}: {one.method}, {one.pages} pages, {one.bytes} bytes,"
            f" frozen {one.frozen_ms} ms, dump {one.dump_ms} ms"
            for one in report.rounds
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
