"""A TCP connection to a container that moves: nothing lost, nothing doubled, one connection."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from migrations_app import lab
from migrations_app.engine import (
    Event,
    MigrationPlan,
    Outcome,
    PhaseName,
    Report,
    SshHost,
    Strategy,
    migrate,
    workload_status,
)
from migrations_app.engine.events import Observer

from .conftest import Pair, said
from .moves import FAST, LIMITS
from .outside import Connected, connected, told, with_third
from .test_hand_over_failures import at_end_of

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NAME = "exercise-stream"
MIB = 256
TIMES = 10
# The armed container's own program is gone when CRIU wants to map it.
TAKE_PROGRAM = (
    "for m in $(grep -o '/var/lib/docker/overlay2/[^ ]*/merged' /proc/mounts); do"
    " mv $m/usr/local/bin/migration-lab-tcp-stream $m/gone; done"
)
RULESET = "nsenter --net=/proc/$(docker inspect -f '{{.State.Pid}}' %s)/ns/net nft list tables"


def values(mebibytes: int) -> dict[str, int]:
    return {"memory_mib": mebibytes, "dirty_pages_per_s": 1000}


@pytest.fixture
def large(hosts: Pair) -> Iterator[Connected]:
    with connected(hosts, NAME, "tcp-stream", values(MIB)) as found:
        yield found


@pytest.fixture
def small(hosts: Pair) -> Iterator[Connected]:
    with connected(hosts, NAME, "tcp-stream", values(16)) as found:
        yield found


def assert_nothing_lost(report: Report) -> None:
    assert report.error is None, report.error
    assert report.outcome is Outcome.SUCCEEDED and report.proof is not None
    assert report.proof.passed, report.proof
    assert_seen(report)


def assert_seen(report: Report) -> None:
    seen, gap = report.client, report.metrics.client_gap_ms
    assert seen is not None and gap is not None, report.warnings
    assert (seen["lost"], seen["doubled"], seen["connections"]) == (0, 0, 0)
    assert seen["received"] > 0
    assert gap == max(one["duration_ms"] for one in seen["gaps"])


def there_and_back(large: Connected) -> None:
    here = large.pair.a
    for _ in range(TIMES):
        report = large.move(here)
        said(told(report))
        assert_nothing_lost(report)
        stop, gap = report.metrics.stop_time_ms, report.metrics.client_gap_ms
        assert stop is not None and gap is not None
        assert gap < stop + 1000  # what the network itself takes beside it
        here = large.pair.other(here)
    state = large.seen()
    assert (state["connections"], state["lost"], state["doubled"]) == (1, 0, 0)


def test_ten_post_copy_migrations_lose_nothing_of_one_connection(large: Connected) -> None:
    there_and_back(large)


@pytest.mark.parametrize("strategy", FAST)
def test_every_fast_strategy_takes_the_connection_along(
    small: Connected, strategy: Strategy
) -> None:
    for here in small.pair.both():
        report = small.move(here, strategy)
        said(told(report))
        assert_nothing_lost(report)
    assert small.seen()["connections"] == 1


def failing(pair: Pair, host: SshHost, command: str) -> Observer:
    def provoke() -> None:
        pair.run(host, command)

    observe: Observer = at_end_of(PhaseName.ARM, provoke)
    return observe


@pytest.mark.parametrize("strategy", [Strategy.STOP_AND_COPY, Strategy.POST_COPY])
def test_after_a_restore_that_fails_the_connection_goes_on_at_the_source(
    small: Connected, strategy: Strategy
) -> None:
    pair = small.pair
    report = small.move(pair.a, strategy, failing(pair, pair.b, TAKE_PROGRAM))
    assert report.outcome is Outcome.FAILED and report.error is not None
    assert report.error.workload_is_on == "source", report.error
    assert_seen(report)
    assert workload_status(pair.a, small.ref).state == "running"
    assert "migration-lab" not in pair.run(pair.a, RULESET % NAME)
    assert_nothing_lost(small.move(pair.a, strategy))  # and the next one works
    assert small.seen()["connections"] == 1


def test_address_and_hardware_address_go_along(small: Connected) -> None:
    pair = small.pair
    command = f"docker inspect -f '{{{{json .NetworkSettings.Networks}}}}' {NAME}"
    hardware = pair.run(pair.a, command).partition('"MacAddress":"')[2][:17]
    assert_nothing_lost(small.move(pair.a))
    after = pair.run(pair.b, command)
    assert f'"MacAddress":"{hardware}"' in after and str(small.address) in after


def test_a_target_without_the_network_is_refused_before_the_freeze(small: Connected) -> None:
    pair = small.pair
    pair.run(pair.b, "docker network rm migration-lab")
    try:
        report = small.move(pair.a)
        assert report.error is not None and report.error.code == "network-missing"
        assert small.seen()["connections"] == 1
    finally:
        lab.up(with_third(pair), said)


def test_without_the_option_the_connection_is_a_reason_to_refuse(small: Connected) -> None:
    deadline = time.monotonic() + 10
    while not small.seen().get("received"):
        assert time.monotonic() < deadline
    plan = MigrationPlan("it-refused", small.ref, strategy=Strategy.STOP_AND_COPY, limits=LIMITS)
    events: list[Event] = []
    report = migrate(plan, small.pair.a, small.pair.b, events.append)
    assert report.error is not None and report.error.code == "workload-tcp"
