"""What breaks inside the stop window, provoked for real, and how it is known where the truth is."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator

import pytest

from migrations_app.engine import (
    Limits,
    Outcome,
    Report,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    migrate,
    settle,
    stop_workload,
    workload_status,
)

from .conftest import Pair
from .moves import assert_goes_on, assert_moved, by_turns, move, output, plan_for, start
from .traps import ASKED, HEAL, RECEIVING, AtArm, cut, shell, signal_program, trap

pytestmark = [pytest.mark.integration, pytest.mark.slow]
STOP_AND_COPY = Strategy.STOP_AND_COPY
LIMITS = Limits(step_s=4, dump_s=4, proof_s=10)
SLOWLY = {"bandwidth_limit_mbit_s": 50, "limits": LIMITS}  # 16 MiB: 2.7 s in which to fail
TRACER = """
import ctypes, sys, time
if ctypes.CDLL(None, use_errno=True).ptrace(0x4206, int(sys.argv[1]), 0, 0):  # PTRACE_SEIZE
    sys.exit("not traced")
time.sleep(600)
"""
TAKE = """
echo {before} >/proc/sys/kernel/ns_last_pid
sleep 600 >/dev/null 2>&1 </dev/null &
test $! = {pid}
"""
KINDS = list(WorkloadKind)
DOCKERS = ["26", "28"]
CUT_S = 35  # longer than it takes to find out that nobody answers


def of_each(name: str, *values: object) -> pytest.MarkDecorator:
    """With the workload of each kind, and each of these values."""
    return pytest.mark.parametrize(("ref", name), by_turns(KINDS, values), indirect=["ref"])


def started(pair: Pair, kind: WorkloadKind) -> Iterator[WorkloadRef]:
    ref = start(pair.a, kind)
    yield ref
    for host in pair.both():
        stop_workload(host, ref)


@pytest.fixture
def ref(clean_pair: Pair, request: pytest.FixtureRequest) -> Iterator[WorkloadRef]:
    """The memory workload on the first host, as either kind."""
    yield from started(clean_pair, request.param)


@pytest.fixture
def process(clean_pair: Pair) -> Iterator[WorkloadRef]:
    yield from started(clean_pair, WorkloadKind.PROCESS)


@pytest.fixture
def container(hosts: Pair) -> Iterator[WorkloadRef]:
    """On either kind of lab hosts."""
    yield from started(hosts, WorkloadKind.CONTAINER)


def assert_on_source(report: Report, pair: Pair, ref: WorkloadRef, code: str) -> None:
    """It counts on there, nothing is on the target, and the next migration works."""
    assert report.error is not None
    assert report.error.code == code, report.error
    assert (report.outcome, report.error.workload_is_on) == (Outcome.FAILED, "source")
    assert_goes_on(pair, pair.a, ref)
    assert workload_status(pair.b, ref).state == "absent"
    assert_moved(move(ref, pair.a, pair.b, STOP_AND_COPY))


def pid_on_source(pair: Pair, ref: WorkloadRef) -> str:
    if ref.pid is not None:
        return str(ref.pid)
    return pair.run(pair.a, f"docker inspect --format '{{{{.State.Pid}}}}' {ref.name}").strip()


@of_each("strategy", STOP_AND_COPY, Strategy.PRE_COPY, Strategy.POST_COPY)
def test_a_traced_workload_cannot_be_dumped(
    clean_pair: Pair, ref: WorkloadRef, strategy: Strategy
) -> None:
    argv = f"python3 -c {shlex.quote(TRACER)} {pid_on_source(clean_pair, ref)}"
    command = f"setsid {argv} >/dev/null 2>&1 </dev/null & echo $! >/run/tracer; sleep 0.2"
    traced = AtArm(clean_pair, clean_pair.a, command)
    try:
        report = move(ref, clean_pair.a, clean_pair.b, strategy, traced)
    finally:
        clean_pair.run(clean_pair.a, "kill $(cat /run/tracer); sleep 0.1")
    assert traced.done
    assert_on_source(report, clean_pair, ref, "dump-failed")
    assert report.error is not None and "Error (" in report.error.message
    assert "dump.log" in [log.name for log in report.logs]


@of_each("rule", "reject with tcp reset", "drop")
def test_a_link_that_is_cut_before_the_target_was_asked(
    clean_pair: Pair, ref: WorkloadRef, rule: str
) -> None:
    a, b = clean_pair.both()
    words = f"ip saddr {a.address} meta l4proto tcp {rule}"
    try:
        with trap(clean_pair, b, RECEIVING, shell(cut("input", words))):
            report = move(ref, a, b, STOP_AND_COPY, **SLOWLY)
    finally:
        clean_pair.run(b, HEAL)
    assert_on_source(report, clean_pair, ref, "transfer-failed")


def test_a_pid_that_is_taken_after_all_fails_the_restore(
    clean_pair: Pair, process: WorkloadRef
) -> None:
    """By somebody else, who is left alone; pages were to follow."""
    b, pid = clean_pair.b, process.pid
    assert pid is not None
    taken = AtArm(clean_pair, b, TAKE.format(before=pid - 1, pid=pid))
    report = move(process, clean_pair.a, b, Strategy.POST_COPY, taken)
    clean_pair.run(b, f"kill {pid}")
    assert taken.done
    assert_on_source(report, clean_pair, process, "restore-failed")
    assert "restore.log" in [log.name for log in report.logs]


@pytest.mark.parametrize(
    ("hosts", "strategy"),
    by_turns(DOCKERS, [STOP_AND_COPY, Strategy.POST_COPY]),
    indirect=["hosts"],
)
def test_a_program_that_is_another_one_on_the_target_fails_the_restore(
    hosts: Pair, container: WorkloadRef, strategy: Strategy
) -> None:
    mounted = "findmnt --noheadings --list --output TARGET --types overlay | grep /merged"
    change = f"truncate --size=+1 $({mounted})/usr/local/bin/migration-lab-memory"
    changed = AtArm(hosts, hosts.b, change)
    report = move(container, hosts.a, hosts.b, strategy, changed)
    assert changed.done
    assert_on_source(report, hosts, container, "restore-failed")
    assert report.error is not None
    assert "Error (criu/" in (report.error.log_excerpt or "")


def where_it_runs(pair: Pair, ref: WorkloadRef) -> list[str]:
    """Names of the hosts on which it writes on; of at most one, whatever happened."""
    return [host.name for host in pair.both() if writes_on(pair, host, ref)]


def writes_on(pair: Pair, host: object, ref: WorkloadRef) -> bool:
    if workload_status(host, ref).state != "running":  # type: ignore[arg-type]
        return False
    first = output(pair, host, ref)[-1]  # type: ignore[arg-type]
    time.sleep(0.5)
    return output(pair, host, ref)[-1] > first  # type: ignore[arg-type]


def assert_settled(report: Report, pair: Pair, ref: WorkloadRef) -> None:
    """On one host alone, without a gap; the report says the same."""
    source = report.outcome is Outcome.FAILED
    host = pair.a if source else pair.b
    assert report.outcome in (Outcome.FAILED, Outcome.SUCCEEDED), report.error
    assert where_it_runs(pair, ref) == [host.name]
    assert_goes_on(pair, host, ref)
    if source:
        assert report.error is not None and report.error.workload_is_on == "source"
    else:
        assert [word for word in report.warnings if word.startswith("answer-lost")]


@of_each("strategy", STOP_AND_COPY, Strategy.POST_COPY)
def test_a_target_whose_program_dies_when_it_was_asked(
    clean_pair: Pair, ref: WorkloadRef, strategy: Strategy
) -> None:
    """What it had begun may come to its end all the same: only it can be asked."""
    a, b = clean_pair.both()
    with trap(clean_pair, b, ASKED, signal_program("SIGKILL")):
        report = move(ref, a, b, strategy, limits=LIMITS)
    assert_settled(report, clean_pair, ref)


@pytest.mark.parametrize("ref", KINDS, indirect=True)
def test_a_target_that_falls_silent_when_it_was_asked(clean_pair: Pair, ref: WorkloadRef) -> None:
    """In doubt, on no two hosts; when it answers again, the job is settled with the truth."""
    a, b = clean_pair.both()
    plan = plan_for(ref, STOP_AND_COPY, limits=LIMITS)
    with trap(clean_pair, b, ASKED, signal_program("SIGSTOP")):
        report = migrate(plan, a, b, lambda event: None)
    clean_pair.run(b, "pkill -CONT -f 'hostside-.*pyz'")
    if report.outcome is Outcome.IN_DOUBT:
        assert report.error is not None and report.error.code == "target-silent"
        report = settle(plan, a, b)
    assert_settled(report, clean_pair, ref)


def test_a_host_that_is_cut_off_and_comes_back(clean_pair: Pair, process: WorkloadRef) -> None:
    """Nothing it says arrives any more: in doubt, frozen on the source, until it can be asked."""
    a, b = clean_pair.both()
    plan = plan_for(process, STOP_AND_COPY, **SLOWLY)
    # It still gets the image, and acknowledges it; whatever is longer than that is lost.
    mute = [f"ip daddr {a.address} ip length > 84 drop", f"ip daddr != {a.address} drop"]
    action = f"{shell(cut('output', *mute))}\ntime.sleep({CUT_S})\n{shell(HEAL)}"
    with trap(clean_pair, b, RECEIVING, action, limit_s=2 * CUT_S):
        report = migrate(plan, a, b, lambda event: None)
        assert report.outcome is Outcome.IN_DOUBT, report.error
        assert report.error is not None and report.error.code == "target-silent"
        assert not writes_on(clean_pair, a, process)
    assert_settled(settle(plan, a, b), clean_pair, process)
