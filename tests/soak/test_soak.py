"""What a soak draws, counts and calls flat; its moves need lab hosts."""

from __future__ import annotations

import random

import pytest

from migrations_app.engine import Outcome, PhaseStarted, Strategy, WorkloadKind
from migrations_app.engine.report import PhaseName, Side
from migrations_app.soak.faults import Breaker, Fault, drawn
from migrations_app.soak.moves import Move
from migrations_app.soak.samples import FEWEST, Sample, sample_self, trends
from migrations_app.soak.tally import Tally, told

MOVED = Move(Outcome.SUCCEEDED, proven=True, stop_ms=12.0, code=None, message=None, settled=False)
BACK = Move(
    Outcome.FAILED,
    proven=False,
    stop_ms=None,
    code="dump-failed",
    message="CRIU says no",
    settled=False,
)


class Typed:
    """A station whose shell notes what is typed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.shell = self

    def run(self, text: str) -> str:
        self.lines.append(text)
        return ""


def samples(*kib: int) -> list[Sample]:
    return [Sample(minute, "lab-a", value, 50) for minute, value in enumerate(kib)]


def test_about_one_move_in_n_is_broken_and_with_0_none() -> None:
    chance = random.Random(1)
    count = sum(drawn(chance, 4, {}, "10.0.0.1") is not None for _ in range(400))
    assert 70 < count < 130
    assert not any(drawn(chance, 0, {}, "10.0.0.1") for _ in range(50))


def test_a_fault_is_done_once_on_its_host_when_its_phase_begins() -> None:
    hosts = {Side.SOURCE: Typed(), Side.TARGET: Typed()}
    breaker = Breaker(Fault.TARGET_CRIU_KILLED, PhaseName.ARM, hosts, "10.0.0.1")  # type: ignore[arg-type]
    for phase in (PhaseName.PREPARE, PhaseName.ARM, PhaseName.ARM):
        breaker(PhaseStarted(phase, Side.SOURCE, 1.0))
    assert [len(host.lines) for host in hosts.values()] == [0, 1]


def test_the_cut_leaves_the_controller_its_way() -> None:
    hosts = {Side.SOURCE: Typed(), Side.TARGET: Typed()}
    breaker = Breaker(Fault.LINK_CUT, PhaseName.ARM, hosts, "10.9.8.1")  # type: ignore[arg-type]
    breaker(PhaseStarted(PhaseName.ARM, Side.SOURCE, 1.0))
    assert "ip saddr != 10.9.8.1" in hosts[Side.TARGET].lines[0]


def test_steady_memory_is_flat_and_a_leak_is_not() -> None:
    mib = 1024
    assert trends(samples(*[300 * mib + n for n in range(FEWEST)]))[0].flat
    assert not trends(samples(*[300 * mib + 40 * mib * n for n in range(FEWEST)]))[0].flat


def test_too_few_samples_say_nothing() -> None:
    assert trends(samples(*range(FEWEST - 1))) == []


def test_this_programs_own_memory_is_read() -> None:
    own = sample_self(0.0)
    assert own.kib > 1000 and own.descriptors > 2


@pytest.mark.parametrize("what", ["lost", "left", "not_proven"])
def test_what_is_lost_or_left_or_unproven_makes_a_soak_bad(what: str) -> None:
    tally = Tally()
    tally.add(WorkloadKind.PROCESS, Strategy.PRE_COPY, None, MOVED)
    assert tally.good
    getattr(tally, what).append("something")
    assert not tally.good and "something" in told(tally)


def test_a_move_without_its_proof_is_told_and_so_is_a_failure_that_nobody_provoked() -> None:
    tally = Tally()
    tally.add(WorkloadKind.PROCESS, Strategy.HYBRID, None, BACK)
    tally.add(WorkloadKind.PROCESS, Strategy.HYBRID, "CRIU is killed", BACK)
    tally.add(
        WorkloadKind.PROCESS,
        Strategy.HYBRID,
        None,
        Move(Outcome.SUCCEEDED, False, 1, None, None, False),
    )
    assert len(tally.unprovoked) == 1 and len(tally.not_proven) == 1
    assert "| process | hybrid | 1 | 2 | 1, 1 |" in told(tally)
