"""A web server under a small load moves: no request fails, and a visitor's wait is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrations_app.engine import Outcome, Report, Strategy

from .conftest import Pair, said
from .moves import FAST
from .outside import Connected, connected, told

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NAME = "exercise-http"


@pytest.fixture
def web(hosts: Pair) -> Iterator[Connected]:
    values = {"memory_mib": 32, "dirty_pages_per_s": 1000}
    with connected(hosts, NAME, "http", values) as found:
        yield found


def assert_all_answered(report: Report) -> None:
    assert report.error is None, report.error
    assert report.outcome is Outcome.SUCCEEDED and report.proof is not None
    assert report.proof.passed, report.proof
    seen = report.client
    assert seen is not None and report.metrics.client_gap_ms is not None, report.warnings
    counts = ("lost", "doubled", "wrong", "failed", "connections")
    assert [seen[name] for name in counts] == [0, 0, 0, 0, 0]
    assert seen["received"] > 0 and seen["written"] is None


def assert_latency(report: Report) -> None:
    """Whoever asked while it stood still waited for the rest of it; nobody before it waited so."""
    assert report.client is not None
    latency, stop = report.client["latency"], report.metrics.stop_time_ms
    assert stop is not None and latency["before"]["count"] > 0 < latency["after"]["count"]
    assert latency["during"]["longest_ms"] > stop / 2
    assert latency["before"]["median_ms"] < latency["during"]["longest_ms"]


@pytest.mark.parametrize("strategy", FAST)
def test_every_request_is_answered_by_each_strategy_there_and_back(
    web: Connected, strategy: Strategy
) -> None:
    for here in web.pair.both():
        report = web.move(here, strategy)
        said(told(report))
        said(str(report.client and report.client["latency"]))
        assert_all_answered(report)
        assert_latency(report)
    assert web.seen()["connections"] == 1
