"""A failure at every call of a migration: the workload is alive on exactly one host."""

from collections import Counter

import pytest

from migrations_app.engine import HostSessionLost, Outcome, Report, StepFailed, settle
from migrations_app.engine.errors import EngineError

from .cases import CASES, FAST, Case, run
from .pair import Pair
from .simulated import Fault

# A host that said that a step failed does not do it later; one that fell silent may.
WHEN: dict[str, list[type[EngineError]]] = {
    "before": [StepFailed, HostSessionLost],
    "after": [StepFailed, HostSessionLost],
    "late": [HostSessionLost],
}


# Verbs that are asked until something is so: how often is a matter of luck.
ONCE = ("clock", "hand_over_wait")


def _calls(case: Case) -> list[tuple[str, str, int]]:
    """Each call of a run that goes well: the host, the verb, and which of them it is."""
    pair, counts = case.pair(), Counter()
    run(case.plan(), pair)
    calls = []
    for call in pair.calls:
        calls.append((*call, counts[call]))
        counts[call] += 1
    return [call for call in calls if call[1] not in ONCE or call[2] == 0]


def _faults(**options: bool) -> list[object]:
    return [
        pytest.param(
            case,
            Fault(call, error, when, **options),
            id=f"{case.id}-{'-'.join(map(str, call))}-{error.code}-{when}",
        )
        for case in CASES + FAST
        for call in _calls(case)
        for when, errors in WHEN.items()
        for error in errors
    ]


def _broken(case: Case, fault: Fault) -> tuple[Report, Pair]:
    pair = case.pair(fault=fault)
    report = run(case.plan(), pair)
    pair.let_finish()
    return report, pair


def _side(report: Report) -> str | None:
    """Where the report says that the workload runs."""
    return report.workload_after["side"] if report.workload_after else None


def _where(case: Case, side: str | None) -> str | None:
    return "source" if case.operation.one_host and side else side


@pytest.mark.parametrize(("case", "fault"), _faults())
def test_one_failure_leaves_the_workload_alive_where_the_report_says(case: Case, fault: Fault):
    report, pair = _broken(case, fault)
    assert pair.alive() == [_where(case, _side(report))], (report.outcome, report.error)
    assert report.outcome is not Outcome.IN_DOUBT


@pytest.mark.parametrize(("case", "fault"), _faults(for_good=True))
def test_host_that_is_gone_for_good_never_makes_it_two(case: Case, fault: Fault):
    report, pair = _broken(case, fault)
    assert len(pair.alive()) <= 1
    if report.outcome is not Outcome.IN_DOUBT:
        assert pair.alive() == [_where(case, _side(report))], report.error


@pytest.mark.parametrize(("case", "fault"), _faults(for_good=True))
def test_doubt_is_settled_when_the_host_is_back(case: Case, fault: Fault):
    report, pair = _broken(case, fault)
    if report.outcome is not Outcome.IN_DOUBT:
        return
    pair.source.gone = pair.target.gone = False
    pair.fault = None
    target = pair.source if case.operation.one_host else pair.target
    settled = settle(case.plan(), pair.source, target)
    assert pair.alive() == [_where(case, _side(settled))], settled.error
    assert settled.outcome is not Outcome.IN_DOUBT


@pytest.mark.parametrize("error", [StepFailed, HostSessionLost])
def test_failure_of_the_dump_is_told_with_its_phase_and_its_cause(error: type[EngineError]):
    case = CASES[0]
    call = ("source", "container_checkpoint", 0)
    report, _ = _broken(case, Fault(call, error, "before"))
    assert (report.outcome, report.error.code) == (Outcome.FAILED, error.code)
    assert (report.error.phase, report.error.workload_is_on) == ("dump", "source")
    assert "on purpose" in report.error.message


@pytest.mark.parametrize("case", CASES[:2] + CASES[3:4], ids=lambda case: case.id)
def test_answer_of_the_restore_that_is_lost_is_no_failure(case: Case):
    call = next(call for call in _calls(case) if call[1].endswith("_restore"))
    report, _ = _broken(case, Fault(call, HostSessionLost, "after"))
    assert report.outcome is Outcome.SUCCEEDED
    assert report.warnings[0].startswith("answer-lost: ")


def test_fault_of_our_own_is_told_and_leaves_nothing_frozen():
    case = CASES[0]
    pair = case.pair()
    pair.source._container_checkpoint = lambda _: {"nothing": "of use"}
    report = run(case.plan(), pair)
    assert report.error.code == "engine-fault" and "KeyError" in report.error.message
    assert pair.alive() == ["source"]


ENDS = [("source", "container_remove"), ("source", "clean_up"), ("target", "clean_up")]
QUICK_AND_SLOW = pytest.mark.parametrize("case", [CASES[0], FAST[0]], ids=lambda case: case.id)


@QUICK_AND_SLOW
@pytest.mark.parametrize(("side", "verb"), ENDS)
def test_what_is_left_on_a_host_that_is_gone_is_told_and_the_run_succeeds(case: Case, side, verb):
    report, _pair = _broken(case, Fault((side, verb, 0), HostSessionLost, "before", for_good=True))
    assert (report.outcome, report.left_on) == (Outcome.SUCCEEDED, (side,))
    assert _side(report) == "target" and any(side in text for text in report.warnings)


@QUICK_AND_SLOW
@pytest.mark.parametrize("when", WHEN)
def test_original_that_was_not_removed_at_once_is_removed_at_the_end(case: Case, when: str):
    fault = Fault(("source", "container_remove", 0), HostSessionLost, when)
    report, pair = _broken(case, fault)
    assert (report.outcome, report.left_on, report.warnings) == (Outcome.SUCCEEDED, (), ())
    assert pair.source.containers == {} and pair.alive() == ["target"]
    assert ("source", "left_remove") in pair.calls


def test_run_that_ends_well_leaves_nothing_to_do():
    assert run(CASES[0].plan(), CASES[0].pair()).left_on == ()
