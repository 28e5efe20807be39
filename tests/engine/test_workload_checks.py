"""What the workload holds, before anything is frozen: pass, warn, fail, and what the run does."""

import dataclasses
from typing import Any

import pytest

from migrations_app.engine import Operation, Strategy
from migrations_app.engine.causes import BY_CODE
from migrations_app.engine.errors import NotPossible
from migrations_app.engine.plan import MigrationPlan, WorkloadRef
from migrations_app.engine.report import CheckOutcome
from migrations_app.engine.workload_checks import (
    CHECKS,
    MESSAGES,
    Looked,
    adapted,
    check_workload,
    refuse_failed,
)

from .cases import CASES, FAST, run
from .simulated import CONTAINER, NOTHING_HELD, NOTHING_LACKING, PROCESS, PROGRAM

FILE = {"pid": 7, "fd": 3, "path": "/tmp/x"}
GHOST = {**FILE, "bytes": 2 << 20, "links": 0}
LINKED = {**FILE, "bytes": 7, "links": 1}
PROCESSES = [case for case in FAST if case.workload.kind == "process"]


def looked(
    source: dict[str, Any] | None = None,
    target: dict[str, Any] | None = None,
    *,
    workload: WorkloadRef = PROCESS,
    strategy: Strategy = Strategy.STOP_AND_COPY,
    one_host: bool = False,
    skip: tuple[str, ...] = (),
) -> Looked:
    operation = Operation.RESTORE_IN_PLACE if one_host else Operation.MIGRATE
    plan = MigrationPlan("j1", workload, operation, strategy, skip_checks=skip)
    there = None if one_host else {**NOTHING_LACKING, "mounts_there": {}, **(target or {})}
    return Looked({**NOTHING_HELD, "pids": [7], **(source or {})}, there, plan)


def outcomes(one: Looked) -> dict[str, str]:
    return {check.code: str(check.outcome) for check in check_workload(one)}


def failing(one: Looked) -> list[str]:
    return [code for code, outcome in outcomes(one).items() if outcome == "fail"]


@pytest.mark.parametrize("workload", [PROCESS, CONTAINER])
@pytest.mark.parametrize("one_host", [True, False])
def test_workload_with_nothing_to_stumble_over_passes(workload: WorkloadRef, one_host: bool):
    found = outcomes(looked(workload=workload, one_host=one_host))
    assert len(found) >= 10 and set(found.values()) == {"pass"}


@pytest.mark.parametrize(
    ("held", "code"),
    [
        ({"terminals": [{**FILE, "path": "/dev/pts/1"}]}, "process-terminal"),
        ({"traced": [{"pid": 7, "by": 9}]}, "workload-traced"),
        ({"io_uring": [{"pid": 7, "fd": 3}]}, "workload-io-uring"),
        ({"unsupported": [{"pid": 7, "fd": 3, "what": "/dev/dri"}]}, "workload-device"),
        ({"outside_sockets": [{"pid": 7, "fd": 3, "path": "/run/d"}]}, "workload-outside-socket"),
        ({"connections": [{"pid": 7, "fd": 3, "port": 80}]}, "workload-tcp"),
        ({"multipath": [{"pid": 7, "fd": 3}]}, "workload-mptcp"),
        ({"bound": ["192.0.2.7"]}, "address-missing"),
        ({"nameless": [LINKED]}, "workload-link-remap"),
        ({"nameless": [{**GHOST, "bytes": 1 << 30}]}, "workload-ghost-file"),
        ({"profile": "docker-default (enforce)"}, "workload-profile"),
        ({"cpu_flags": ["avx512f"]}, "cpu-differs"),
    ],
)
def test_what_a_process_holds_fails_its_check_and_no_other(held: dict[str, Any], code: str):
    assert failing(looked(held)) == [code]


@pytest.mark.parametrize(
    ("lacks", "code"),
    [
        ({"pids_taken": [7]}, "target-pid-taken"),
        ({"files": {PROGRAM: {"size": 1, "mode": 0o100755, "build_id": "ab"}}}, "file-differs"),
        ({"files": {PROGRAM: {"size": 1000, "mode": 0o100600, "build_id": "ab"}}}, "file-differs"),
        ({"files": {PROGRAM: {"size": 1000, "mode": 0o100755, "build_id": "cd"}}}, "file-differs"),
    ],
)
def test_what_the_target_lacks_fails(lacks: dict[str, Any], code: str):
    assert failing(looked(target=lacks)) == [code]


def test_file_that_the_target_has_not_got_yet_is_sent_and_no_difference():
    assert failing(looked(target={"files": {PROGRAM: None}})) == []


def test_build_id_that_one_side_does_not_know_is_no_difference():
    there = {PROGRAM: {"size": 1000, "mode": 0o100755, "build_id": None}}
    assert failing(looked(target={"files": there})) == []


def test_container_has_numbers_and_files_of_its_own():
    lacks = {"pids_taken": [7], "files": {PROGRAM: {"size": 1, "mode": 0, "build_id": None}}}
    assert failing(looked({"bound": ["192.0.2.7"]}, lacks, workload=CONTAINER)) == []


def test_container_needs_its_mounts_on_the_target():
    held = {"mounts": [{"source": "/srv/x", "destination": "/x"}, {"source": "volume"}]}
    there = {"mounts_there": {"/srv/x": False}}
    assert failing(looked(held, there, workload=CONTAINER)) == ["workload-mount"]
    assert failing(looked(held, {"mounts_there": {"/srv/x": True}}, workload=CONTAINER)) == []


def test_processor_that_lacks_what_is_not_saved_with_a_task_is_a_warning():
    assert outcomes(looked({"cpu_flags": ["sse4_2"]}))["cpu-differs"] == "warn"


def test_profile_that_is_loaded_on_the_target_passes():
    held = {"profile": "docker-default (enforce)"}
    assert failing(looked(held, {"profiles": ["docker-default"]}, workload=CONTAINER)) == []


# --- what the run does by itself ------------------------------------------------------------------
def test_locks_and_ghost_files_are_taken_along():
    checks = check_workload(looked({"locks": [FILE], "nameless": [GHOST]}))
    assert adapted(checks) == {"file_locks": True, "ghost_limit": 2 << 20}
    assert {check.outcome for check in checks} == {CheckOutcome.PASSED}


def test_small_ghost_file_needs_nothing():
    assert adapted(check_workload(looked({"nameless": [{**GHOST, "bytes": 9}]}))) == {}


def test_docker_cannot_be_told_so_cold_is_refused():
    held = {"locks": [FILE], "nameless": [GHOST]}
    cold = looked(held, workload=CONTAINER, strategy=Strategy.COLD)
    assert failing(cold) == ["workload-file-locks", "workload-ghost-file"]
    assert adapted(check_workload(cold)) == {}


def test_file_with_another_name_is_no_trouble_on_the_same_file_system():
    checks = check_workload(looked({"nameless": [LINKED]}, one_host=True, strategy=Strategy.COLD))
    assert adapted(checks) == {"link_remap": True}


def test_what_is_found_is_named_but_not_all_of_it():
    many = [{"pid": pid, "fd": 3, "what": f"/dev/x{pid}"} for pid in (7, 7, 8, 9, 10)]
    check = next(c for c in check_workload(looked({"unsupported": many})) if c.values)
    assert check.values == {"what": "/dev/x7, /dev/x8, /dev/x9, …"}


# --- refusing -------------------------------------------------------------------------------------
def test_first_failing_check_refuses_with_its_code_and_what_was_found():
    with pytest.raises(NotPossible) as refused:
        refuse_failed(check_workload(looked({"io_uring": [{"pid": 7, "fd": 3}]})))
    assert refused.value.code == "workload-io-uring" and "7" in refused.value.message


def test_check_that_is_named_is_skipped_and_no_other():
    held = {"connections": [{"pid": 7, "fd": 3, "port": 80}], "io_uring": [{"pid": 7, "fd": 3}]}
    one = looked(held, skip=("workload-tcp", "workload-traced"))
    found = outcomes(one)
    assert found["workload-tcp"] == "skipped" and found["workload-traced"] == "pass"
    assert failing(one) == ["workload-io-uring"]


def test_workload_that_does_not_run_is_not_checked():
    one = looked()
    assert check_workload(dataclasses.replace(one, source={"running": False})) == []


def test_every_check_has_words_and_is_a_row_of_the_table():
    assert set(MESSAGES) <= set(BY_CODE)
    codes = {c.code for w in (PROCESS, CONTAINER) for c in check_workload(looked(workload=w))}
    assert codes == set(MESSAGES) and len(CHECKS) == len(codes) - 1  # two codes for terminals


# --- in a run -------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", CASES + FAST, ids=lambda case: case.id)
def test_run_refuses_before_anything_is_touched(case):
    pair = case.pair()
    pair.source.holds = {"io_uring": [{"pid": 7, "fd": 3}]}
    report = run(case.plan(), pair)
    assert report.error.code == "workload-io-uring" and report.error.cause.number == 24
    assert report.error.workload_is_on == "source" and pair.alive() == ["source"]
    assert {verb for _, verb in pair.calls} <= {
        *("clock", "facts", "workload_look", "target_look", "clean_up"),
    }


@pytest.mark.parametrize("case", CASES + FAST, ids=lambda case: case.id)
def test_run_tells_its_checks(case):
    report = run(case.plan(), case.pair())
    assert len(report.checks) >= 10
    assert {check.outcome for check in report.checks} == {CheckOutcome.PASSED}


def test_run_that_skips_a_check_goes_on_and_says_so():
    case = PROCESSES[0]
    pair = case.pair()
    pair.source.holds = {"connections": [{"pid": 7, "fd": 3, "port": 80}]}
    plan = dataclasses.replace(case.plan(), skip_checks=("workload-tcp",))
    report = run(plan, pair)
    assert report.error is None
    told = {check.code: check.outcome for check in report.checks}
    assert told["workload-tcp"] is CheckOutcome.SKIPPED


@pytest.mark.parametrize("case", PROCESSES, ids=lambda case: case.id)
def test_dump_is_told_what_to_take_along(case):
    pair = case.pair()
    pair.source.holds = {"locks": [FILE]}
    run(case.plan(), pair)
    told = [params for verb, params in pair.source.asked if "adapts" in params]
    assert told and all(params["adapts"] == {"file_locks": True} for params in told)


def test_open_connections_pass_when_they_are_to_come_along() -> None:
    held = {"connections": [{"pid": 7, "fd": 3, "port": 80}]}
    one = looked(held)
    plan = dataclasses.replace(one.plan, tcp_established=True)
    found = {c.code: c for c in check_workload(dataclasses.replace(one, plan=plan))}
    assert found["workload-tcp"].outcome is CheckOutcome.PASSED
    assert found["workload-tcp"].values == {"what": "80"}
