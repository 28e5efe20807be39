"""After a crash of the controller: what the two hosts are like, and where it then goes on."""

import pytest

from migrations_app.engine import HostUnreachable, Outcome, Side, clean_up, remove_left, settle

from .cases import ACROSS, CASES, Case, run
from .pair import Pair
from .scripted import ScriptedHost
from .simulated import FACTS, OUTPUT, PID, Workload

CONTAINER, PROCESS = ACROSS
SIDES = ("source", "target")
across = pytest.mark.parametrize("case", ACROSS, ids=lambda case: case.id)


def settled(case: Case, pair: Pair):
    target = pair.source if case.operation.one_host else pair.target
    return settle(case.plan(), pair.source, target)


def after_dump(case: Case) -> Pair:
    """The controller died when the image had been written on the source."""
    pair = case.pair()
    params = {"job": "j-1", "name": "cr", "pid": PID}
    pair.source._do("container_checkpoint" if case is CONTAINER else "process_dump", params)
    return pair


def after_transfer(case: Case) -> Pair:
    """It died when everything was ready on the target."""
    pair = after_dump(case)
    pair.target._do("container_create", {"job": "j-1", "name": "cr"})
    if case is PROCESS:
        pair.target.containers = {}
        pair.source._do("channel_send", {"job": "j-1", "item": "files", "files": [OUTPUT]})
    pair.source._do("channel_send", {"job": "j-1", "item": "images"})
    return pair


def after_restore(case: Case) -> Pair:
    """It died when the target had begun to run it."""
    pair = after_transfer(case)
    params = {"job": "j-1", "name": "cr", "pids": [str(PID)]}
    pair.target._do("container_restore" if case is CONTAINER else "process_restore", params)
    return pair


@pytest.mark.parametrize(
    ("state_of", "side"),
    [
        (Case.pair, "source"),
        (after_dump, "source"),
        (after_transfer, "source"),
        (after_restore, "target"),
    ],
)
@across
def test_it_goes_on_where_it_had_come_to(case: Case, state_of, side: str):
    pair = state_of(case)
    report = settled(case, pair)
    assert pair.alive() == [side] and report.workload_after["side"] == side
    expected = Outcome.SUCCEEDED if side == "target" else Outcome.FAILED
    assert report.outcome is expected


@pytest.mark.parametrize("state_of", [after_dump, after_transfer, after_restore])
@across
def test_nothing_is_left_of_the_job(case: Case, state_of):
    pair = state_of(case)
    settled(case, pair)
    assert pair.source.journals == pair.target.journals == {}
    assert len({**pair.source.containers, **pair.target.containers}) <= 1
    assert len(pair.source.processes) + len(pair.target.processes) <= 1


@across
def test_failure_says_that_the_worker_is_gone(case: Case):
    error = settled(case, after_dump(case)).error
    assert (error.code, error.workload_is_on) == ("worker-lost", "source")


@pytest.mark.parametrize(
    ("state_of", "gone"),
    [
        *((state_of, gone) for state_of in (after_dump, after_transfer) for gone in SIDES),
        (after_restore, "target"),
    ],
)
@across
def test_host_that_cannot_be_asked_leaves_the_doubt_and_touches_nothing(
    case: Case, state_of, gone: str
):
    pair = state_of(case)
    before = pair.alive()
    getattr(pair, gone).gone = True
    report = settled(case, pair)
    assert report.outcome is Outcome.IN_DOUBT and report.error.workload_is_on is None
    assert pair.alive() == before and report.workload_after is None


@across
def test_target_that_runs_it_needs_no_source_to_say_so(case: Case):
    """A source that is gone for good must not keep a job in doubt; its half is ended later."""
    pair = after_restore(case)
    pair.source.gone = True
    report = settled(case, pair)
    assert report.outcome is Outcome.SUCCEEDED and report.workload_after["side"] == "target"
    assert report.left_on == (Side.SOURCE,) and report.known is None
    pair.source.gone = False
    remove_left(pair.source, "j-1", half=Side.SOURCE, ended_here=False, copied=False)
    assert pair.alive() == ["target"] and pair.source.journals == {}


def test_somebody_elses_container_on_the_target_settles_nothing_while_the_source_is_silent():
    pair = after_dump(CONTAINER)
    pair.target.containers["cr"] = Workload("running")
    pair.source.gone = True
    assert settled(CONTAINER, pair).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize(
    ("state_of", "gone", "expected"),
    [
        (after_dump, "target", {"source": "stands-still", "target": None}),
        (after_dump, "source", {"source": None, "target": "not-running"}),
        (after_restore, "target", {"source": "stands-still", "target": None}),
    ],
)
@across
def test_in_doubt_it_tells_what_each_host_says(case: Case, state_of, gone: str, expected):
    pair = state_of(case)
    getattr(pair, gone).gone = True
    known = settled(case, pair).known
    if case is CONTAINER and known["source"]["answers"]:  # Docker has ended it with the dump
        expected = {**expected, "source": "not-running"}
        assert known["source"]["has_image"] is True
    assert {side: told["workload"] for side, told in known.items()} == expected
    assert known[gone]["answers"] is False and known[gone]["message"]


@pytest.mark.parametrize("state_of", [after_dump, after_transfer, after_restore])
@across
def test_target_that_is_given_up_is_not_waited_for(case: Case, state_of):
    """A person says so; what the target has goes when it answers again."""
    pair = state_of(case)
    pair.target.gone = True
    report = settle(case.plan(), pair.source, pair.target, target_given_up=True)
    assert (report.outcome, report.error.code) == (Outcome.FAILED, "settled-by-hand")
    assert report.workload_after["side"] == "source" and report.left_on == (Side.TARGET,)
    pair.target.gone = False
    remove_left(pair.target, "j-1", half=Side.TARGET, ended_here=False, copied=False)
    assert pair.alive() == ["source"] and pair.target.journals == {}


@across
def test_target_that_says_that_it_runs_it_is_believed_whatever_a_person_says(case: Case):
    pair = after_restore(case)
    report = settle(case.plan(), pair.source, pair.target, target_given_up=True)
    assert pair.alive() == ["target"] and report.workload_after["side"] == "target"


@across
def test_source_that_is_silent_cannot_be_told_to_go_on(case: Case):
    pair = after_dump(case)
    pair.source.gone = pair.target.gone = True
    report = settle(case.plan(), pair.source, pair.target, target_given_up=True)
    assert report.outcome is Outcome.IN_DOUBT and report.workload_after is None


@across
def test_settling_twice_is_as_good_as_once(case: Case):
    pair = after_dump(case)
    settled(case, pair)
    report = settled(case, pair)
    assert pair.alive() == ["source"] and report.workload_after["side"] == "source"


@across
def test_worker_that_died_after_the_clean_up_is_no_failure(case: Case):
    pair = case.pair()
    run(case.plan(), pair)
    report = settled(case, pair)
    assert pair.alive() == ["target"]
    assert report.outcome is Outcome.SUCCEEDED and report.workload_after["side"] == "target"


@pytest.mark.parametrize("state", ["running", "exited"])
def test_container_of_somebody_else_on_the_target_is_left_alone(state: str):
    pair = CONTAINER.pair()  # it died before it had looked at the target's names
    pair.target.containers["cr"] = other = Workload(state)
    report = settled(CONTAINER, pair)
    assert pair.target.containers == {"cr": other}
    assert pair.source.containers["cr"].state == "running"
    assert report.workload_after["side"] == "source"


@across
def test_workload_that_ended_by_itself_is_nowhere_and_that_is_no_doubt(case: Case):
    pair = case.pair()
    pair.source.containers, pair.source.processes = {}, {}
    report = settled(case, pair)
    assert (report.outcome, report.error.code) == (Outcome.FAILED, "workload-ended")
    assert report.workload_after is None


@across
def test_source_that_cannot_go_on_leaves_the_doubt_and_keeps_the_image(case: Case):
    pair = after_dump(case)
    verb = "_container_restore" if case is CONTAINER else "_process_thaw"
    setattr(pair.source, verb, _refuse)
    report = settled(case, pair)
    assert report.outcome is Outcome.IN_DOUBT
    assert "image" in pair.source.journals["j-1"]
    assert any(one.startswith("rollback-failed") for one in report.warnings)


def _refuse(_):
    raise HostUnreachable("no")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_job_that_never_began_leaves_the_workload_as_it_is(case: Case):
    pair = case.pair()
    report = settled(case, pair)
    assert pair.alive() == ["source"]
    assert report.outcome is Outcome.FAILED


def test_cleaning_up_asks_for_the_job_by_its_name():
    host = ScriptedHost({"clean_up": {"removed": ["/x"]}, "facts": FACTS})
    assert clean_up(host, "j-1") == ["/x"]
    assert host.calls == [("clean_up", {"job": "j-1"})]


def test_removing_what_was_left_says_which_half_and_where_the_workload_ended():
    host = ScriptedHost({"left_remove": {"removed": ["container 01"], "kept": ["data"]}})
    told = remove_left(host, "j-1", half=Side.SOURCE, ended_here=False, copied=True)
    assert told == {"removed": ["container 01"], "kept": ["data"]}
    asked = {"job": "j-1", "half": "source", "ended_here": False, "copied": True}
    assert host.calls == [("left_remove", asked)]
