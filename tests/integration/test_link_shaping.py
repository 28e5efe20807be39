"""A slower link between real hosts: what it costs, and that it is as it was afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from labsite.operate.leftovers import processes_of
from labsite.operate.places import own_places
from migrations_app.engine import (
    Outcome,
    Report,
    SshHost,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    stop_workload,
)

from .conftest import Pair, Site, said
from .moves import LIMITS, assert_goes_on, assert_moved, move, start

pytestmark = [pytest.mark.integration, pytest.mark.slow]
MIB, MBIT_S = 64, 100
ROOT_OF = "tc qdisc show dev \"$(ip -o route get {peer} | sed 's/.* dev \\([^ ]*\\).*/\\1/')\""
INTERFACE = "ip -o route get {peer} | sed 's/.* dev \\([^ ]*\\).*/\\1/'"
# Frames carry TCP's and IP's headers too (about 4 %), and a connection takes a moment to get going.
LEAST, MOST = 0.97, 1.35


def queues(pair: Pair, host: SshHost) -> str:
    return pair.run(host, ROOT_OF.format(peer=pair.other(host).address))


@pytest.fixture
def process(clean_pair: Pair) -> Iterator[WorkloadRef]:
    pair = clean_pair
    before = [queues(pair, host) for host in pair.both()]
    ref = start(pair.a, WorkloadKind.PROCESS, memory_mib=MIB, dirty_pages_per_s=0)
    yield ref
    for host in pair.both():
        stop_workload(host, ref)
    assert [queues(pair, host) for host in pair.both()] == before


def stop_and_copy(pair: Pair, ref: WorkloadRef, **link: float) -> Report:
    return move(ref, pair.a, pair.b, Strategy.STOP_AND_COPY, limits=LIMITS, **link)


def test_stop_time_over_a_slower_link_is_what_the_theory_says(
    clean_pair: Pair, process: WorkloadRef
):
    pair = clean_pair
    quick = stop_and_copy(pair, process)
    assert_moved(quick)
    back = move(process, pair.b, pair.a, Strategy.STOP_AND_COPY, limits=LIMITS)
    assert_moved(back)
    slow = stop_and_copy(pair, process, link_rate_mbit_s=MBIT_S)
    assert_moved(slow)
    assert_goes_on(pair, pair.b, process)
    # V / B + floor (charts/theory.py); the floor: what it takes where no link is in the way.
    sent = slow.metrics.bytes_sent or 0
    expected_ms = 1000 * sent * 8 / (MBIT_S * 1e6)
    stop_ms, floor_ms = slow.metrics.stop_time_ms or 0, quick.metrics.stop_time_ms or 0
    said(f"unshaped {floor_ms:.0f} ms; {sent} bytes at {MBIT_S} Mbit/s: {expected_ms:.0f} ms")
    said(f"by theory, {stop_ms:.0f} ms measured")
    assert LEAST * expected_ms < stop_ms < MOST * expected_ms + floor_ms
    told = slow.environment["link_shaping"]
    assert [told[side]["only_peer"] for side in ("source", "target")] == [True, True]
    assert "6d6c:" in told["source"]["said"] and quick.environment["link_shaping"] is None


def test_queue_of_somebody_else_is_refused_and_left_alone(clean_pair: Pair, process: WorkloadRef):
    pair = clean_pair
    interface = pair.run(pair.b, INTERFACE.format(peer=pair.a.address)).strip()
    pair.run(pair.b, f"tc qdisc add dev {interface} root tbf rate 5gbit burst 1mb latency 50ms")
    foreign = queues(pair, pair.b)
    try:
        report = stop_and_copy(pair, process, link_rate_mbit_s=MBIT_S)
        left = queues(pair, pair.b)
    finally:
        pair.run(pair.b, f"tc qdisc delete dev {interface} root")
    assert (report.outcome, report.error and report.error.code) == (Outcome.FAILED, "link-taken")
    assert left == foreign
    assert_goes_on(pair, pair.a, process)


NAME = "shaped"


def asked(site: Site, what: str) -> object:
    return site.ask(f"answer = {what}")


def wait_until(site: Site, what: str, limit_s: float = 180) -> object:
    deadline = time.monotonic() + limit_s
    while not (found := asked(site, what)):
        assert time.monotonic() < deadline, what
    return found


@pytest.fixture
def job(real_site: Site) -> Iterator[int]:
    """A job of 64 MiB over a link of 20 Mbit/s, which takes half a minute, under way."""
    real_site.ask(
        "from migrations_app.services.inventory import create_workload\n"
        f"answer = create_workload(name={NAME!r}, type_name='memory', kind='process',"
        f"parameters={{'memory_mib': {MIB}, 'dirty_pages_per_s': 0, 'interval_ms': 100}},"
        "host=Host.objects.get(name='lab-a'), created_by=None).pk"
    )
    row = f"Workload.objects.filter(name={NAME!r}).latest('pk')"
    wait_until(real_site, f"{row}.state == 'running'")
    pk = real_site.ask(
        "from migrations_app.services.submit import submit_job\n"
        f"answer = submit_job(workload={row}, target=Host.objects.get(name='lab-b'),"
        "operation='migrate', strategy='stop-and-copy', link_rate_mbit_s=20, user=None).pk"
    )
    assert isinstance(pk, int)
    yield pk
    wait_until(real_site, f"{row}.state == 'running'")
    real_site.ask(
        "from migrations_app.services.inventory import remove_workload\n"
        f"answer = remove_workload(workload={row}, user=None)"
    )
    wait_until(real_site, f"{row}.state == 'removed'")


def test_worker_that_is_killed_in_the_middle_leaves_no_link_shaped(
    real_site: Site, pair: Pair, job: int
):
    deadline = time.monotonic() + 60
    while not all("6d6c:" in queues(pair, host) for host in pair.both()):
        assert time.monotonic() < deadline, "the link is not shaped"
        time.sleep(0.1)
    for pid in processes_of(own_places().owner):
        if b"worker" in _command_line(pid):
            os.kill(pid, signal.SIGKILL)
    over = "('succeeded', 'failed', 'cancelled')"
    wait_until(real_site, f"MigrationJob.objects.get(pk={job}).status in {over}")
    for host in pair.both():
        assert "6d6c:" not in queues(pair, host), host.name


def _command_line(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
        return file.read()
