"""Link shaping within a run: on both hosts, outside the stop window, and gone whatever happens."""

import pytest

from migrations_app.engine import (
    HostSessionLost,
    MigrationPlan,
    Operation,
    Outcome,
    StepFailed,
    Strategy,
    rehearse,
    settle,
)
from migrations_app.engine.report import Side
from migrations_app.engine.run import Run
from migrations_app.engine.timeline import Timeline

from .cases import FAST, Case, ignore, run
from .pair import Pair
from .simulated import CONTAINER, FACTS, Fault

CASES = [Case(CONTAINER, Operation.MIGRATE), *FAST]
SLOW = {"link_rate_mbit_s": 100}
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def calls_of(case: Case) -> list[tuple[str, str]]:
    pair = case.pair()
    run(case.plan(**SLOW), pair)
    return pair.calls


def shaped(pair: Pair) -> list[str]:
    return [host.name for host in (pair.source, pair.target) if host.link]


@each
def test_both_hosts_are_asked_before_anything_is_sent_and_after_it_is_over(case: Case):
    calls = calls_of(case)
    first = calls.index(("source", "link_shape"))
    assert calls[first + 1] == ("target", "link_shape")
    sends = ("channel_send", "along_send", "hand_over", "hand_over_round")
    moves = [place for place, (_host, verb) in enumerate(calls) if verb in sends]
    last = calls.index(("source", "link_clear"))
    assert first < min(moves) and max(moves) < last and calls[last + 1] == ("target", "link_clear")


@each
def test_each_host_is_told_its_peer_and_what_was_said_is_in_the_report(case: Case):
    pair = case.pair()
    report = run(case.plan(**SLOW), pair)
    (asked,) = [params for verb, params in pair.source.asked if verb == "link_shape"]
    assert asked == {"job": "j-1", "address": "target", "rate_mbit_s": 100}
    assert report.outcome is Outcome.SUCCEEDED and shaped(pair) == []
    told = report.environment["link_shaping"]
    assert told.keys() == {"source", "target"} and told["source"]["said"]


@each
def test_a_link_that_nobody_asked_to_shape_is_not_touched(case: Case):
    pair = case.pair()
    report = run(case.plan(), pair)
    assert not any(verb.startswith("link_") for _host, verb in pair.calls)
    assert report.environment["link_shaping"] is None


def test_delay_and_loss_are_asked_for_where_there_is_netem_and_refused_elsewhere():
    case = CASES[1]
    plan = case.plan(link_delay_ms=20, link_loss_percent=0.5)
    bare = case.pair()
    assert run(plan, bare).error.code == "link-delay-missing"
    assert not any(verb == "link_shape" for _host, verb in bare.calls)
    pair = case.pair()
    for host in (pair.source, pair.target):
        host.facts_shown = {**FACTS, "shaping": {"bandwidth": True, "delay": True}}
    assert run(plan, pair).outcome is Outcome.SUCCEEDED
    (asked,) = [params for verb, params in pair.target.asked if verb == "link_shape"]
    assert asked == {"job": "j-1", "address": "source", "delay_ms": 20, "loss_percent": 0.5}


@pytest.mark.parametrize("side", ["source", "target"])
@each
def test_host_that_refuses_ends_the_run_with_both_links_as_they_were(case: Case, side: str):
    pair = case.pair()
    foreign = {"job": "somebody-elses"}
    getattr(pair, side).link = foreign
    report = run(case.plan(**SLOW), pair)
    assert (report.outcome, report.error.code) == (Outcome.FAILED, "link-taken")
    assert shaped(pair) == [side] and getattr(pair, side).link == foreign
    assert pair.alive() == ["source"]


@pytest.mark.parametrize("error", [StepFailed, HostSessionLost])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case.id)
def test_failure_at_any_call_leaves_no_link_shaped(case: Case, when: str, error: type):
    calls = calls_of(case)
    for place, call in enumerate(calls):
        fault = Fault((*call, calls[:place].count(call)), error, when)
        pair = case.pair(fault=fault)
        report = run(case.plan(**SLOW), pair)
        pair.let_finish()
        left = shaped(pair)
        assert left == [] or (call == (left[0], "clean_up") and report.warnings), (fault, left)
        assert len(pair.alive()) == 1, fault


def test_link_that_could_not_be_cleared_is_cleared_by_the_clean_up():
    case = CASES[1]
    pair = case.pair(fault=Fault(("source", "link_clear", 0), StepFailed, "before"))
    report = run(case.plan(**SLOW), pair)
    assert shaped(pair) == [] and report.outcome is Outcome.SUCCEEDED
    assert report.warnings[0].startswith("source-link-not-restored: ")


@each
def test_job_whose_controller_died_has_its_links_as_they_were_once_it_is_settled(case: Case):
    pair = case.pair()
    for host in (pair.source, pair.target):
        host._do("link_shape", {"job": "j-1", "rate_mbit_s": 100})
    settle(case.plan(**SLOW), pair.source, pair.target)
    assert shaped(pair) == [] and pair.alive() == ["source"]


def test_rehearsal_goes_over_the_same_link():
    case = FAST[1]
    pair = case.pair()
    rehearse(case.plan(**SLOW), pair.source, pair.target)
    assert ("target", "link_shape") in pair.calls and shaped(pair) == []


def test_one_host_has_no_link():
    with pytest.raises(ValueError, match="two hosts"):
        MigrationPlan("j-1", CONTAINER, Operation.LOCAL_CLONE, Strategy.COLD, link_rate_mbit_s=1)


def test_slow_link_is_given_its_time():
    case = FAST[0]
    pair = case.pair()
    slow = _memory_limit(case.plan(link_rate_mbit_s=1), pair)
    limited = _memory_limit(case.plan(bandwidth_limit_mbit_s=1), pair)
    assert slow == limited > _memory_limit(case.plan(), pair) + 2 * 64 * 8


def _memory_limit(plan: MigrationPlan, pair: Pair) -> float:
    hosts = {Side.SOURCE: pair.source, Side.TARGET: pair.target}
    made = Run(plan, hosts, Timeline(ignore))
    made.memory_bytes = 64 << 20
    return made.memory_limit_s()
