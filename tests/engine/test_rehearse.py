"""A rehearsal moves nothing, leaves nothing, and says what the real one would cost."""

import dataclasses

import pytest

from migrations_app.engine import EngineError, Strategy, rehearse
from migrations_app.engine.rehearse import dirty_rate, forecast
from migrations_app.engine.report import Round, RoundMethod

from .cases import FAST, Case
from .simulated import STOPPED

ONCE = [case for case in FAST if case.strategy is Strategy.PRE_COPY]
BOTH = pytest.mark.parametrize("case", ONCE, ids=lambda case: case.workload.kind)
ONE = Round(*(0, RoundMethod.CONTENT, 100.0, 400.0, 80.0, 80.0, None, 200.0, 65_536, 1 << 28, None))
TWO = Round(*(1, RoundMethod.CONTENT, 680.0, 200.0, 80.0, 80.0, 30.0, 10.0, 500, 2 << 20, 200.0))


@BOTH
def test_workload_goes_on_where_it_is_and_nothing_is_left(case: Case):
    pair = case.pair()
    before = dict(pair.target.containers)
    found = rehearse(case.plan(strategy=Strategy.COLD), pair.source, pair.target)
    assert pair.alive() == ["source"]
    assert [verb for _, verb in pair.calls if verb in ("hand_over", "hand_over_receive")] == []
    assert [verb for _, verb in pair.calls][-1] == "clean_up"
    assert dict(pair.target.containers).keys() <= {*before, "cr"}
    assert len(found.rounds) == 2 and found.frozen_ms == 2 * STOPPED and len(found.checks) >= 10


@BOTH
def test_what_stands_in_the_way_is_raised_and_cleaned_up_after(case: Case):
    pair = case.pair()
    pair.source.holds = {"io_uring": [{"pid": 7, "fd": 3}]}
    with pytest.raises(EngineError) as refused:
        rehearse(case.plan(), pair.source, pair.target)
    assert refused.value.code == "workload-io-uring"
    assert pair.alive() == ["source"] and [verb for _, verb in pair.calls][-1] == "clean_up"


def test_rate_counts_from_the_end_of_one_freeze_to_the_next():
    assert dirty_rate(ONE, TWO) == pytest.approx(500 / 0.5)
    assert dirty_rate(dataclasses.replace(ONE, frozen_ms=None), TWO) is None


def test_stop_times_are_forecast_only_where_a_rehearsal_can_tell():
    assert forecast(ONE, TWO) == {"stop-and-copy": 280.0, "pre-copy": 200.0}
    assert forecast(ONE, dataclasses.replace(TWO, expected_stop_ms=None)) == {
        "stop-and-copy": 280.0
    }
