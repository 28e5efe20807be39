"""Every strategy moves memory that changes, back and forth, on both kinds of lab hosts."""

from __future__ import annotations

import pytest

from migrations_app.engine import (
    Strategy,
    WorkloadKind,
    stop_workload,
    workload_status,
)
from migrations_app.lab import DockerKind

from .conftest import Pair
from .moves import FAST, assert_goes_on, assert_measured, assert_moved, move, start

pytestmark = pytest.mark.integration
KINDS = list(WorkloadKind)
SHORT, LONG = 2, 10  # moves: there and back once, and five times


def back_and_forth(pair: Pair, kind: WorkloadKind, strategy: Strategy, times: int) -> None:
    here, ref = pair.a, start(pair.a, kind)
    for _ in range(times):
        there = pair.other(here)
        report = move(ref, here, there, strategy)
        assert_moved(report)
        assert_measured(report)
        assert workload_status(here, ref).state == "absent"
        here = there
    assert_goes_on(pair, here, ref)
    stop_workload(here, ref)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strategy", FAST)
def test_memory_moves_there_and_back(hosts: Pair, kind: WorkloadKind, strategy: Strategy) -> None:
    back_and_forth(hosts, kind, strategy, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strategy", Strategy)
def test_memory_moves_there_and_back_five_times(
    hosts: Pair, kind: WorkloadKind, strategy: Strategy
) -> None:
    if strategy is Strategy.COLD and kind is WorkloadKind.CONTAINER and has_docker_28(hosts):
        pytest.skip("Docker 28 cannot restore by itself, and cold is refused there")
    back_and_forth(hosts, kind, strategy, LONG)


def has_docker_28(pair: Pair) -> bool:
    return pair.config.docker is DockerKind.DOCKER_28
