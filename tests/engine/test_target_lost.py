"""What was restored is lost before its original is removed: the original goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from migrations_app.engine import Event, HostSessionLost, Outcome, PhaseEnded, PhaseName
from migrations_app.engine.migrate import settle_job

from . import simulated
from .cases import ACROSS, FAST, Case, run
from .pair import Pair

every_way = pytest.mark.parametrize("case", [*ACROSS, *FAST], ids=lambda case: case.id)
containers = pytest.mark.parametrize(
    "case", [case for case in FAST if case.workload.kind == "container"], ids=lambda case: case.id
)


def after_proof(do: Callable[[], object]) -> Callable[[Event], None]:
    """An observer that does something when the proof has been read."""

    def observe(event: Event) -> None:
        if isinstance(event, PhaseEnded) and event.name is PhaseName.VERIFY:
            do()

    return observe


def end_container(pair: Pair, code: int) -> None:
    (container,) = pair.target.containers.values()
    container.state, container.exit_code = "exited", code


def lose(pair: Pair, case: Case) -> None:
    """As Docker that is started again ends what it ran, or somebody a process."""
    if case.workload.kind == "container":
        end_container(pair, 137)
    else:
        pair.target.processes.clear()


@every_way
def test_original_goes_on_where_its_copy_was_lost(case: Case) -> None:
    pair = case.pair()
    report = run(case.plan(), pair, after_proof(lambda: lose(pair, case)))
    assert (report.outcome, report.error.code) == (Outcome.FAILED, "target-lost")
    assert report.error.workload_is_on == "source"
    assert report.workload_after["side"] == "source"
    assert report.proof is None
    assert report.metrics.stop_time_ms is None and report.stop_window is None
    assert pair.alive() == ["source"]
    assert not pair.target.containers and not pair.target.processes


@containers
def test_one_that_ended_well_by_itself_is_not_begun_again(case: Case) -> None:
    pair = case.pair()
    report = run(case.plan(), pair, after_proof(lambda: end_container(pair, 0)))
    assert report.outcome is Outcome.SUCCEEDED
    assert pair.alive() == []
    assert not pair.source.containers


@containers
def test_what_docker_ended_when_it_was_started_again_has_not_ended_well(case: Case) -> None:
    """It has exit code 0 then, whatever it was doing."""
    pair = case.pair()
    pair.target.docker_stayed = False
    report = run(case.plan(), pair, after_proof(lambda: end_container(pair, 0)))
    assert report.error.code == "target-lost"
    assert pair.alive() == ["source"]


@every_way
def test_target_that_cannot_say_leaves_the_original_frozen(case: Case) -> None:
    """Until it can: the workload runs there, so the job succeeds and the original goes."""
    verb = f"{case.workload.kind}_restored"
    pair = case.pair(
        fault=simulated.Fault(("target", verb, 0), HostSessionLost, "before", for_good=True)
    )
    report = run(case.plan(), pair)
    assert (report.outcome, report.error.code) == (Outcome.IN_DOUBT, "target-silent")
    assert report.error.workload_is_on is None
    assert pair.source.containers or pair.source.processes
    pair.fault, pair.target.gone = None, False
    settled = settle_job(case.plan(), pair.source, pair.target)
    assert settled.outcome is Outcome.SUCCEEDED
    assert pair.alive() == ["target"]


@every_way
def test_a_copy_beside_its_original_may_end(case: Case) -> None:
    """Its original goes on anyway: there is nothing to bring back."""
    pair = case.pair()
    plan = case.plan(leave_running=True)
    report = run(plan, pair, after_proof(lambda: lose(pair, case)))
    assert report.outcome is Outcome.SUCCEEDED
    assert pair.alive() == ["source"]
