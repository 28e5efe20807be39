"""A migration that goes well: its phases, its figures, its proof, and what else it tells."""

import itertools

import pytest

from migrations_app.engine import (
    HostSessionLost,
    Outcome,
    PhaseEnded,
    PhaseName,
    PhaseStarted,
    ProofKind,
    StepFailed,
)

from . import simulated
from .cases import ACROSS, CASES, Case, run

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
across = pytest.mark.parametrize("case", ACROSS, ids=lambda case: case.id)
CONTAINER, CLONE, IN_PLACE, PROCESS = CASES[0], CASES[1], CASES[2], CASES[3]
FILES_BYTES = 300  # of each pass, see simulated_along
SLACK_MS = 400.0  # real time that passes while the simulation counts its own
CLOCKS_MS = 5.0  # how well the simulated clocks can be compared


@every_case
def test_workload_goes_on_at_one_place_and_the_report_says_where(case: Case):
    pair = case.pair()
    report = run(case.plan(), pair)
    where = "source" if case.operation.one_host else "target"
    assert report.outcome is Outcome.SUCCEEDED, report.error
    assert pair.alive() == [where]
    assert report.workload_after["side"] == "target"
    assert report.warnings == ()


def test_clone_gets_a_name_of_its_own_and_the_original_goes():
    pair = CLONE.pair()
    report = run(CLONE.plan(), pair)
    assert list(pair.source.containers) == ["cr-clone"]
    assert report.workload_after["name"] == "cr-clone"


@across
def test_phases_come_in_the_order_of_the_exercise(case: Case):
    events: list = []
    run(case.plan(), case.pair(), events.append)
    expected = ["prepare", "freeze", "dump", "create", "transfer", "restore", "resume", "verify"]
    if case.workload.kind == "process":
        expected.remove("create")
    else:  # volumes go ahead; the writable layer goes when there is something to put it into
        expected.insert(0, "files")
        expected.insert(expected.index("transfer") + 1, "files-again")
    ended = [event.name for event in events if isinstance(event, PhaseEnded)]
    assert ended == [*expected, "clean-up"]


@across
def test_no_phase_begins_before_the_last_has_ended(case: Case):
    ours = (PhaseName.VERIFY, PhaseName.CLEAN_UP)  # in real time, of which little has passed
    phases = [one for one in run(case.plan(), case.pair()).phases if one.name not in ours]
    for one, two in itertools.pairwise(phases):
        assert two.start_ms >= one.start_ms + one.duration_ms - CLOCKS_MS


@every_case
def test_nothing_that_the_job_made_is_left_on_the_hosts(case: Case):
    pair = case.pair()
    run(case.plan(), pair)
    assert pair.source.journals == pair.target.journals == {}
    left = {**pair.source.containers, **pair.target.containers}
    assert all(one.state == "running" for one in left.values())


def test_process_leaves_none_of_its_files_on_the_source():
    case = ACROSS[1]
    pair = case.pair()
    run(case.plan(), pair)
    assert pair.source.files == {} and list(pair.target.files) == [simulated.OUTPUT]


def test_stop_time_spans_two_clocks_that_are_hours_apart():
    report = run(CONTAINER.plan(), CONTAINER.pair())
    stop_ms = (
        simulated.FROZEN_TO_DUMPED + simulated.CREATED + simulated.SENT + simulated.CALL_TO_RUNNING
    ) + simulated.SENT  # the files, after the image
    assert report.metrics.stop_time_ms == pytest.approx(stop_ms, abs=SLACK_MS)
    assert report.clock.offset_ms == pytest.approx(-8_000_000, abs=SLACK_MS)
    assert report.clock.wall_offset_ms == pytest.approx(-1_750, abs=SLACK_MS)


def test_gap_seen_in_the_output_is_freed_of_the_wall_clocks_difference():
    metrics = run(CONTAINER.plan(), CONTAINER.pair()).metrics
    assert metrics.observed_gap_ms == pytest.approx(metrics.stop_time_ms, abs=SLACK_MS)


def test_each_figure_is_the_one_that_its_definition_names():
    metrics = run(CONTAINER.plan(), CONTAINER.pair()).metrics
    dump_ms = simulated.CALL_TO_FROZEN + simulated.FROZEN_TO_DUMPED
    assert metrics.dump_time_ms == pytest.approx(dump_ms, abs=CLOCKS_MS)
    assert metrics.create_time_ms == pytest.approx(simulated.CREATED)
    assert metrics.transfer_time_ms == pytest.approx(simulated.SENT)
    restore_ms = simulated.CALL_TO_RUNNING + simulated.RUNNING_TO_RETURN
    assert metrics.restore_time_ms == pytest.approx(restore_ms, abs=CLOCKS_MS)
    assert metrics.criu_frozen_time_ms == 1250 and metrics.criu_restore_time_ms == 2000
    assert metrics.image_bytes == simulated.IMAGE_BYTES
    assert metrics.files_bytes == metrics.files_stop_bytes == FILES_BYTES
    assert metrics.files_time_ms == metrics.files_stop_time_ms == simulated.SENT
    assert metrics.bytes_sent == simulated.IMAGE_BYTES + 2 * FILES_BYTES
    assert metrics.pages_written == 2


def test_figures_that_were_not_measured_are_unknown_not_zero():
    metrics = run(IN_PLACE.plan(), IN_PLACE.pair()).metrics
    assert metrics.create_time_ms is None and metrics.transfer_time_ms is None
    assert metrics.bytes_sent is None and metrics.client_gap_ms is None
    assert metrics.criu_memdump_time_ms is None


def test_image_is_sent_ahead_when_the_target_lacks_it():
    pair = CONTAINER.pair()
    pair.target.images = {}
    report = run(CONTAINER.plan(), pair)
    assert report.outcome is Outcome.SUCCEEDED
    assert report.metrics.bytes_sent == 2 * (simulated.IMAGE_BYTES + FILES_BYTES)


def test_another_image_of_that_name_on_the_target_keeps_its_name():
    pair = CONTAINER.pair()
    pair.target.images = {"busybox:latest": "sha256:2"}
    run(CONTAINER.plan(), pair)
    created = [params for verb, params in pair.target.asked if verb == "container_create"]
    assert created[0]["image"] == "sha256:1"


@across
def test_secrets_of_the_data_channel_are_not_in_the_report(case: Case):
    pair = case.pair()
    report = run(case.plan(), pair)
    (opened,) = (params for verb, params in pair.target.asked if verb == "channel_open")
    text = repr(report)
    assert "PRIVATE KEY" in opened["key"] and "PRIVATE KEY" not in text
    assert opened["token"] not in text


@every_case
def test_counting_again_from_the_start_fails_the_proof_and_the_workload_stays(case: Case):
    pair = case.pair(resumes_at=0)
    report = run(case.plan(), pair)
    assert report.outcome is Outcome.FAILED
    assert (report.error.code, report.error.workload_is_on) == ("proof-failed", "target")
    assert report.proof.passed is False and len(pair.alive()) == 1


@every_case
def test_silence_proves_nothing(case: Case):
    report = run(case.plan(), case.pair(lines_after=0))
    assert report.error.code == "proof-failed"
    assert report.proof.detail == "no numbered output after the migration"


@every_case
def test_workload_that_checks_its_own_memory_is_believed(case: Case):
    report = run(case.plan(proof=ProofKind.MEMORY), case.pair())
    assert report.proof.passed is True
    assert "64 pages checked, 0 wrong" in report.proof.detail


@every_case
def test_workload_that_finds_wrong_pages_fails_the_proof(case: Case):
    report = run(case.plan(proof=ProofKind.MEMORY), case.pair(memory="bad"))
    assert report.error.code == "proof-failed" and report.proof.passed is False
    assert "3 wrong" in report.proof.detail


def test_host_that_cannot_be_asked_leaves_the_proof_open():
    """Neither lost nor proven: it says nothing of the workload, nor of the hosts' versions."""
    fault = simulated.Fault(("target", "container_tail", 0), HostSessionLost, "before")
    report = run(CONTAINER.plan(), CONTAINER.pair(fault=fault))
    assert (report.outcome, report.error.code) == (Outcome.FAILED, "proof-unread")
    assert report.error.workload_is_on == "target"
    assert report.proof.passed is None and "could not be read" in report.proof.detail


def test_workload_of_which_nothing_is_known_is_neither_proven_nor_failed():
    report = run(CONTAINER.plan(proof=ProofKind.NONE), CONTAINER.pair())
    assert report.outcome is Outcome.SUCCEEDED and report.proof.passed is None


@every_case
def test_observer_that_raises_disturbs_nothing_and_is_told(case: Case):
    def faulty(_):
        raise RuntimeError("the database is away")

    pair = case.pair()
    report = run(case.plan(), pair, faulty)
    assert report.outcome is Outcome.SUCCEEDED and len(pair.alive()) == 1
    assert any("the database is away" in warning for warning in report.warnings)


@every_case
def test_observer_hears_every_phase_begin_and_end(case: Case):
    events: list = []
    report = run(case.plan(), case.pair(), events.append)
    ended = [event.name for event in events if isinstance(event, PhaseEnded)]
    began = {event.name for event in events if isinstance(event, PhaseStarted)}
    assert sorted(ended) == sorted(phase.name for phase in report.phases)
    assert began >= set(ended) - {PhaseName.FREEZE, PhaseName.RESUME}


@every_case
def test_cancelled_before_the_freeze_leaves_the_workload_as_it_was(case: Case):
    pair = case.pair()
    report = run(case.plan(), pair, cancelled=lambda: True)
    assert (report.outcome, report.error.code) == (Outcome.FAILED, "cancelled")
    assert pair.alive() == ["source"] and report.error.workload_is_on == "source"
    assert not [verb for _, verb in pair.calls if "dump" in verb or "checkpoint" in verb]


def test_question_whether_it_is_cancelled_comes_once_before_the_freeze():
    asked = []
    run(CONTAINER.plan(), CONTAINER.pair(), cancelled=lambda: asked.append(1) or False)
    assert len(asked) == 1


def test_name_that_is_taken_on_the_target_is_refused_and_left_alone():
    pair = CONTAINER.pair()
    pair.target.containers["cr"] = other = simulated.Workload("running")
    report = run(CONTAINER.plan(), pair)
    assert report.error.code == "target-name-taken"
    assert pair.target.containers == {"cr": other} and "source" in pair.alive()


def refuse(_):
    raise StepFailed("it cannot be restored here", code="restore-failed")


def holding(pair, path: str):
    """The pair, with the process holding this file open and mapped."""
    seen = pair.source._process_inspect

    def inspect(params):
        held = seen(params)
        return {**held, "files": [*held["files"], path], "mapped": {**held["mapped"], path: 3}}

    pair.source._process_inspect = inspect
    pair.source.files[path] = [("a", 0), ("b", 0), ("c", 0)]
    return pair


def test_mapped_file_that_the_target_has_is_neither_sent_nor_removed():
    pair = holding(PROCESS.pair(), "/opt/data")
    pair.target.files["/opt/data"] = theirs = list(pair.source.files["/opt/data"])
    pair.target._process_restore = refuse
    report = run(PROCESS.plan(), pair)
    assert report.error.workload_is_on == "source" and pair.alive() == ["source"]
    assert pair.target.files == {"/opt/data": theirs} and "/opt/data" in pair.source.files
    assert pair.target.files["/opt/data"] is theirs


def test_mapped_file_that_the_target_lacks_goes_along():
    pair = holding(PROCESS.pair(), "/opt/data")
    assert run(PROCESS.plan(), pair).outcome is Outcome.SUCCEEDED
    assert "/opt/data" in pair.target.files


@pytest.mark.parametrize(
    ("file", "code"),
    [("/opt/data", "file-differs"), (simulated.OUTPUT, "target-file-exists")],
)
def test_file_that_is_another_on_the_target_is_refused_and_kept(file: str, code: str):
    pair = holding(PROCESS.pair(), "/opt/data")
    pair.target.files[file] = theirs = [("other", 0)]
    report = run(PROCESS.plan(), pair)
    assert report.error.code == code and pair.alive() == ["source"]
    assert pair.target.files == {file: theirs}


def test_pid_that_is_taken_on_the_target_is_refused():
    pair = PROCESS.pair()
    pair.target.processes[simulated.PID] = simulated.Workload("running")
    assert run(PROCESS.plan(), pair).error.code == "target-pid-taken"
    assert "source" in pair.alive()


def test_host_that_warns_is_told_and_not_refused():
    pair = CONTAINER.pair()
    pair.target.facts_shown["criu"] = {**pair.target.facts_shown["criu"], "version": "3.19"}
    pair.target.facts_shown["kernel"] = "6.1.0"
    report = run(CONTAINER.plan(), pair)
    assert report.warnings == ("target: criu-too-old",)
    assert report.outcome is Outcome.SUCCEEDED


def test_host_that_fails_preflight_refuses_before_anything_is_touched():
    pair = CONTAINER.pair()
    pair.target.facts_shown["docker"] = None
    report = run(CONTAINER.plan(), pair)
    assert report.error.code == "docker-missing" and report.error.phase is PhaseName.PREPARE
    assert pair.source.containers["cr"].state == "running"


def test_freeze_that_the_watch_missed_is_counted_from_the_call():
    pair = CONTAINER.pair()
    watched = pair.source._dumped
    pair.source._dumped = lambda *args: {**watched(*args), "frozen_ns": None}
    report = run(CONTAINER.plan(), pair)
    assert report.warnings == ("freeze-not-seen",)
    (freeze,) = (phase for phase in report.phases if phase.name is PhaseName.FREEZE)
    assert freeze.duration_ms == 0


def test_resume_that_the_watch_missed_is_counted_to_the_return():
    pair = CONTAINER.pair()
    watched = pair.target._restored
    pair.target._restored = lambda *args: {**watched(*args), "resumed_ns": None}
    report = run(CONTAINER.plan(), pair)
    seen = run(CONTAINER.plan(), CONTAINER.pair()).metrics.stop_time_ms
    assert report.warnings == ("resume-not-seen",)
    late_ms = simulated.RUNNING_TO_RETURN
    assert report.metrics.stop_time_ms == pytest.approx(seen + late_ms, abs=SLACK_MS)


def test_environment_names_both_hosts_and_how_data_went():
    report = run(CONTAINER.plan(encrypted=False), CONTAINER.pair())
    assert report.environment["encrypted"] is False
    assert report.environment["source"]["criu"]["version"] == "4.2.1"
