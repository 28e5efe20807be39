"""The workloads that test their own work move by every strategy, and find nothing wrong."""

from __future__ import annotations

import pytest

from migrations_app.engine import (
    CATALOGUE,
    ProofKind,
    Strategy,
    WorkloadKind,
    start_workload,
    stop_workload,
    workload_status,
)

from .conftest import Pair
from .moves import NAME, assert_moved, move

pytestmark = pytest.mark.integration
CASES = [
    (name, kind)
    for name, found in CATALOGUE.items()
    if found.proof is ProofKind.SELF_TEST and name != "http"  # which test_http.py moves
    for kind in found.kinds
]
QUICK = [Strategy.STOP_AND_COPY, Strategy.POST_COPY]


def there_and_back(pair: Pair, name: str, kind: WorkloadKind, strategy: Strategy) -> None:
    ref = start_workload(pair.a, kind=kind, name=NAME, type_name=name, values={})
    while not workload_status(pair.a, ref).last_line:
        assert workload_status(pair.a, ref).state == "running"
    for here, there in ((pair.a, pair.b), (pair.b, pair.a)):
        report = move(ref, here, there, strategy, proof=ProofKind.SELF_TEST)
        assert_moved(report)
        assert "things checked, 0 wrong" in report.proof.detail
        assert workload_status(here, ref).state == "absent"
    stop_workload(pair.a, ref)
    for host in pair.both():
        assert pair.run(host, "docker volume ls --quiet") == ""


@pytest.mark.parametrize("strategy", QUICK)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_finds_nothing_wrong_on_either_host(
    clean_pair: Pair, name: str, kind: WorkloadKind, strategy: Strategy
) -> None:
    there_and_back(clean_pair, name, kind, strategy)


def test_files_find_nothing_wrong_on_docker_28(clean_pair28: Pair) -> None:
    there_and_back(clean_pair28, "files", WorkloadKind.CONTAINER, Strategy.POST_COPY)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [one for one in Strategy if one not in QUICK])
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_finds_nothing_wrong_by_the_other_strategies(
    clean_pair: Pair, name: str, kind: WorkloadKind, strategy: Strategy
) -> None:
    there_and_back(clean_pair, name, kind, strategy)
