"""Workloads that fail on purpose: real jobs, refused, adapted or diagnosed with their row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrations_app.engine import (
    Outcome,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    start_workload,
)
from migrations_app.engine.causes import BY_KEY
from migrations_app.engine.look import check_only
from migrations_app.engine.report import CheckOutcome

from .conftest import Pair
from .troubles import Troubles

pytestmark = pytest.mark.integration
PROCESS, CONTAINER = WorkloadKind.PROCESS, WorkloadKind.CONTAINER
BUDGET_MS = 300.0
# Refused before anything is frozen: the trouble, as which kind, with which row.
REFUSED = [
    ("terminal", PROCESS, "terminal"),
    ("hard-link", PROCESS, "link-remap"),
    ("outside-socket", PROCESS, "outside-socket"),
    ("tcp-connection", PROCESS, "tcp-connection"),
    ("tcp-connection", CONTAINER, "tcp-connection"),
    ("mptcp", PROCESS, "mptcp"),
    ("io-uring", PROCESS, "io-uring"),
    ("userfaultfd", PROCESS, "unsupported-file"),
    ("debugger", PROCESS, "unsupported-file"),
]
# Told to go on in spite of it: CRIU fails, and its own words name the row.
DIAGNOSED = [
    ("outside-socket", "outside-socket"),
    ("tcp-connection", "tcp-connection"),
    ("mptcp", "mptcp"),
    ("io-uring", "io-uring"),
    ("userfaultfd", "unsupported-file"),
    ("debugger", "unsupported-file"),
    ("hard-link", "link-remap"),
]
CODES = {
    "outside-socket": "workload-outside-socket",
    "tcp-connection": "workload-tcp",
    "mptcp": "workload-mptcp",
    "io-uring": "workload-io-uring",
    "userfaultfd": "workload-device",
    "debugger": "workload-traced",
    "hard-link": "workload-link-remap",
}


@pytest.fixture
def troubles(clean_pair: Pair) -> Iterator[Troubles]:
    made = Troubles(clean_pair)
    yield made
    made.end()


@pytest.mark.parametrize(("trouble", "kind", "key"), REFUSED)
def test_job_is_refused_with_its_row_before_anything_is_frozen(
    trouble: str, kind: WorkloadKind, key: str, troubles: Troubles
):
    ref = troubles.start(trouble, kind)
    report = troubles.move(ref, Strategy.STOP_AND_COPY)
    assert report.outcome is Outcome.FAILED and report.error is not None
    assert report.error.cause is not None, report.error
    assert (report.error.cause.key, report.error.cause.number) == (key, BY_KEY[key].number)
    assert report.error.workload_is_on == "source" and report.metrics.stop_time_ms is None
    assert troubles.state(troubles.pair.a, ref) == "running"
    assert troubles.state(troubles.pair.b, ref) == "absent"


@pytest.mark.parametrize(("trouble", "key"), DIAGNOSED)
def test_job_that_goes_on_in_spite_of_it_is_diagnosed_from_the_log(
    trouble: str, key: str, troubles: Troubles
):
    ref = troubles.start(trouble, PROCESS)
    report = troubles.move(ref, Strategy.STOP_AND_COPY, CODES[trouble])
    skipped = [one.code for one in report.checks if one.outcome is CheckOutcome.SKIPPED]
    assert skipped == [CODES[trouble]]
    assert report.error is not None and report.error.cause is not None, report
    assert report.error.cause.key == key, report.error
    assert report.error.cause.log in ("dump.log", "restore.log")
    assert troubles.state(troubles.pair.a, ref) == "running"


@pytest.mark.parametrize("strategy", [Strategy.COLD, Strategy.STOP_AND_COPY, Strategy.PRE_COPY])
@pytest.mark.parametrize("trouble", ["file-lock", "ghost-file"])
def test_what_can_be_taken_along_is_taken_along_and_said(
    trouble: str, strategy: Strategy, troubles: Troubles
):
    ref = troubles.start(trouble, PROCESS)
    report = troubles.move(ref, strategy)
    assert report.outcome is Outcome.SUCCEEDED, report.error
    adapted = {name for one in report.checks for name in one.adapts}
    assert adapted == {{"file-lock": "file_locks", "ghost-file": "ghost_limit"}[trouble]}
    if trouble == "file-lock":
        locked = f"grep -l 'lock:.*WRITE' /proc/{ref.pid}/fdinfo/*"
        assert troubles.pair.run(troubles.pair.b, locked).strip()


def test_docker_cannot_be_told_to_take_locks_along(troubles: Troubles):
    ref = troubles.start("file-lock", CONTAINER)
    report = troubles.move(ref, Strategy.COLD)
    assert report.error is not None and report.error.code == "workload-file-locks"
    assert report.error.cause is not None and report.error.cause.number == 11


def test_lock_that_is_not_heeded_is_diagnosed_from_dockers_log(troubles: Troubles):
    ref = troubles.start("file-lock", CONTAINER)
    report = troubles.move(ref, Strategy.COLD, "workload-file-locks")
    assert report.error is not None and report.error.cause is not None, report.error
    assert report.error.cause.number == 11 and report.error.cause.log == "dump.log"
    assert troubles.state(troubles.pair.a, ref) == "running"


def test_number_that_is_taken_on_the_target_is_told_before(troubles: Troubles):
    ref = start_workload(
        troubles.pair.a,
        kind=PROCESS,
        name="exercise-taken",
        type_name="counter",
        values={"interval_ms": 20},
    )
    troubles.started.append(ref)
    assert ref.pid is not None
    taken = (
        f"echo {ref.pid - 1} > /proc/sys/kernel/ns_last_pid; "
        "setsid sleep 60 </dev/null >/dev/null 2>&1 & sleep 0.2; echo $!"
    )
    other = int(troubles.pair.run(troubles.pair.b, taken).split()[-1])
    if other != ref.pid:
        pytest.skip("another process was faster with that number")
    report = troubles.move(ref, Strategy.STOP_AND_COPY)
    troubles.pair.run(troubles.pair.b, f"kill {other}")
    assert report.error is not None and report.error.code == "target-pid-taken"
    assert report.error.cause is not None and report.error.cause.number == 17
    assert troubles.state(troubles.pair.a, ref) == "running"


def test_file_that_differs_on_the_target_is_told_before(troubles: Troubles):
    program = "/usr/local/bin/migration-lab-troubled"
    troubles.pair.run(troubles.pair.b, f"cp {program} /tmp/kept; printf x >> {program}")
    try:
        report = troubles.move(troubles.start("file-lock", PROCESS), Strategy.STOP_AND_COPY)
    finally:
        troubles.pair.run(troubles.pair.b, f"mv /tmp/kept {program}")
    assert report.error is not None and report.error.code == "file-differs"
    assert report.error.cause is not None and report.error.cause.number == 16


def test_container_with_a_terminal_is_told_before(troubles: Troubles):
    pair, name = troubles.pair, "exercise-terminal"
    pair.run(pair.a, f"docker run -dt --name {name} busybox sleep 600")
    ref = WorkloadRef(CONTAINER, name)
    troubles.started.append(ref)
    report = troubles.move(ref, Strategy.STOP_AND_COPY)
    assert report.error is not None and report.error.code == "container-terminal"
    assert report.error.cause is not None and report.error.cause.number == 7


def test_mount_that_the_target_lacks_is_told_before(troubles: Troubles):
    pair, name = troubles.pair, "exercise-mounted"
    pair.run(
        pair.a,
        f"mkdir -p /srv/only-here; docker run -d --name {name} -v /srv/only-here:/x "
        "busybox sh -c 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.1; done'",
    )
    ref = WorkloadRef(CONTAINER, name)
    troubles.started.append(ref)
    report = troubles.move(ref, Strategy.STOP_AND_COPY)
    assert report.error is not None and report.error.code == "workload-mount"
    assert report.error.cause is not None and report.error.cause.number == 15


@pytest.mark.parametrize("kind", [PROCESS, CONTAINER])
def test_looking_takes_no_time_to_speak_of(kind: WorkloadKind, troubles: Troubles):
    ref = troubles.start("file-lock", kind)
    params = {"kind": str(kind), **({"pid": ref.pid} if ref.pid else {"name": ref.name})}
    looks = (troubles.pair.a.ask("workload_look", params, timeout_s=30) for _ in range(5))
    assert min(look.result["took_ms"] for look in looks) < BUDGET_MS


def test_checks_alone_touch_nothing(troubles: Troubles):
    ref = troubles.start("io-uring", PROCESS)
    plan = troubles.plan(ref, Strategy.POST_COPY)
    found = check_only(plan, troubles.pair.a, troubles.pair.b)
    assert [one.code for one in found if one.outcome is CheckOutcome.FAIL] == ["workload-io-uring"]
    assert troubles.state(troubles.pair.a, ref) == "running"
