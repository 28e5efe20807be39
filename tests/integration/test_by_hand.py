"""A target that is gone for good: what is known, a person's word, and what is left there later."""

from __future__ import annotations

import time

import pytest

from migrations_app.engine import (
    Limits,
    Outcome,
    Report,
    Side,
    Strategy,
    WorkloadKind,
    migrate,
    remove_left,
    settle,
    stop_workload,
)

from .conftest import Pair
from .faults.verdict import writes_on
from .moves import plan_for, start
from .traps import ASKED, HEAL, cut, shell, trap

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # silence takes its time
GONE_S = 150
LIMITS = Limits(step_s=3, dump_s=6, proof_s=6)


def gone(pair: Pair) -> str:
    """A command: nothing comes in from the other host or from us, for a while."""
    us = pair.run(pair.b, "echo ${SSH_CLIENT%% *}").strip()
    rules = (f"ip saddr {pair.a.address} drop", f"ip saddr {us} drop")
    return f"({cut('input', *rules)}; sleep {GONE_S}; {HEAL}) >/dev/null 2>&1 </dev/null &"


def assert_in_doubt(report: Report) -> None:
    assert report.outcome is Outcome.IN_DOUBT, report.error
    assert report.known is not None
    source, target = report.known["source"], report.known["target"]
    assert (source["answers"], source["workload"]) == (True, "stands-still")
    assert target["answers"] is False and target["message"]


@pytest.mark.parametrize("kind", WorkloadKind)
def test_source_goes_on_by_a_persons_word_while_the_target_is_silent(
    clean_pair: Pair, kind: WorkloadKind
) -> None:
    a, b = clean_pair.both()
    ref = start(a, kind)
    plan = plan_for(ref, Strategy.STOP_AND_COPY, limits=LIMITS)
    with trap(clean_pair, b, ASKED, shell(gone(clean_pair)), limit_s=GONE_S + 30):
        healed = time.monotonic() + GONE_S
        assert migrate(plan, a, b, lambda event: None).outcome is Outcome.IN_DOUBT
        assert_in_doubt(settle(plan, a, b))
        report = settle(plan, a, b, target_given_up=True)
        assert report.error is not None and report.error.code == "settled-by-hand"
        assert report.left_on == (Side.TARGET,) and writes_on(clean_pair, a, ref)
        assert time.monotonic() < healed, "it took longer than the target was gone"
        time.sleep(healed - time.monotonic() + 1)
    told = remove_left(b, plan.job_id, half=Side.TARGET, ended_here=False, copied=False)
    assert told["removed"]  # a copy that ran there until now
    assert writes_on(clean_pair, a, ref) and not writes_on(clean_pair, b, ref)
    stop_workload(a, ref)
