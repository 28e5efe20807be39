"""Pages that follow and get lost, for real: it is ended on the target before it misses one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from migrations_app.engine import (
    Event,
    Limits,
    Outcome,
    PagesArrived,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    stop_workload,
    workload_status,
)

from .conftest import Pair
from .moves import assert_goes_on, assert_moved, by_turns, move, start

pytestmark = [pytest.mark.integration, pytest.mark.slow]
MIB = 64
SLOWLY = {"bandwidth_limit_mbit_s": 60, "limits": Limits(step_s=30, proof_s=20)}  # 9 s of pages
HEAL = "nft delete table inet cut"


def cut(pair: Pair, rule: str) -> str:
    """A command on the second host: between the two of them nothing passes any more."""
    table = "add table inet cut"
    for hook, side in (("input", "saddr"), ("output", "daddr")):
        table += f"; add chain inet cut {hook} {{ type filter hook {hook} priority -10; }}"
        table += f"; add rule inet cut {hook} ip {side} {pair.a.address} meta l4proto tcp {rule}"
    return f"nft '{table}'"


# What breaks: on which host, by which command; the codes of the errors that may come of it.
FAULTS: dict[str, tuple[str, Callable[[Pair], str], tuple[str, ...]]] = {
    "daemon-killed": ("b", lambda _: "pkill -KILL -f 'criu lazy-pages'", ("pages-lost",)),
    "page-server-killed": ("a", lambda _: "pkill -KILL -x criu", ("pages-lost",)),
    "link-reset": ("b", lambda pair: cut(pair, "reject with tcp reset"), ("pages-lost",)),
    "link-dead": ("b", lambda pair: cut(pair, "drop"), ("pages-lost",)),
    "target-killed": (
        "b",
        lambda _: "pkill -KILL -f migration-lab/hostside",
        ("pages-lost", "host-session-lost"),
    ),
    "source-killed": (
        "a",
        lambda _: "pkill -KILL -f migration-lab/hostside",
        ("pages-lost", "host-session-lost"),
    ),
}


class WhilePagesArrive:
    """An observer that types a command on a host when the first pages have followed."""

    def __init__(self, pair: Pair, where: str, command: str) -> None:
        self._pair, self._host, self._command = pair, getattr(pair, where), command
        self.done = False

    def __call__(self, event: Event) -> None:
        if not self.done and isinstance(event, PagesArrived) and event.bytes > 0:
            self.done = True
            self._pair.run(self._host, self._command)


@pytest.fixture
def workload(request: pytest.FixtureRequest, clean_pair: Pair) -> Iterator[WorkloadRef]:
    yield from started(clean_pair, request.param)


@pytest.fixture
def container28(clean_pair28: Pair) -> Iterator[WorkloadRef]:
    yield from started(clean_pair28, WorkloadKind.CONTAINER)


def started(pair: Pair, kind: WorkloadKind) -> Iterator[WorkloadRef]:
    ref = start(pair.a, kind, memory_mib=MIB)
    yield ref
    for host in pair.both():
        stop_workload(host, ref)


def assert_stays_on_the_source(
    pair: Pair, ref: WorkloadRef, fault: str, strategy: Strategy = Strategy.POST_COPY
) -> None:
    where, command, codes = FAULTS[fault]
    broken = WhilePagesArrive(pair, where, command(pair))
    try:
        report = move(ref, pair.a, pair.b, strategy, broken, **SLOWLY)
    finally:
        pair.run(pair.b, f"{HEAL} 2>/dev/null || true")
    assert broken.done, f"no page had followed: {report.error}"
    assert report.error is not None
    assert report.error.code in codes, report.error
    assert (report.outcome, report.error.workload_is_on) == (Outcome.FAILED, "source")
    assert_goes_on(pair, pair.a, ref)
    assert workload_status(pair.b, ref).state == "absent"
    assert_moved(move(ref, pair.a, pair.b, Strategy.POST_COPY))
    assert_goes_on(pair, pair.b, ref)


@pytest.mark.parametrize(
    ("workload", "fault"), by_turns(WorkloadKind, FAULTS), indirect=["workload"]
)
def test_it_goes_on_at_the_source_alone_when_pages_are_lost(
    clean_pair: Pair, workload: WorkloadRef, fault: str
) -> None:
    """At the state of the switch, without a gap, and the next migration works."""
    assert_stays_on_the_source(clean_pair, workload, fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_it_goes_on_at_the_source_alone_on_docker_28(
    clean_pair28: Pair, container28: WorkloadRef, fault: str
) -> None:
    assert_stays_on_the_source(clean_pair28, container28, fault)
