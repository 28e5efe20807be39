"""Trials are begun one after the other, whatever happens in between."""

from datetime import timedelta

import pytest
from django.utils import timezone

from migrations_app.engine.errors import HostUnreachable, NotPossible, StepFailed
from migrations_app.models import Experiment, Host, MigrationJob, Trial, Workload
from migrations_app.services import dispatch, experiments, trials
from tests.fakes import failed, succeed

from .makers import make_host, make_job, make_running_job
from .runs import FACTS
from .trial_work import do, grid_of, make_experiment, states, two_hosts, work_off

pytestmark = pytest.mark.django_db(transaction=True)
DONE, GOOD, BAD = "done", ("done", "succeeded"), ("done", "failed")


def refreshed(experiment):
    return Experiment.objects.get(pk=experiment.pk)


def test_an_experiment_runs_to_its_end_by_itself(engine, sent):
    experiment = make_experiment(warm_ups=1, controls=1)
    work_off(sent)
    experiment = refreshed(experiment)
    assert experiment.status == "finished" and experiment.finished_at
    assert states(experiment) == [GOOD] * 7  # 2 warm-ups, 2 × 2 trials, 1 control run
    assert MigrationJob.objects.count() == 6
    assert set(Workload.objects.values_list("state", flat=True)) == {"removed"}
    assert not Host.objects.exclude(trial=None).exists()


def test_each_trial_has_a_workload_of_its_own_with_its_parameters(engine, sent):
    make_experiment()
    work_off(sent)
    started = [call for call in engine.calls if call[0] == "start"]
    assert len({name for _start, _host, name, _type, _values in started}) == 4
    assert all(values["memory_mib"] == 1 for *_call, values in started)


def test_a_control_run_is_watched_and_nothing_is_migrated(engine, sent):
    experiment = make_experiment(controls=1, strategies=["cold"], trials=1)
    work_off(sent)
    control = Trial.objects.get(experiment=experiment, role="control")
    assert control.job is None and control.target is None
    assert control.result["longest_gap_ms"] == 3.5
    assert len([call for call in engine.calls if call[0] == "watch"]) == 1


def two_at_once():
    """Hosts that two trials under way share; there must never be one."""
    rows = Trial.objects.filter(state__in=("starting", "running", "clearing"))
    hosts = [pk for row in rows for pk in row.host_ids]
    return len(hosts) != len(set(hosts))


def test_there_are_never_two_trials_on_one_host_and_other_hosts_work_meanwhile(engine, sent):
    a, b, c, d = (*two_hosts(), *two_hosts())
    experiment = make_experiment((a, b), (b, a), (c, d))
    most = 0
    while sent:
        do(sent.pop(0))
        assert not two_at_once()
        under_way = Trial.objects.filter(state__in=("starting", "running", "clearing"))
        most = max(most, under_way.count())
    assert most == 2
    assert refreshed(experiment).status == "finished"


def test_two_experiments_share_hosts_without_meeting(engine, sent):
    pair = two_hosts()
    both = [make_experiment(pair), make_experiment(pair)]
    while sent:
        do(sent.pop(0))
        assert not two_at_once()
    assert [refreshed(one).status for one in both] == ["finished", "finished"]


def test_the_same_message_twice_or_two_workers_at_once_do_no_harm(engine, sent):
    experiment = make_experiment(warm_ups=1, controls=1)
    while sent:
        message = sent.pop(0)
        do(message)
        do(message)
    assert states(experiment) == [GOOD] * 7
    assert MigrationJob.objects.count() == 6


def test_when_every_message_is_lost_the_next_tick_goes_on_from_the_rows(engine, sent):
    experiment = make_experiment(trials=1)
    for _tick in range(200):
        if refreshed(experiment).status == "finished":
            break
        sent.clear()  # Redis was restarted
        dispatch.tick()
        for message in list(sent):
            do(message)
    assert states(experiment) == [GOOD] * 2


def test_a_worker_that_dies_in_the_middle_leaves_a_trial_that_is_settled_and_counted(engine, sent):
    experiment = make_experiment()
    work_off(sent, until=lambda: "RUN_JOB" in dict(sent))
    job = MigrationJob.objects.get()
    lost = timezone.now() - timedelta(seconds=1)
    job.transition("queued", "running", worker="dead", lease_until=lost)
    Workload.objects.filter(pk=job.workload_id).update(state=Workload.State.MIGRATING)
    Host.objects.update(leased_by=job, lease_until=lost)
    sent.clear()
    for _tick in range(2):  # the first settles the job
        dispatch.tick()
        work_off(sent)
    assert refreshed(experiment).status == "finished"
    assert (
        sorted(outcome for _state, outcome in states(experiment)) == ["failed"] + ["succeeded"] * 3
    )


def failing_once(code="dump-failed"):
    tried = []

    def migrate(plan, observer, cancelled):
        tried.append(plan)
        return failed(plan, code=code) if len(tried) == 1 else succeed(plan, observer, cancelled)

    return migrate


def test_a_trial_whose_job_failed_is_counted_and_its_workload_goes(engine, sent):
    engine.on_migrate = failing_once()
    experiment = make_experiment()
    work_off(sent)
    assert states(experiment).count(BAD) == 1
    assert refreshed(experiment).status == "finished"
    assert not Workload.objects.exclude(state="removed").exists()


def test_failed_trials_are_run_again_and_the_failure_stays_known(engine, sent):
    engine.on_migrate = failing_once()
    experiment = make_experiment()
    work_off(sent)
    first = Trial.objects.get(outcome="failed")
    assert experiments.rerun_failed(experiment=refreshed(experiment), user=None) == 1
    assert refreshed(experiment).status == "running"
    work_off(sent)
    again = Trial.objects.get(pk=first.pk)
    assert (again.outcome, again.attempts) == ("succeeded", 2)
    assert again.former == [{"job": first.job_id, "error_code": "dump-failed"}]
    assert again.job_id != first.job_id and MigrationJob.objects.count() == 5
    assert refreshed(experiment).status == "finished"


def test_five_failures_in_a_row_pause_it(engine, sent):
    engine.on_migrate = lambda plan, observer, cancelled: failed(plan, code="dump-failed")
    experiment = make_experiment(trials=20)
    work_off(sent)
    experiment = refreshed(experiment)
    assert (experiment.status, experiment.reason) == ("paused", "failed-in-a-row")
    assert states(experiment).count(BAD) == 5
    experiments.resume_experiment(experiment=experiment, user=None)  # somebody has mended the cause
    engine.on_migrate = None
    work_off(sent)
    assert states(experiment).count(GOOD) == 35


def test_a_workload_that_can_not_be_started_fails_the_trial_with_its_reason(engine, sent):
    engine.start_error = StepFailed("no", code="program-missing")
    experiment = make_experiment(trials=1)
    work_off(sent)
    rows = Trial.objects.filter(experiment=experiment)
    assert {row.error_code for row in rows} == {"program-missing"}
    assert {row.outcome for row in rows} == {"failed"} and not MigrationJob.objects.exists()


def test_what_a_host_can_not_do_any_more_fails_the_trial_and_starts_nothing(engine, sent):
    a, b = two_hosts()
    experiment = make_experiment((a, b), strategies=["cold"], trials=1)
    problem = {"code": "criu-missing", "severity": "fail", "kinds": ["process", "container"]}
    Host.objects.filter(pk=b.pk).update(problems=[problem], state="limited")
    work_off(sent)
    (row,) = Trial.objects.filter(experiment=experiment)
    assert (row.outcome, row.error_code) == ("failed", "host-problem")
    assert not Workload.objects.exists()


def test_a_host_that_is_away_is_waited_for(engine, sent):
    a, b = two_hosts()
    experiment = make_experiment((a, b), trials=1)
    Host.objects.filter(pk=b.pk).update(state="unreachable")
    work_off(sent)
    assert states(experiment) == [("waiting", "")] * 2
    Host.objects.filter(pk=b.pk).update(state="ready")
    dispatch.tick()
    work_off(sent)
    assert states(experiment) == [GOOD] * 2


def test_a_control_run_that_can_not_be_watched_has_failed(engine, sent):
    engine.watch_error = NotPossible("gone", code="workload-absent")
    experiment = make_experiment(controls=1, strategies=["cold"], trials=1)
    work_off(sent)
    control = Trial.objects.get(experiment=experiment, role="control")
    assert (control.outcome, control.error_code) == ("failed", "workload-absent")


def test_a_control_run_waits_for_a_host_that_does_something_else(engine, sent):
    a, b = two_hosts()
    experiment = make_experiment((a, b), controls=1, strategies=["cold"], trials=1)
    work_off(sent, until=lambda: "WATCH_TRIAL" in dict(sent))
    Host.objects.filter(pk=a.pk).update(lease_until=timezone.now() + timedelta(seconds=30))
    work_off(sent)
    assert not [call for call in engine.calls if call[0] == "watch"]
    Host.objects.filter(pk=a.pk).update(lease_until=None)
    dispatch.tick()
    work_off(sent)
    assert refreshed(experiment).status == "finished"


def test_the_hosts_cool_down_between_trials(engine, sent):
    experiment = make_experiment(cool_down_s=3600, strategies=["cold"])
    work_off(sent)
    assert states(experiment).count(GOOD) == 1
    dispatch.tick()
    work_off(sent)
    assert states(experiment).count(GOOD) == 1
    Trial.objects.update(finished_at=timezone.now() - timedelta(hours=2))
    dispatch.tick()
    work_off(sent)
    assert states(experiment).count(GOOD) == 2


def test_a_paused_experiment_ends_what_is_under_way_and_begins_nothing(engine, sent):
    experiment = make_experiment()
    work_off(sent, until=lambda: MigrationJob.objects.exists())
    experiments.pause_experiment(experiment=experiment, user=None)
    work_off(sent)
    assert states(experiment).count(GOOD) == 1
    assert states(experiment).count(("waiting", "")) == 3
    experiments.resume_experiment(experiment=experiment, user=None)
    work_off(sent)
    assert refreshed(experiment).status == "finished"


def test_a_cancelled_experiment_clears_up_and_stays_cancelled(engine, sent):
    experiment = make_experiment()
    work_off(sent, until=lambda: "START_WORKLOAD" in dict(sent))
    experiments.cancel_experiment(experiment=experiment, user=None)
    work_off(sent)
    assert refreshed(experiment).status == "cancelled"
    assert states(experiment) == [("done", "cancelled")] * 4
    assert not Workload.objects.exclude(state="removed").exists()
    assert not Host.objects.exclude(trial=None).exists()


def test_cancelling_asks_the_job_under_way_to_stop(engine, sent):
    experiment = make_experiment()
    work_off(sent, until=lambda: MigrationJob.objects.exists())
    experiments.cancel_experiment(experiment=experiment, user=None)
    assert MigrationJob.objects.get().status == "cancelled"
    work_off(sent)
    assert states(experiment) == [("done", "cancelled")] * 4


def test_a_job_of_somebody_else_on_the_pair_is_let_through_and_nothing_is_lost(engine, sent):
    pair = two_hosts()
    experiment = make_experiment(pair)
    make_job(source=pair[0], target=pair[1])
    work_off(sent)
    dispatch.tick()
    work_off(sent)
    assert refreshed(experiment).status == "finished"


def test_an_experiment_whose_host_can_not_be_reached_when_clearing_up_tries_again(engine, sent):
    a, b = two_hosts()
    experiment = make_experiment((a, b), strategies=["cold"], trials=1)
    work_off(sent, until=lambda: "STOP_WORKLOAD" in dict(sent))
    engine.connect_errors = {b.name: HostUnreachable("away")}
    work_off(sent)
    assert [state for state, _ in states(experiment)] == ["clearing"]
    engine.connect_errors = {}
    Workload.objects.update(lease_until=None)
    Host.objects.update(state="ready")
    dispatch.tick()
    work_off(sent)
    assert refreshed(experiment).status == "finished"


def test_hosts_in_use_by_a_job_do_not_stop_other_hosts(engine, sent):
    busy = make_running_job()
    Host.objects.update(checked_at=timezone.now(), facts=FACTS)
    hosts = [busy.source, make_host(checked_at=timezone.now(), facts=FACTS)]
    experiment = create(hosts, two_hosts())
    work_off(sent)
    done = Trial.objects.filter(experiment=experiment, outcome="succeeded")
    assert done.exists()


def create(*pairs):
    return experiments.create_experiment(name="x", grid=grid_of(*pairs), user=None, seed=1)


def test_names_of_workloads_fit_whatever_the_numbers(settings):
    settings.INSTANCE = "twelve-chars"
    trial = Trial(experiment_id=10**6, position=1999, attempts=999)
    assert len(trials.workload_name(trial)) <= 40
