"""The worker's side of a job, with a fake engine and a real database."""

import pytest

from migrations_app.engine.errors import HostKeyMismatch, HostUnreachable
from migrations_app.engine.events import PagesArrived, PhaseEnded, PhaseStarted
from migrations_app.engine.report import Outcome, PhaseName, Side
from migrations_app.models import Host, JobStatus, MigrationJob, Workload
from migrations_app.services import execute
from migrations_app.services.submit import cancel_job
from tests import fakes

from .makers import make_host, make_job, make_running_job, make_workload

pytestmark = pytest.mark.django_db(transaction=True)  # the recorder has a connection of its own


def run(job):
    execute.run_job(job_id=job.pk, worker="w1")
    return MigrationJob.objects.select_related("workload").get(pk=job.pk)


def test_a_migration_ends_with_its_figures_and_the_workload_on_the_target(engine, sent):
    job = run(make_job())
    assert (job.status, job.workload_is_on, job.proof_passed) == ("succeeded", "target", True)
    assert (job.stop_time_ms, job.transfer_time_ms) == (812.5, 90.0)
    assert job.create_time_ms is None  # not known is not 0
    assert (job.workload.host_id, job.workload.state) == (job.target_id, Workload.State.RUNNING)
    assert job.report["proof"]["last_before"] == 6
    assert ("OBSERVE_WORKLOAD", job.workload_id) in sent


def test_phases_and_notes_are_kept_as_they_happen(engine, sent):
    job = run(make_job())
    phase = job.phases.get()
    assert (phase.name, phase.side, phase.start_ms) == ("dump", "source", 11.0)
    assert (phase.duration_ms, phase.bytes, phase.failed) == (40.0, 4096, False)
    assert job.notes.get().values == {"image": "busybox"}


def pre_copy_then_post_copy(plan, observer, cancelled):
    for number in range(2):
        begun = (PhaseName.PRE_COPY, Side.SOURCE, 100.0 * number)
        observer(PhaseStarted(*begun, round=number))
        observer(PhaseEnded(*begun, 90.0, bytes=10 - number, round=number))
    observer(PhaseStarted(PhaseName.PAGES, Side.SOURCE, 300.0))
    observer(PagesArrived(4096))
    observer(PagesArrived(8192))
    return fakes.report_of(plan)


def test_rounds_are_kept_apart_and_pages_counted_while_they_arrive(engine, sent):
    engine.on_migrate = pre_copy_then_post_copy
    job = run(make_job(strategy="hybrid"))
    kept = list(job.phases.values_list("name", "round", "duration_ms", "bytes"))
    assert kept == [
        ("pre-copy", 0, 90.0, 10),
        ("pre-copy", 1, 90.0, 9),
        ("pages", None, None, 8192),
    ]


def test_a_copy_becomes_a_workload_of_its_own_and_the_original_stays(engine, sent):
    job = run(make_job(make_workload(name="cr"), leave_running=True))
    assert (job.status, job.workload_is_on) == ("succeeded", "source")
    assert (job.workload.host_id, job.workload.state) == (job.source_id, Workload.State.RUNNING)
    clone = job.clone
    assert (clone.name, clone.ref_name, clone.host_id) == ("cr-copy", "cr", job.target_id)
    assert (clone.type_name, clone.parameters) == (job.workload.type_name, job.workload.parameters)
    assert clone.state == Workload.State.RUNNING


def test_a_copy_s_name_is_one_that_is_free_and_short_enough(engine, sent):
    name = "x" * 40
    for ending in ("-copy", "-copy-2"):
        make_workload(name=name[: 40 - len(ending)] + ending)
    job = run(make_job(make_workload(name=name), leave_running=True))
    assert job.clone.name == "x" * 33 + "-copy-3"


def test_a_copy_that_failed_leaves_nothing_to_remember(engine, sent):
    engine.on_migrate = lambda plan, *_: fakes.failed(plan, code="arm-failed")
    job = run(make_job(leave_running=True))
    assert (job.clone, job.workload.host_id) == (None, job.source_id)


def test_the_plan_names_job_workload_and_proof(engine, sent, settings):
    settings.INSTANCE = "abc123"
    job = run(make_job(make_workload(name="cr"), encrypted=False))
    plan = next(call[1] for call in engine.calls if call[0] == "migrate")
    assert (plan.job_id, plan.workload.name) == (f"abc123-{job.pk}", "cr")
    assert (plan.proof, plan.encrypted) == ("sequence", False)


def test_a_one_host_operation_gets_one_session(engine, sent):
    workload = make_workload()
    run(make_job(workload, target=workload.host, operation="restore-in-place"))
    assert [call for call in engine.calls if call[0] == "connect"] == [
        ("connect", workload.host.name)
    ]


def test_a_failure_leaves_the_workload_on_the_source_and_says_why(engine, sent):
    engine.on_migrate = lambda plan, *_: fakes.failed(plan, code="restore-failed")
    job = run(make_job())
    assert (job.status, job.error_code) == ("failed", "restore-failed")
    assert job.workload_is_on == "source"
    assert (job.workload.host_id, job.workload.state) == (job.source_id, "running")


def test_a_workload_that_died_is_lost(engine, sent):
    engine.on_migrate = lambda plan, *_: fakes.failed(plan, code="died", workload_is_on=None)
    assert run(make_job()).workload.state == Workload.State.LOST


def test_hosts_are_free_after_every_end(engine, sent):
    for outcome in (fakes.succeed, lambda plan, *_: fakes.failed(plan, code="x")):
        engine.on_migrate = outcome
        run(make_job())
        assert not Host.objects.exclude(leased_by=None).exists()


def test_an_unreachable_target_fails_the_job_and_marks_the_host(engine, sent):
    job = make_job()
    engine.connect_errors[job.target.name] = HostUnreachable("no answer")
    job = run(job)
    assert (job.status, job.error_code) == ("failed", "host-unreachable")
    assert job.workload.state == Workload.State.RUNNING
    assert Host.objects.get(pk=job.target_id).state == Host.State.UNREACHABLE


def test_a_changed_key_quarantines_the_host(engine, sent):
    job = make_job()
    engine.connect_errors[job.source.name] = HostKeyMismatch("another key")
    assert run(job).error_code == "host-key-mismatch"
    assert Host.objects.get(pk=job.source_id).state == Host.State.QUARANTINED


def test_a_quarantined_host_is_not_even_called(engine, sent):
    job = make_job(target=make_host(state=Host.State.QUARANTINED))
    assert run(job).error_code == "host-quarantined"
    assert ("connect", job.target.name) not in engine.calls


def test_a_workload_that_has_gone_is_not_migrated(engine, sent):
    job = make_job(make_workload(state=Workload.State.STOPPED))
    job = run(job)
    assert (job.status, job.error_code) == ("failed", "workload-moved")
    assert job.workload.state == Workload.State.STOPPED
    assert not engine.calls


def test_a_second_message_for_the_same_job_does_nothing(engine, sent):
    job = run(make_job())
    engine.calls.clear()
    assert run(job).transitions.count() == 2
    assert not engine.calls


def test_a_job_whose_hosts_are_busy_waits(engine, sent):
    busy = make_running_job()
    waiting = make_job(target=busy.source)
    assert run(waiting).status == JobStatus.QUEUED
    assert not Host.objects.filter(leased_by=waiting).exists()


def test_an_end_sends_the_job_that_waited(engine, sent):
    first = make_job()
    second = make_job(make_workload(first.target), target=first.source)
    run(first)
    assert ("RUN_JOB", second.pk) in sent


def test_a_request_to_cancel_reaches_the_engine(engine, sent, monkeypatch):
    monkeypatch.setattr("migrations_app.services.recorder.LOOK_EVERY_S", 0.01)
    job = make_job()

    def stop_when_asked(plan, observer, cancelled):
        cancel_job(job=job, user=None)
        assert fakes.wait_until(cancelled)
        return fakes.failed(plan, code="cancelled")

    engine.on_migrate = stop_when_asked
    job = run(job)
    assert (job.status, job.workload.state) == ("cancelled", Workload.State.RUNNING)


def test_leases_are_renewed_while_the_engine_works(engine, sent, monkeypatch):
    monkeypatch.setattr("migrations_app.services.recorder.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("migrations_app.services.leases.RENEW_EVERY_S", 0.01)
    job = make_job()

    def work_for_long(plan, observer, cancelled):
        before = MigrationJob.objects.get(pk=job.pk).lease_until
        assert fakes.wait_until(lambda: MigrationJob.objects.get(pk=job.pk).lease_until > before)
        return fakes.report_of(plan)

    engine.on_migrate = work_for_long
    assert run(job).status == JobStatus.SUCCEEDED


def test_an_engine_in_doubt_leaves_the_job_in_doubt(engine, sent):
    engine.on_migrate = lambda plan, *_: fakes.report_of(
        plan, outcome=Outcome.IN_DOUBT, workload_after=None, proof=None
    )
    job = run(make_job())
    assert (job.status, job.workload.state) == ("in_doubt", Workload.State.MIGRATING)
    assert job.lease_until and job.finished_at is None
    assert not Host.objects.exclude(leased_by=None).exists()


def test_a_fault_of_ours_hands_the_job_to_who_asks_the_hosts(engine, sent, caplog):
    def broken(plan, *_):
        raise ZeroDivisionError

    engine.on_migrate = broken
    job = run(make_job())
    assert (job.status, job.error_code) == ("running", "internal-error")
    assert ("SETTLE_JOB", job.pk) in sent
    assert list(MigrationJob.objects.lost()) == [job]
