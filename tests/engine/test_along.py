"""What belongs to a container comes along: told in the report, and undone when it fails."""

import pytest

from migrations_app.engine import HostSessionLost, NotPossible, Outcome, StepFailed, settle

from .cases import ACROSS, FAST, Case, run
from .simulated import Fault
from .simulated_along import FILES, POLICY, VOLUME

CONTAINERS = [case for case in ACROSS + FAST if case.workload.kind == "container"]
by_every_strategy = pytest.mark.parametrize("case", CONTAINERS, ids=lambda case: case.id)


@by_every_strategy
def test_volume_goes_along_and_is_gone_from_the_source(case: Case):
    pair = case.pair()
    report = run(case.plan(), pair)
    assert report.outcome is Outcome.SUCCEEDED, report.error
    assert (pair.source.volumes, pair.target.volumes) == ({}, {VOLUME: "content"})


@by_every_strategy
def test_container_is_started_again_by_itself_only_where_it_is_now(case: Case):
    pair = case.pair()
    report = run(case.plan(), pair)
    assert pair.target.containers["cr"].policy == POLICY == report.along["restart_policy"]


@by_every_strategy
def test_nobody_starts_it_again_while_it_is_on_its_way(case: Case):
    seen = []
    pair = case.pair()
    handed = pair.source._hand_over, pair.source._container_checkpoint

    def look(step):
        def looking(params):
            seen.append(pair.source.containers["cr"].policy)
            return step(params)

        return looking

    pair.source._hand_over, pair.source._container_checkpoint = map(look, handed)
    run(case.plan(), pair)
    assert seen == ["no"]


@by_every_strategy
def test_report_tells_what_was_sent_when_and_what_was_checked(case: Case):
    along = run(case.plan(), case.pair()).along
    assert set(along["trees"]) == {"root", f"volume:{VOLUME}"}
    assert along["trees"][f"volume:{VOLUME}"]["changed_ahead"] == FILES
    assert along["trees"]["root"]["changed_again"] > 0
    assert along["check"]["same"] == FILES and along["check"]["wrong"] == []


@by_every_strategy
def test_file_that_is_not_the_same_fails_the_proof_and_keeps_the_sources_volume(case: Case):
    pair = case.pair(wrong_files=("root: etc/passwd",))
    report = run(case.plan(), pair)
    assert report.error.code == "proof-failed" and "etc/passwd" in report.proof.detail
    assert pair.source.volumes == {VOLUME: "content"}
    assert f"source-volumes-kept: {VOLUME}" in report.warnings


@by_every_strategy
@pytest.mark.parametrize("verb", ["arm", "restore", "create"])
def test_failure_takes_everything_back(case: Case, verb: str):
    names = {"arm": "hand_over_arm", "restore": "container_restore", "create": "container_create"}
    fault = Fault(("target", names[verb], 0), StepFailed, "before")
    pair = case.pair(fault=fault)
    report = run(case.plan(), pair)
    if report.outcome is Outcome.SUCCEEDED:  # this strategy has no such step
        return
    assert pair.alive() == ["source"] and report.warnings == ()
    assert pair.source.containers["cr"].policy == POLICY
    assert pair.source.volumes == {VOLUME: "content"} and pair.target.volumes == {}


@by_every_strategy
def test_policy_that_cannot_be_set_again_is_told(case: Case):
    fault = Fault(("target", "policy_set", 0), StepFailed, "before")
    report = run(case.plan(), case.pair(fault=fault))
    assert report.outcome is Outcome.SUCCEEDED
    assert report.warnings[0].startswith("restart-policy-unknown: ")


@by_every_strategy
def test_volume_with_other_content_is_refused_before_anything_is_made(case: Case):
    pair = case.pair()
    pair.target.volumes[VOLUME] = "of somebody else"
    report = run(case.plan(), pair)
    assert report.error.code == "volume-differs" and VOLUME in report.error.message
    assert pair.target.volumes == {VOLUME: "of somebody else"} and pair.target.containers == {}


@by_every_strategy
def test_volume_with_the_same_content_is_taken(case: Case):
    pair = case.pair()
    pair.target.volumes[VOLUME] = "content"
    assert run(case.plan(), pair).outcome is Outcome.SUCCEEDED


@by_every_strategy
def test_what_does_not_fit_is_refused_while_it_runs(case: Case):
    pair = case.pair(fault=Fault(("target", "container_fits", 0), NotPossible, "before"))
    report = run(case.plan(), pair)
    assert report.outcome is Outcome.FAILED and report.error.phase == "prepare"
    assert pair.alive() == ["source"] and pair.target.containers == {}


@by_every_strategy
@pytest.mark.parametrize("gone", ["source", "target"])
def test_after_a_crash_the_policy_is_set_where_it_is_found_to_be(case: Case, gone: str):
    """The worker dies when all is done but the clean-up."""
    call = (gone, "policy_set" if gone == "target" else "policy_off", 0)
    pair = case.pair(fault=Fault(call, HostSessionLost, "after", for_good=True))
    run(case.plan(), pair)
    pair.source.gone = pair.target.gone = False
    pair.fault = None
    settled = settle(case.plan(), pair.source, pair.target)
    (side,) = pair.alive()
    host = getattr(pair, side)
    assert host.containers["cr"].policy == POLICY, settled.warnings


def test_log_that_comes_along_only_in_part_is_told():
    report = run(CONTAINERS[0].plan(), CONTAINERS[0].pair(log_cut=True))
    assert report.outcome is Outcome.SUCCEEDED
    assert {"log-cut", "log-incomplete"} == set(report.warnings)
    assert report.along["log"] == {"bytes": 50, "cut": True}


@by_every_strategy
def test_log_that_is_kept_somewhere_else_is_told(case: Case):
    report = run(case.plan(), case.pair(log_driver="journald"))
    assert report.warnings == ("log-not-carried: journald",) and "log" not in report.along
