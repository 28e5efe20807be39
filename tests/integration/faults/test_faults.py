"""Whatever breaks and whenever: alive on exactly one host, whole, and the job says which.

`scripts/test --faults` runs all of them, which takes hours; `-k WORDS` picks: a strategy, a kind,
a moment, a fault. Each case leaves a line in var-faults/faults.jsonl, which
later runs add to; see table.py.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from migrations_app import lab
from migrations_app.engine import (
    Limits,
    Outcome,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    migrate,
    stop_workload,
)

from ..conftest import Pair, clear, said
from ..moves import assert_moved, move, plan_for, start
from ..watching import Watcher
from .cases import BIG_DISK, EMPTY_DISK, SMALL_DISK, Case, cases, faults
from .provoke import host_of, provoked
from .table import note
from .verdict import Verdict, end_left, settled, sides, verdict

pytestmark = [pytest.mark.integration, pytest.mark.faults]
LIMITS = Limits(step_s=6, dump_s=6, proof_s=10)
NOTES = Path(__file__).parents[3] / "var-faults" / "faults.jsonl"  # beside var-test, which goes
SOURCE, CONTROLLER = "SOURCE", "CONTROLLER"  # stand for addresses that are known with the lab
CASES = list(cases(faults(SOURCE, CONTROLLER)))
Left = Callable[[], dict[str, dict[str, list[str]]]]
# containerd listens at another port each time it is started, and keeps the folders of what ran.
UNTOUCHED = ("host-session-lost", "host-unreachable")
NOT_AFTER_RESETS = ("listening", "tasks")
# So that there is a half of the image to send: 16 MiB take 1.3 s.
SLOWLY_MBIT_S = 100


def at_addresses(case: Case, pair: Pair) -> Case:
    controller = pair.run(pair.a, "echo ${SSH_CLIENT%% *}").strip()
    words = {SOURCE: pair.a.address, CONTROLLER: controller}
    command = case.fault.command
    for word, address in words.items():
        command = command.replace(word, address)
    return dataclasses.replace(case, fault=dataclasses.replace(case.fault, command=command))


@pytest.fixture
def case(request: pytest.FixtureRequest, pair: Pair) -> Iterator[Case]:
    assert isinstance(request.param, Case)
    lab.up(pair.config, said)  # where one did not come back after its reset
    clear(pair)
    case = at_addresses(request.param, pair)
    with small_disk(pair, case):
        yield case


@contextmanager
def small_disk(pair: Pair, case: Case) -> Iterator[None]:
    if case.fault.undo != EMPTY_DISK:
        yield
        return
    pair.run(host_of(pair, case), SMALL_DISK)
    try:
        yield
    finally:
        pair.run(host_of(pair, case), BIG_DISK)


@pytest.fixture
def left(case: Case, pair: Pair) -> Left:
    """What there is on the hosts that was not there before the workload was started."""
    watcher = Watcher(pair.run)
    before = {side: watcher.look(host) for side, host in sides(pair).items()}

    def now() -> dict[str, dict[str, list[str]]]:
        hosts = sides(pair).items()
        found = {side: watcher.changes(host, before[side]) for side, host in hosts}
        if case.fault.resets:
            for changes, name in itertools.product(found.values(), NOT_AFTER_RESETS):
                changes.pop(name, None)
        return {side: changes for side, changes in found.items() if changes}

    return now


@pytest.fixture
def ref(left: Left, case: Case, pair: Pair) -> Iterator[WorkloadRef]:
    started = start(pair.a, case.kind)
    yield started
    for host in pair.both():
        stop_workload(host, started)


def broken(case: Case, pair: Pair, ref: WorkloadRef) -> Verdict:
    """The migration with its fault, settled and looked at."""
    limit = None if case.strategy is Strategy.COLD else SLOWLY_MBIT_S
    plan = plan_for(ref, case.strategy, limits=LIMITS, bandwidth_limit_mbit_s=limit)
    host = host_of(pair, case)
    try:
        with provoked(pair, case) as observer:
            first = migrate(plan, pair.a, pair.b, observer)
    finally:
        pair.run(host, case.fault.undo, limit_s=120)  # it may still be cut off
    last = settled(first, plan, pair)
    end_left(last, pair)
    return verdict(first, last, pair, ref)


def wrong(case: Case, found: Verdict) -> str | None:
    """What must not be, in words; None when all is well."""
    if found.outcome == Outcome.FAILED and not found.alive and case.fault.ends_original:
        # Docker that is started again, or a host that is reset, ends what it ran: with a job or
        # without one. A job that had not touched it yet says where it was.
        untouched = case.fault.resets and found.code in UNTOUCHED
        return None if found.said is None or untouched else f"the report says {found.said}"
    if len(found.alive) != 1:
        return f"alive on {len(found.alive)} hosts"
    if found.outcome not in (Outcome.SUCCEEDED, Outcome.FAILED):
        return "still in doubt"
    if found.said != found.alive[0]:
        return f"the report says {found.said}"
    if found.gaps:
        return f"{found.gaps} gaps in what it wrote"
    return None


def row_of(case: Case, found: Verdict) -> dict[str, object]:
    names = {"case": str(case), "strategy": case.strategy, "kind": case.kind}
    what = {"moment": case.moment, "fault": case.fault.name}
    mistake = wrong(case, found)
    return {**names, **what, **vars(found), "passed": mistake is None, "wrong": mistake}


def next_move(found: Verdict, case: Case, pair: Pair, ref: WorkloadRef) -> str | None:
    """Migrates it from where it is, and removes it; what is wrong with that, or None."""
    here = pair.b if found.alive == ("target",) else pair.a
    if not found.alive:
        stop_workload(here, ref)
        ref = start(here, case.kind)
    report = move(ref, here, pair.other(here), Strategy.STOP_AND_COPY)
    for host in pair.both():
        stop_workload(host, ref)
    try:
        assert_moved(report)  # with every page of its memory
    except AssertionError as error:
        return f"the next migration: {str(error).splitlines()[0]}"
    return None


@pytest.mark.parametrize("case", CASES, ids=str, indirect=True)
def test_it_is_alive_on_exactly_one_host(
    pair: Pair, case: Case, left: Left, ref: WorkloadRef
) -> None:
    row = row_of(case, found := broken(case, pair, ref))
    if row["passed"]:
        mistake = next_move(found, case, pair, ref)
        stays = left()
        row |= {"left": stays, "passed": not (mistake or stays), "wrong": mistake}
    note(NOTES, row)
    assert row["passed"], row


def test_every_strategy_kind_and_moment_has_its_cases() -> None:
    """A moment that no case has would be one that nobody looked at."""
    assert {(case.strategy, case.kind) for case in CASES} == {
        (strategy, kind) for strategy in Strategy for kind in WorkloadKind
    }
    assert len({str(case) for case in CASES}) == len(CASES)
