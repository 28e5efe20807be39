"""The lab exercise on real hosts: restore in place, local clone, another host; both kinds."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app.engine import (
    Host,
    MigrationPlan,
    Operation,
    Outcome,
    ProofKind,
    Report,
    WorkloadKind,
    WorkloadRef,
    migrate,
    start_workload,
    stop_workload,
    workload_status,
)

from .conftest import Pair

pytestmark = pytest.mark.integration
PROOFS = {"counter": ProofKind.SEQUENCE, "memory": ProofKind.MEMORY}
VALUES = {
    "counter": {"interval_ms": 100},
    "memory": {"memory_mib": 16, "dirty_pages_per_s": 500},
}


def run(
    ref: WorkloadRef, source: Host, target: Host, operation: Operation, proof: ProofKind
) -> Report:
    plan = MigrationPlan(f"it-{secrets.token_hex(4)}", ref, operation=operation, proof=proof)
    return migrate(plan, source, target, lambda event: None)


def assert_proven(report: Report) -> None:
    assert report.error is None
    assert report.outcome is Outcome.SUCCEEDED
    assert report.proof is not None and report.proof.passed
    assert report.proof.first_after == (report.proof.last_before or 0) + 1


@pytest.fixture(params=["counter", "memory"])
def type_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def container(clean_pair: Pair, type_name: str) -> Iterator[WorkloadRef]:
    yield from _started(clean_pair, WorkloadKind.CONTAINER, type_name)


@pytest.fixture
def process(clean_pair: Pair, type_name: str) -> Iterator[WorkloadRef]:
    yield from _started(clean_pair, WorkloadKind.PROCESS, type_name)


def _started(pair: Pair, kind: WorkloadKind, type_name: str) -> Iterator[WorkloadRef]:
    ref = start_workload(
        pair.a, kind=kind, name="exercise", type_name=type_name, values=VALUES[type_name]
    )
    _wait_for_output(pair.a, ref)
    yield ref
    for host in pair.both():
        stop_workload(host, ref)


def _wait_for_output(host: Host, ref: WorkloadRef) -> None:
    deadline = time.monotonic() + 10
    while not workload_status(host, ref).last_line:
        assert time.monotonic() < deadline, "it prints nothing"


def test_a_container_goes_on_in_place_as_a_clone_and_on_the_other_host(
    clean_pair: Pair, container: WorkloadRef, type_name: str
) -> None:
    a, b, proof = clean_pair.a, clean_pair.b, PROOFS[type_name]
    clone = WorkloadRef(WorkloadKind.CONTAINER, "exercise-clone")

    in_place = run(container, a, a, Operation.RESTORE_IN_PLACE, proof)
    assert_proven(in_place)
    assert in_place.metrics.transfer_time_ms is None

    cloned = run(container, a, a, Operation.LOCAL_CLONE, proof)
    assert_proven(cloned)
    assert cloned.metrics.create_time_ms and cloned.metrics.transfer_time_ms
    assert workload_status(a, clone).state == "running"
    assert workload_status(a, container).state == "absent"

    assert_proven(run(clone, a, a, Operation.LOCAL_CLONE, proof))  # and is `exercise` again
    moved = run(container, a, b, Operation.MIGRATE, proof)
    assert_proven(moved)
    assert workload_status(b, container).state == "running"
    assert workload_status(a, container).state == "absent"
    assert_measured(moved)


def assert_measured(report: Report) -> None:
    """Every number of the exercise is there, and they fit each other."""
    metrics = report.metrics
    assert metrics.stop_time_ms and metrics.transfer_time_ms and metrics.total_time_ms
    assert metrics.dump_time_ms and metrics.restore_time_ms and metrics.bytes_sent
    assert metrics.transfer_time_ms < metrics.stop_time_ms < metrics.total_time_ms
    assert report.clock is not None
    # The workload's own output must see a gap at least as long as its tasks stood still.
    slack_ms = 5 + report.clock.uncertainty_ms
    assert metrics.observed_gap_ms is None or metrics.observed_gap_ms > (
        metrics.stop_time_ms - slack_ms
    )


def test_a_process_goes_on_in_place_and_on_the_other_host(
    clean_pair: Pair, process: WorkloadRef, type_name: str
) -> None:
    a, b, proof = clean_pair.a, clean_pair.b, PROOFS[type_name]
    assert_proven(run(process, a, a, Operation.RESTORE_IN_PLACE, proof))
    moved = run(process, a, b, Operation.MIGRATE, proof)
    assert_proven(moved)
    assert_measured(moved)
    assert workload_status(b, process).state == "running"
    assert workload_status(a, process).state == "absent"


def test_ten_migrations_back_and_forth_end_with_ten_proofs(clean_pair: Pair) -> None:
    here = clean_pair.a
    for kind in WorkloadKind:
        ref = start_workload(here, kind=kind, name="exercise", type_name="counter", values={})
        _wait_for_output(here, ref)
        for _ in range(5):
            there = clean_pair.other(here)
            assert_proven(run(ref, here, there, Operation.MIGRATE, ProofKind.SEQUENCE))
            here = there
        stop_workload(here, ref)


def test_a_shell_whose_children_come_and_go_loses_none_of_them(clean_pair: Pair) -> None:
    values = {"interval_ms": 10}  # a new `sleep` every time, so one is always about to change
    ref = start_workload(
        clean_pair.a, kind=WorkloadKind.PROCESS, name="exercise", type_name="counter", values=values
    )
    _wait_for_output(clean_pair.a, ref)
    here = clean_pair.a
    for _ in range(3):
        assert_proven(run(ref, here, here, Operation.RESTORE_IN_PLACE, ProofKind.SEQUENCE))
        there = clean_pair.other(here)
        assert_proven(run(ref, here, there, Operation.MIGRATE, ProofKind.SEQUENCE))
        here = there
    stop_workload(here, ref)


def test_an_image_that_the_target_lacks_is_sent_first(clean_pair: Pair) -> None:
    a, b = clean_pair.both()
    clean_pair.run(b, "docker image rm --force migration-lab/memory:1")
    ref = start_workload(
        a,
        kind=WorkloadKind.CONTAINER,
        name="exercise",
        type_name="memory",
        values={"memory_mib": 1},
    )
    _wait_for_output(a, ref)
    report = run(ref, a, b, Operation.MIGRATE, ProofKind.MEMORY)
    assert_proven(report)
    assert "migration-lab/memory" in clean_pair.run(b, "docker images")
    stop_workload(b, ref)


def test_plain_tcp_is_there_when_asked_for_and_the_report_says_so(clean_pair: Pair) -> None:
    a, b = clean_pair.both()
    ref = start_workload(
        a, kind=WorkloadKind.PROCESS, name="exercise", type_name="memory", values={"memory_mib": 1}
    )
    _wait_for_output(a, ref)
    plan = MigrationPlan("it-plain", ref, proof=ProofKind.MEMORY, encrypted=False)
    report = migrate(plan, a, b, lambda event: None)
    assert_proven(report)
    assert report.environment["encrypted"] is False
    stop_workload(b, ref)


def test_the_engine_migrates_from_the_command_line_without_django(
    clean_pair: Pair, tmp_path: Path
) -> None:
    a, b = clean_pair.both()
    ref = start_workload(
        a,
        kind=WorkloadKind.CONTAINER,
        name="exercise",
        type_name="counter",
        values=VALUES["counter"],
    )
    _wait_for_output(a, ref)
    script = (
        "import sys; from migrations_app.engine.__main__ import main; status = main(sys.argv[1:]);"
        "assert 'django' not in sys.modules; sys.exit(status)"
    )
    config, report = clean_pair.config, tmp_path / "report.json"
    argv = ["migrate", "--source", f"root@{a.address}", "--target", f"root@{b.address}"]
    argv += ["--identity", str(config.private_key), "--known-hosts", str(config.known_hosts)]
    argv += ["--container", "exercise", "--strategy", "cold", "--report", str(report)]
    subprocess.run([sys.executable, "-c", script, *argv], check=True, timeout=120)
    assert '"outcome": "succeeded"' in report.read_text()
    stop_workload(b, ref)
