"""A hand-over that breaks between two calls: the link, CRIU, or a program of ours on a host."""

import pytest

from migrations_app.engine import (
    HostSessionLost,
    HostUnreachable,
    Outcome,
    Report,
    StepFailed,
    settle,
)

from .cases import FAST, Case, run
from .pair import Pair
from .simulated import Fault
from .simulated_moving import BREAKS

# Where the workload is after each, and the code of the error that says why; None: none.
EXPECTED = {
    "link-connect": ("source", "transfer-failed"),
    "link-stream": ("source", "transfer-failed"),
    "link-ask": ("source", "target-silent"),
    "link-answer": ("target", None),
    "link-second": ("target", None),
    "link-pages": ("source", "pages-lost"),
    "link-last": ("target", None),
    "criu-dump": ("source", "dump-failed"),
    "criu-restore": ("source", "restore-failed"),
    "source-frozen": ("source", "host-session-lost"),
    "source-asked": ("target", None),
    "source-pages": ("source", "host-session-lost"),
    "target-asked": ("source", "target-silent"),
    "target-pages": ("source", "pages-lost"),
}
LAZY = [case for case in FAST if case.strategy.lazy]
fast = pytest.mark.parametrize("case", FAST, ids=lambda case: case.id)
lazy = pytest.mark.parametrize("case", LAZY, ids=lambda case: case.id)


def with_pages(breaks: str) -> bool:
    """Whether it breaks where only pages are left to come, or where only they would be lost."""
    return breaks.endswith("-pages") or breaks == "link-last"


def broken(case: Case, breaks: str, **changes) -> tuple[Report, Pair]:
    pair = case.pair(breaks=breaks, **changes)
    report = run(case.plan(), pair)
    pair.let_finish()
    return report, pair


def side(report: Report) -> str | None:
    return report.workload_after["side"] if report.workload_after else None


def test_every_way_to_break_has_its_row():
    assert set(EXPECTED) == set(BREAKS)


@fast
@pytest.mark.parametrize("breaks", BREAKS)
def test_it_goes_on_at_one_place_and_the_report_says_where_and_why(case: Case, breaks: str):
    if with_pages(breaks) and not case.strategy.lazy:
        return
    where, code = EXPECTED[breaks]
    if case.strategy.lazy and code is None and breaks != "link-last":
        where, code = "source", None  # its pages went with the link or the program
    report, pair = broken(case, breaks)
    assert pair.alive() == [side(report)] == [where], report.error
    assert report.outcome is (Outcome.SUCCEEDED if where == "target" else Outcome.FAILED)
    assert code is None or report.error.code == code


@fast
@pytest.mark.parametrize("gone", ["source", "target"])
@pytest.mark.parametrize("breaks", BREAKS)
def test_worker_that_dies_while_it_breaks_leaves_what_can_be_settled(
    case: Case, breaks: str, gone: str
):
    """The way back finds one of the hosts gone; later both are there again."""
    if with_pages(breaks) and not case.strategy.lazy:
        return
    verb = "dump_ended" if gone == "source" else "hand_over_release"
    if gone == "target" and case.workload.kind == "process":
        verb = "process_discard"
    pair = case.pair(
        breaks=breaks, fault=Fault((gone, verb, 0), HostUnreachable, "before", for_good=True)
    )
    report = run(case.plan(), pair)
    assert len(pair.alive()) <= 1 or (case.strategy.lazy and with_pages(breaks))
    pair.source.gone = pair.target.gone = False
    pair.fault = pair.breaks = None
    settled = settle(case.plan(), pair.source, pair.target)
    if report.outcome is Outcome.IN_DOUBT:
        assert pair.alive() == [side(settled)], settled.error
        assert settled.outcome is not Outcome.IN_DOUBT
    assert len(pair.alive()) == 1


@lazy
@pytest.mark.parametrize("breaks", ["link-pages", "source-pages", "target-pages"])
def test_target_without_all_its_pages_is_ended_before_the_source_goes_on(case: Case, breaks: str):
    report, pair = broken(case, breaks)
    assert report.outcome is Outcome.FAILED and report.error.workload_is_on == "source"
    assert pair.alive() == ["source"]
    assert not pair.target.containers and not pair.target.processes


@lazy
@pytest.mark.parametrize("breaks", ["link-pages", "source-pages", "target-pages"])
@pytest.mark.parametrize("error", [StepFailed, HostSessionLost])
def test_target_without_all_its_pages_that_cannot_be_ended_is_never_called_a_success(
    case: Case, breaks: str, error
):
    verb = f"{case.workload.kind}_discard"
    report, pair = broken(case, breaks, fault=Fault(("target", verb, 0), error, "before"))
    assert report.outcome is Outcome.IN_DOUBT and report.workload_after is None
    assert "source" not in pair.alive()
    settled = settle(case.plan(), pair.source, pair.target)
    assert pair.alive() == ["source"] == [side(settled)]


@fast
def test_answer_of_a_hand_over_that_is_lost_is_no_failure(case: Case):
    fault = Fault(("source", "hand_over", 0), HostSessionLost, "after")
    pair = case.pair(fault=fault)
    report = run(case.plan(), pair)
    assert report.outcome is Outcome.SUCCEEDED, report.error
    assert pair.alive() == ["target"]
    assert report.warnings[0].startswith("answer-lost: ")
