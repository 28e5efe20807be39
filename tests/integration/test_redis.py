"""A redis-server with 100,000 keys under load moves, and every acknowledged write is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrations_app.engine import Outcome, PhaseName, Report, Strategy, workload_status
from migrations_app.engine.catalogue import REDIS_PROGRAM
from migrations_app.engine.hostside.redis_client import RING

from .conftest import Pair, said
from .moves import FAST
from .outside import Connected, connected, told
from .test_hand_over_failures import at_end_of

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NAME, KEYS = "exercise-redis", 100_000
# The armed container's own program is gone when CRIU wants to map it.
TAKE_PROGRAM = (
    "for m in $(grep -o '/var/lib/docker/overlay2/[^ ]*/merged' /proc/mounts); do"
    f" mv $m{REDIS_PROGRAM} $m/gone; done"
)
# What a server that loses its memory does: all keys are gone, and the connections stay.
FORGET = "nsenter --net=/proc/%s/ns/net redis-cli flushall"


@pytest.fixture
def redis(hosts: Pair) -> Iterator[Connected]:
    with connected(hosts, NAME, "redis", {"keys": KEYS}) as found:
        yield found


def assert_all_there(report: Report) -> None:
    assert report.error is None, report.error
    assert report.outcome is Outcome.SUCCEEDED and report.proof is not None
    assert (report.proof.kind, report.proof.passed) == ("client", True), report.proof
    assert_seen(report)


def assert_seen(report: Report) -> None:
    seen, gap = report.client, report.metrics.client_gap_ms
    assert seen is not None and gap is not None, report.warnings
    assert (seen["lost"], seen["wrong"], seen["connections"]) == (0, 0, 0)
    assert seen["written"] > 0 and seen["doubled"] is None
    assert KEYS < seen["kept"] <= KEYS + RING
    assert gap == max(one["duration_ms"] for one in seen["gaps"])


@pytest.mark.parametrize("strategy", FAST)
def test_every_acknowledged_write_is_there_after_moves_there_and_back(
    redis: Connected, strategy: Strategy
) -> None:
    for here in redis.pair.both():
        report = redis.move(here, strategy)
        said(told(report))
        assert report.client is not None, report.warnings
        said(f"{report.client['written']} writes, {report.client['kept']} keys right")
        assert_all_there(report)
    state = redis.seen()
    assert (state["connections"], state["lost"], state["wrong"]) == (1, 0, 0)


def test_after_a_restore_that_fails_every_acknowledged_write_is_at_the_source(
    redis: Connected,
) -> None:
    pair = redis.pair
    provoke = at_end_of(PhaseName.ARM, lambda: pair.run(pair.b, TAKE_PROGRAM))
    report = redis.move(pair.a, Strategy.POST_COPY, provoke)
    assert report.outcome is Outcome.FAILED and report.error is not None
    assert report.error.workload_is_on == "source", report.error
    assert_seen(report)
    assert workload_status(pair.a, redis.ref).state == "running"
    assert_all_there(redis.move(pair.a))  # and the next one works


def test_what_is_lost_on_the_way_fails_the_proof(redis: Connected) -> None:
    pair = redis.pair

    def forget() -> None:
        pid = pair.run(pair.a, f"docker inspect -f '{{{{.State.Pid}}}}' {NAME}").strip()
        pair.run(pair.a, FORGET % pid)

    report = redis.move(pair.a, Strategy.STOP_AND_COPY, at_end_of(PhaseName.ARM, forget))
    assert report.error is not None and report.error.code == "proof-failed", report.error
    assert report.client is not None and report.client["lost"] >= KEYS
    assert report.proof is not None and report.proof.passed is False
