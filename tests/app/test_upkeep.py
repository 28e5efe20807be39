"""Hosts are looked at, workloads started, stopped and observed."""

import pytest
from django.utils import timezone

from migrations_app.engine.errors import HostUnreachable, NotPossible, StepFailed
from migrations_app.engine.plan import Strategy, WorkloadKind
from migrations_app.engine.problems import Problem, Severity
from migrations_app.engine.report import Side
from migrations_app.models import Host, Workload
from migrations_app.services import dispatch, execute, inventory, upkeep

from .makers import make_host, make_job, make_running_job, make_workload

NO_DOCKER = Problem("docker-missing", kinds=(WorkloadKind.CONTAINER,), values={"a": "b"})
ODD = Problem("odd", Severity.WARN)


def checked(host):
    upkeep.check_host(host_id=host.pk)
    return Host.objects.get(pk=host.pk)


def test_a_check_keeps_facts_and_clears_old_troubles(db, engine):
    host = checked(make_host(state="unreachable", last_error_code="host-unreachable"))
    assert (host.state, host.last_error_code) == (Host.State.READY, "")
    assert host.facts["hostname"] == "fake"
    assert host.checked_at and host.check_requested_at is None


@pytest.mark.parametrize(("problems", "state"), [([NO_DOCKER], "limited"), ([ODD], "ready")])
def test_only_a_failing_problem_limits_a_host(db, engine, problems, state):
    engine.problems = problems
    host = checked(make_host())
    assert host.state == state
    assert host.problems[0]["code"] == problems[0].code


def with_runtime(ready):
    return {"hostname": "fake", "docker": {"runtime_ready": ready}}


def test_a_host_is_prepared_when_that_was_asked_for_and_looked_at_again(db, engine):
    engine.facts = with_runtime(False)
    host = checked(make_host(prepare_requested_at=timezone.now()))
    assert ("prepare", host.name) in engine.calls
    assert host.prepared["changed"] == ["wrote it"] and host.prepared_at
    assert host.prepare_requested_at is None
    assert host.knows_runtime is True


def test_a_lab_host_is_prepared_by_itself_and_only_when_it_lacks_something(db, engine):
    engine.facts = with_runtime(False)
    host = checked(make_host(is_lab=True))
    assert host.knows_runtime is True
    checked(host)
    assert [call for call in engine.calls if call[0] == "prepare"] == [("prepare", host.name)]


@pytest.mark.parametrize("facts", [with_runtime(False), with_runtime(None), {"docker": None}])
def test_a_host_of_somebody_else_is_never_prepared_unasked(db, engine, facts):
    engine.facts = facts
    checked(make_host())
    assert ("prepare" in dict.fromkeys(call[0] for call in engine.calls)) is False


def test_a_preparation_that_fails_says_why_and_the_check_goes_on(db, engine):
    engine.facts = with_runtime(False)
    engine.prepare_error = StepFailed("no JSON", code="docker-config-unreadable")
    host = checked(make_host(prepare_requested_at=timezone.now()))
    assert host.prepared == {"error_code": "docker-config-unreadable", "error": "no JSON"}
    assert host.state == Host.State.READY and host.prepare_requested_at is None


def test_problems_are_kept_with_strategies_and_sides(db, engine):
    engine.problems = [
        Problem("docker-runtime-missing", strategies=(Strategy.PRE_COPY,), sides=(Side.TARGET,))
    ]
    (problem,) = checked(make_host()).problems
    assert (problem["strategies"], problem["sides"]) == (["pre-copy"], ["target"])


def test_a_host_that_does_not_answer_is_marked_and_says_why(db, engine):
    host = make_host()
    engine.connect_errors[host.name] = HostUnreachable("no route")
    host = checked(host)
    assert (host.state, host.last_error_code) == ("unreachable", "host-unreachable")
    assert host.checked_at


def test_a_host_under_measurement_is_left_alone(db, engine):
    job = make_running_job()
    Host.objects.update(check_requested_at=timezone.now())
    assert checked(job.source).check_requested_at  # still waiting
    assert not engine.calls


def test_a_job_waits_while_somebody_looks_around(db, engine, sent):
    job = make_job()
    facts = engine.collect_facts

    def look_while_a_job_comes(host):
        assert dispatch.runnable_jobs() == []
        assert execute.claim_job(job_id=job.pk, worker="w") is None
        return facts(host)

    engine.collect_facts = look_while_a_job_comes
    upkeep.check_host(host_id=job.source_id)
    del engine.collect_facts
    assert sent == [("RUN_JOB", job.pk)]  # and is sent right afterwards


def test_a_quarantined_host_stays_quarantined_and_is_not_called(db, engine):
    host = make_host(state="quarantined", last_error_code="host-key-mismatch")
    host = checked(host)
    assert (host.state, host.last_error_code) == ("quarantined", "host-key-mismatch")
    assert not engine.calls


def test_a_workload_is_started_and_known_by_what_the_host_calls_it(db, engine):
    workload = make_workload(name="p", kind="process", state=Workload.State.STARTING, ref_name="")
    upkeep.start_workload(workload_id=workload.pk)
    workload.refresh_from_db()
    assert (workload.state, workload.ref_name, workload.pid) == ("running", "p", 4711)
    assert workload.lease_until is None
    assert engine.calls[-1][2:] == ("p", "counter", {"interval_ms": 1000})


def test_a_start_happens_once(db, engine):
    workload = make_workload(state=Workload.State.STARTING)
    upkeep.start_workload(workload_id=workload.pk)
    upkeep.start_workload(workload_id=workload.pk)
    assert len([call for call in engine.calls if call[0] == "start"]) == 1


def test_a_start_that_fails_says_why(db, engine):
    engine.start_error = NotPossible("there is one", code="workload-exists")
    workload = make_workload(state=Workload.State.STARTING, ref_name="")
    upkeep.start_workload(workload_id=workload.pk)
    workload.refresh_from_db()
    assert (workload.state, workload.last_error_code) == ("stopped", "workload-exists")


def test_a_start_waits_while_a_job_measures_on_the_host(db, engine):
    job = make_running_job()
    workload = make_workload(job.source, state=Workload.State.STARTING)
    upkeep.start_workload(workload_id=workload.pk)
    assert not engine.calls


def test_a_removal_asked_for_during_the_start_stands(db, engine, sent):
    workload = make_workload(state=Workload.State.STARTING, ref_name="")
    start = engine.start_workload

    def start_and_remove(*args, **kwargs):
        inventory.remove_workload(workload=workload, user=None)
        return start(*args, **kwargs)

    engine.start_workload = start_and_remove
    upkeep.start_workload(workload_id=workload.pk)
    del engine.start_workload
    upkeep.stop_workload(workload_id=workload.pk)
    workload.refresh_from_db()
    assert workload.state == Workload.State.REMOVED
    assert engine.calls[-1][0] == "stop"  # what ran was ended


def test_a_workload_that_never_ran_is_removed_without_asking_the_host(db, engine):
    workload = make_workload(state=Workload.State.REMOVING, ref_name="")
    upkeep.stop_workload(workload_id=workload.pk)
    workload.refresh_from_db()
    assert workload.state == Workload.State.REMOVED
    assert not engine.calls


def test_a_removal_on_a_silent_host_is_tried_again_later(db, engine):
    workload = make_workload(state=Workload.State.REMOVING)
    engine.connect_errors[workload.host.name] = HostUnreachable("no answer")
    upkeep.stop_workload(workload_id=workload.pk)
    workload.refresh_from_db()
    assert (workload.state, workload.last_error_code) == ("removing", "host-unreachable")
    assert workload.lease_until > timezone.now()


@pytest.mark.parametrize(
    ("seen", "state", "code"),
    [
        ("running", "running", ""),
        ("paused", "running", ""),
        ("exited", "stopped", "workload-ended"),
        ("absent", "lost", "workload-absent"),
    ],
)
def test_what_the_host_says_of_a_workload_is_kept(db, engine, seen, state, code):
    engine.status.state = seen
    workload = make_workload()
    upkeep.observe_workload(workload_id=workload.pk)
    workload.refresh_from_db()
    assert (workload.state, workload.last_error_code) == (state, code)
    assert (workload.last_line, bool(workload.seen_at)) == ("7", True)
