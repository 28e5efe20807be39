"""Faults provoked on real hosts: each leaves the workload running on the source, and says why."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import pytest

from migrations_app.engine import (
    Event,
    Host,
    Limits,
    MigrationPlan,
    Operation,
    Outcome,
    PhaseEnded,
    PhaseStarted,
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
NAME = "exercise"
LIMITS = Limits(step_s=5, proof_s=5)
CHECKPOINTS = "/var/lib/docker/containers/*/checkpoints/ml-*"
JOBS = "/var/lib/migration-lab/jobs"


@pytest.fixture
def container(clean_pair: Pair) -> Iterator[WorkloadRef]:
    yield from _started(clean_pair, WorkloadKind.CONTAINER)


@pytest.fixture
def process(clean_pair: Pair) -> Iterator[WorkloadRef]:
    yield from _started(clean_pair, WorkloadKind.PROCESS)


def _started(pair: Pair, kind: WorkloadKind) -> Iterator[WorkloadRef]:
    ref = start_workload(
        pair.a, kind=kind, name=NAME, type_name="counter", values={"interval_ms": 50}
    )
    yield ref
    for host in pair.both():
        stop_workload(host, ref)


class Fault:
    """An observer that types a command on a host when a phase begins or ends."""

    def __init__(self, pair: Pair, host: Host, at: type, phase: str, command: str) -> None:
        self._what = (pair, host, at, phase, command)
        self.done = False

    def __call__(self, event: Event) -> None:
        pair, host, at, phase, command = self._what
        if not self.done and isinstance(event, at) and getattr(event, "name", None) == phase:
            pair.run(host, command)  # type: ignore[arg-type]
            self.done = True


def run_with(
    fault: Fault | None, ref: WorkloadRef, pair: Pair, operation: Operation = Operation.MIGRATE
) -> Report:
    target = pair.a if operation.one_host else pair.b
    plan = MigrationPlan(f"it-{secrets.token_hex(4)}", ref, operation=operation, limits=LIMITS)
    report = migrate(plan, pair.a, target, fault or (lambda event: None))
    assert fault is None or fault.done
    assert not [w for w in report.warnings if w.startswith("observer-failed")]
    return report


def assert_on_source(report: Report, pair: Pair, ref: WorkloadRef, code: str) -> None:
    assert report.outcome is Outcome.FAILED
    assert report.error is not None
    assert report.error.code == code
    assert report.error.workload_is_on == "source"
    assert workload_status(pair.a, ref).state == "running"
    assert workload_status(pair.b, ref).state == "absent"
    _assert_counts(pair.a, ref)


def _assert_counts(host: Host, ref: WorkloadRef) -> None:
    first, deadline = workload_status(host, ref).last_line, time.monotonic() + 10
    while workload_status(host, ref).last_line == first:
        assert time.monotonic() < deadline, f"it stands still at {first}"


def test_a_restore_that_fails_leaves_the_container_counting_on_the_source(
    clean_pair: Pair, container: WorkloadRef
) -> None:
    command = f"for f in {CHECKPOINTS}/core-1.img; do echo broken > $f; done"
    fault = Fault(clean_pair, clean_pair.b, PhaseStarted, "restore", command)
    report = run_with(fault, container, clean_pair)
    assert_on_source(report, clean_pair, container, "restore-failed")
    assert report.error is not None
    assert report.error.message.startswith("Error (criu/")  # CRIU's own first error line
    assert "Error (criu/" in (report.error.log_excerpt or "")
    assert "restore.log" in [log.name for log in report.logs]


def test_a_restore_that_never_ends_is_ended(clean_pair: Pair, container: WorkloadRef) -> None:
    command = f"truncate --size 0 {CHECKPOINTS}/pages-1.img"  # CRIU reads nothing, for ever
    fault = Fault(clean_pair, clean_pair.b, PhaseStarted, "restore", command)
    report = run_with(fault, container, clean_pair)
    assert_on_source(report, clean_pair, container, "restore-timed-out")


def test_a_restore_of_a_process_that_fails_lets_it_go_on(
    clean_pair: Pair, process: WorkloadRef
) -> None:
    fault = Fault(clean_pair, clean_pair.b, PhaseStarted, "restore", f"rm {JOBS}/*/images/mm-*")
    report = run_with(fault, process, clean_pair)
    assert_on_source(report, clean_pair, process, "restore-failed")


def test_a_full_disk_on_the_target_is_named(clean_pair: Pair, container: WorkloadRef) -> None:
    command = f"mount -t tmpfs -o size=40k tmpfs $(ls -d {CHECKPOINTS})"
    fault = Fault(clean_pair, clean_pair.b, PhaseEnded, "create", command)
    try:
        report = run_with(fault, container, clean_pair)
    finally:
        clean_pair.run(clean_pair.b, "findmnt -lno TARGET | grep checkpoints | xargs -r umount")
    assert_on_source(report, clean_pair, container, "target-disk-full")


def test_a_full_disk_on_the_target_stops_no_process(clean_pair: Pair, process: WorkloadRef) -> None:
    clean_pair.run(clean_pair.b, f"mkdir -p {JOBS}; mount -t tmpfs -o size=100k tmpfs {JOBS}")
    try:
        report = run_with(None, process, clean_pair)
    finally:
        clean_pair.run(clean_pair.b, f"umount {JOBS}")
    assert_on_source(report, clean_pair, process, "target-disk-full")


def test_a_clone_that_fails_leaves_the_original(clean_pair: Pair, container: WorkloadRef) -> None:
    clone = f"$(docker container inspect --format '{{{{.Id}}}}' {NAME}-clone)"
    remove = f"rm {CHECKPOINTS.replace('*', clone, 1)}/core-1.img"
    fault = Fault(clean_pair, clean_pair.a, PhaseEnded, "transfer", remove)
    report = run_with(fault, container, clean_pair, Operation.LOCAL_CLONE)
    assert report.outcome is Outcome.FAILED
    assert workload_status(clean_pair.a, container).state == "running"
    _assert_counts(clean_pair.a, container)


def test_a_host_without_criu_is_refused_before_anything_is_touched(
    clean_pair: Pair, container: WorkloadRef
) -> None:
    clean_pair.run(clean_pair.b, "mv /usr/sbin/criu /usr/sbin/criu.away")
    try:
        report = run_with(None, container, clean_pair)
    finally:
        clean_pair.run(clean_pair.b, "mv /usr/sbin/criu.away /usr/sbin/criu")
    assert_on_source(report, clean_pair, container, "criu-missing")
    assert [command.phase for command in report.commands] == []


def test_a_host_whose_docker_stands_still_is_refused(
    clean_pair: Pair, container: WorkloadRef
) -> None:
    clean_pair.run(clean_pair.b, "systemctl stop docker.socket docker.service")
    try:
        report = run_with(None, container, clean_pair)
    finally:
        clean_pair.run(clean_pair.b, "systemctl start docker.socket docker.service")
    assert_on_source(report, clean_pair, container, "docker-unavailable")


def test_a_name_that_is_taken_on_the_target_is_refused(
    clean_pair: Pair, container: WorkloadRef
) -> None:
    clean_pair.run(clean_pair.b, f"docker create --name {NAME} busybox true")
    report = run_with(None, container, clean_pair)
    clean_pair.run(clean_pair.b, f"docker rm {NAME}")
    assert_on_source(report, clean_pair, container, "target-name-taken")


def test_a_container_that_dies_before_the_dump_is_told_as_ended(
    clean_pair: Pair, container: WorkloadRef
) -> None:
    fault = Fault(clean_pair, clean_pair.a, PhaseStarted, "dump", f"docker kill {NAME}")
    report = run_with(fault, container, clean_pair)
    assert report.outcome is Outcome.FAILED
    assert report.error is not None
    assert (report.error.code, report.error.workload_is_on) == ("workload-ended", None)
    assert workload_status(clean_pair.b, container).state == "absent"


def test_a_process_that_dies_before_the_dump_is_told_as_ended(
    clean_pair: Pair, process: WorkloadRef
) -> None:
    fault = Fault(clean_pair, clean_pair.a, PhaseStarted, "dump", f"kill -9 {process.pid}")
    report = run_with(fault, process, clean_pair)
    assert report.error is not None
    assert (report.error.code, report.error.workload_is_on) == ("workload-ended", None)


def test_a_session_lost_while_it_restores_is_opened_again_and_asked(
    clean_pair: Pair, container: WorkloadRef
) -> None:
    # A moment after the restore is asked for, while Docker is at it (some 300 ms).
    kill = "sleep 0.15; pkill -9 -f '[h]ostside-.*pyz'"
    command = f'nohup sh -c "{kill}" >/dev/null 2>&1 </dev/null &'
    fault = Fault(clean_pair, clean_pair.b, PhaseStarted, "restore", command)
    report = run_with(fault, container, clean_pair)
    lost = [w for w in report.warnings if w.startswith("answer-lost")]
    assert lost or (report.error and report.error.code == "host-session-lost")
    states = [workload_status(host, container).state for host in clean_pair.both()]
    assert states == (["absent", "running"] if lost else ["running", "absent"])
    assert report.outcome is (Outcome.SUCCEEDED if lost else Outcome.FAILED), (report.error, lost)
