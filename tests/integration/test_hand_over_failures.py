"""A hand-over that fails, for real: the workload goes on where it was, and the report says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from migrations_app.engine import (
    Event,
    Host,
    Outcome,
    PhaseEnded,
    PhaseName,
    Report,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    stop_workload,
    workload_status,
)

from .conftest import Pair
from .moves import assert_goes_on, assert_moved, move, start

pytestmark = pytest.mark.integration

FILL = "fallocate -l $(($(df --output=avail -B1 /dev/shm | tail -1) - 1048576)) /dev/shm/filler"
UNFILL = "rm -f /dev/shm/filler"
# The armed container's own program is gone when CRIU wants to map it.
TAKE_PROGRAM = (
    "for m in $(grep -o '/var/lib/docker/overlay2/[^ ]*/merged' /proc/mounts); do"
    " mv $m/usr/local/bin/migration-lab-memory $m/gone; done"
)
STOP_HOSTSIDE = "pkill --signal STOP --full migration-lab/hostside"
# systemd starts it again, unless that was needed several times within a minute.
RESTART_DOCKER = "systemctl reset-failed 'docker.s*' || true; pkill --signal KILL --exact dockerd"
KILL_HOSTSIDE = "pkill --signal KILL --full migration-lab/hostside"


def take_pid(pid: int) -> str:
    """A shell command after which somebody else has this pid."""
    return (
        f"echo {pid - 1} > /proc/sys/kernel/ns_last_pid;"
        " sleep 60 < /dev/null > /dev/null 2>&1 & "
        f"test -e /proc/{pid}"
    )


def at_end_of(phase: PhaseName, do: Callable[[], object]) -> Callable[[Event], None]:
    """An observer that does something once, when a phase has ended."""
    left = [do]

    def observe(event: Event) -> None:
        if left and isinstance(event, PhaseEnded) and event.name == phase:
            left.pop()()

    return observe


@pytest.fixture(params=[WorkloadKind.CONTAINER, WorkloadKind.PROCESS])
def workload(request: pytest.FixtureRequest, hosts: Pair) -> Iterator[WorkloadRef]:
    ref = start(hosts.a, request.param)
    yield ref
    for host in hosts.both():
        stop_workload(host, ref)


def failed_at_arm(
    pair: Pair, ref: WorkloadRef, host: Host, command: str, undo: str = "true"
) -> Report:
    """Stop-and-copy with a fault put in when everything is ready and nothing has begun."""
    provoke = at_end_of(PhaseName.ARM, lambda: pair.run(host, command))  # type: ignore[arg-type]
    try:
        return move(ref, pair.a, pair.b, Strategy.STOP_AND_COPY, provoke)
    finally:
        pair.run(host, undo)  # type: ignore[arg-type]


def assert_on_source(report: Report, pair: Pair, ref: WorkloadRef, *codes: str) -> None:
    assert report.outcome is Outcome.FAILED, report.error
    assert report.error is not None
    assert report.error.code in codes, report.error
    assert report.error.message
    assert report.error.workload_is_on == "source"
    assert_goes_on(pair, pair.a, ref)
    assert workload_status(pair.b, ref).state == "absent"


def assert_next_one_works(pair: Pair, ref: WorkloadRef) -> None:
    report = move(ref, pair.a, pair.b, Strategy.STOP_AND_COPY)
    assert_moved(report)


def test_a_dump_that_fails_leaves_it_on_the_source(hosts: Pair, workload: WorkloadRef) -> None:
    report = failed_at_arm(hosts, workload, hosts.a, FILL, UNFILL)
    assert_on_source(report, hosts, workload, "dump-failed")
    assert_next_one_works(hosts, workload)


def test_a_transfer_that_fails_leaves_it_on_the_source(hosts: Pair, workload: WorkloadRef) -> None:
    report = failed_at_arm(hosts, workload, hosts.b, FILL, UNFILL)
    assert_on_source(report, hosts, workload, "target-disk-full", "transfer-failed")
    assert_next_one_works(hosts, workload)


def test_a_restore_that_fails_leaves_it_on_the_source(hosts: Pair, workload: WorkloadRef) -> None:
    container = workload.kind is WorkloadKind.CONTAINER
    command = TAKE_PROGRAM if container else take_pid(workload.pid or 0)
    undo = "true" if container else f"kill {workload.pid} || true"
    report = failed_at_arm(hosts, workload, hosts.b, command, undo)
    assert_on_source(report, hosts, workload, "restore-failed")
    assert_next_one_works(hosts, workload)


def test_a_target_that_does_not_answer_leaves_it_on_the_source(
    hosts: Pair, workload: WorkloadRef
) -> None:
    """Its CRIU stands still when it is asked; after its time the target ends it, and says no."""
    report = failed_at_arm(hosts, workload, hosts.b, "pkill --signal STOP --exact criu")
    assert_on_source(report, hosts, workload, "restore-timed-out")
    assert_next_one_works(hosts, workload)


def test_a_target_whose_program_stands_still_is_never_asked(hosts: Pair) -> None:
    """Then nothing was frozen, and it is known that the workload is where it was."""
    ref = start(hosts.a, WorkloadKind.PROCESS)
    report = failed_at_arm(hosts, ref, hosts.b, STOP_HOSTSIDE, KILL_HOSTSIDE)
    assert_on_source(report, hosts, ref, "transfer-failed")
    assert_next_one_works(hosts, ref)
    for host in hosts.both():
        stop_workload(host, ref)


def test_docker_that_is_started_again_on_the_target_is_no_end_of_it(hosts: Pair) -> None:
    """It ends what it ran, when the original is all that is left: that goes on."""
    ref = start(hosts.a, WorkloadKind.CONTAINER)
    provoke = at_end_of(PhaseName.VERIFY, lambda: hosts.run(hosts.b, RESTART_DOCKER))
    report = move(ref, hosts.a, hosts.b, Strategy.STOP_AND_COPY, provoke)
    assert_on_source(report, hosts, ref, "target-lost")
    assert_next_one_works(hosts, ref)
    for host in hosts.both():
        stop_workload(host, ref)
