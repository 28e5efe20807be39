"""A rehearsal on real hosts: nothing moves, nothing is left, and its forecast is about right."""

from __future__ import annotations

import pytest

from migrations_app.engine import Strategy, WorkloadKind, rehearse, stop_workload, workload_status

from .conftest import Pair
from .moves import move, plan_for, start

pytestmark = pytest.mark.integration
FAR_OFF = 4.0  # times: a forecast, on machines that others use, too


@pytest.mark.parametrize("kind", list(WorkloadKind))
def test_forecast_of_a_rehearsal_is_borne_out(kind: WorkloadKind, clean_pair: Pair) -> None:
    a, b = clean_pair.both()
    ref = start(a, kind, memory_mib=64, dirty_pages_per_s=1000)
    try:
        found = rehearse(plan_for(ref, Strategy.COLD), a, b)
        assert workload_status(a, ref).state == "running"
        assert workload_status(b, ref).state == "absent"
        assert found.dirty_pages_per_s == pytest.approx(1000, rel=0.5)
        assert found.pages > 64 * 256
        report = move(ref, a, b, Strategy.STOP_AND_COPY)
        stop_ms = report.metrics.stop_time_ms
        assert stop_ms is not None
        expected = found.forecast["stop-and-copy"]
        print(f"{kind}: expected {expected:.0f} ms, was {stop_ms:.0f}; {found.forecast}")  # noqa: T201
        assert expected / FAR_OFF < stop_ms < expected * FAR_OFF
    finally:
        for host in (a, b):
            stop_workload(host, ref)
