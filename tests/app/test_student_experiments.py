"""Experiments of students: their quota, and what a class sees of those that are shared with it."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from migrations_app import experiment_selectors as reads
from migrations_app import selectors
from migrations_app.models import AuditEntry, Experiment, MigrationJob, Trial, Workload
from migrations_app.services import classroom, experiments, quota, submit
from migrations_app.services.codes import Code, Forbidden, Refused
from migrations_app.services.inventory import create_workload

from .makers import make_host, make_job, make_workload
from .pages import text_of
from .test_views_experiments import filled
from .trial_work import make_experiment, states, two_hosts, work_off

pytestmark = pytest.mark.django_db


def code_of(call, *args, **kwargs):
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.code


def allow(settings, **numbers):
    settings.STUDENT_QUOTA = {**settings.STUDENT_QUOTA, **numbers}


def launch(user):
    workload = make_workload(created_by=user)
    return submit.submit_job(
        workload=workload, target=make_host(), operation="migrate", strategy="cold", user=user
    )


# --- quota --------------------------------------------------------------------------------------
def test_an_experiment_larger_than_what_is_left_of_the_day_is_refused(student, settings, sent):
    allow(settings, jobs_per_day=4)
    make_job(created_by=student, status="failed")
    with pytest.raises(Forbidden) as caught:
        make_experiment(user=student)
    assert caught.value.code == Code.TOO_MANY_TRIALS_TODAY
    assert caught.value.values == {"trials": "4", "left": "3", "limit": "4"}
    assert not Experiment.objects.exists() and sent == []
    assert make_experiment(user=student, strategies=["cold"]).pk


def test_who_teaches_has_no_quota(teacher, settings, sent):
    allow(settings, jobs_per_day=0, jobs_at_once=0)
    assert make_experiment(user=teacher).trials.count() == 4


def test_what_an_experiment_will_still_launch_counts(student, settings, sent):
    allow(settings, jobs_per_day=5)
    experiment = make_experiment(user=student)
    assert [one.used for one in quota.job_allowances(student)] == [1, 4]
    launch(student)
    assert code_of(launch, student) == Code.TOO_MANY_JOBS_TODAY
    more = {"experiment": experiment, "trials": 1, "user": student}
    assert code_of(experiments.add_trials, **more) == Code.TOO_MANY_TRIALS_TODAY
    experiments.pause_experiment(experiment=experiment, user=student)
    assert code_of(launch, student) == Code.TOO_MANY_JOBS_TODAY
    experiments.cancel_experiment(experiment=experiment, user=student)
    assert launch(student).pk


def test_control_runs_make_no_job_and_are_not_counted(student, settings, sent):
    allow(settings, jobs_per_day=2)
    assert make_experiment(user=student, strategies=["cold"], controls=3).trials.count() == 5


def test_a_running_experiment_has_one_place_of_those_at_once(student, settings, sent):
    allow(settings, jobs_at_once=1)
    experiment = make_experiment(user=student)
    assert code_of(launch, student) == Code.TOO_MANY_JOBS
    assert code_of(make_experiment, user=student) == Code.TOO_MANY_JOBS
    experiments.pause_experiment(experiment=experiment, user=student)
    launch(student)
    resumed = {"experiment": experiment, "user": student}
    assert code_of(experiments.resume_experiment, **resumed) == Code.TOO_MANY_JOBS
    MigrationJob.objects.update(status="failed")
    experiments.resume_experiment(**resumed)


@pytest.mark.django_db(transaction=True)
def test_an_experiment_that_uses_the_quota_up_runs_to_its_end(student, settings, engine, sent):
    allow(settings, jobs_per_day=4, jobs_at_once=1, workloads_at_once=0)
    experiment = make_experiment(user=student)
    work_off(sent)
    assert states(experiment) == [("done", "succeeded")] * 4
    assert [one.used for one in quota.job_allowances(student)] == [0, 4]
    assert quota.workload_allowance(student).used == 0


@pytest.mark.django_db(transaction=True)
def test_a_trial_waits_while_its_owner_has_as_many_jobs_as_allowed(student, settings, engine, sent):
    allow(settings, jobs_at_once=2)
    pairs = [two_hosts() for _ in range(3)]
    experiment = make_experiment(*pairs, user=student, strategies=["cold"], trials=1)
    work_off(sent, until=lambda: Trial.objects.exclude(state="waiting").exists())
    under_way = Trial.objects.filter(experiment=experiment).exclude(state="waiting")
    assert under_way.count() == 2
    work_off(sent)
    assert states(experiment) == [("done", "succeeded")] * 3


def test_the_workload_of_a_trial_is_none_of_ones_own(student, settings, sent):
    allow(settings, workloads_at_once=1)
    mine = make_workload(name="of-a-trial", created_by=student)
    experiment = make_experiment(user=student)
    Trial.objects.filter(experiment=experiment, position=0).update(workload=mine)
    wanted = {"type_name": "counter", "kind": "container", "parameters": {}, "host": make_host()}
    create_workload(name="one", **wanted, created_by=student)
    refused = code_of(create_workload, name="two", **wanted, created_by=student)
    assert refused == Code.TOO_MANY_WORKLOADS
    assert not Workload.objects.filter(name="two").exists()


@pytest.mark.parametrize(("language", "said"), [("en", "3 are left"), ("zh-hans", "3")])
def test_the_form_says_beforehand_and_when_it_refuses(
    client, student, settings, sent, language, said
):
    allow(settings, jobs_per_day=3)
    client.force_login(student)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    form = filled(*two_hosts())
    plan = text_of(client.post("/experiments/plan/", form))
    page = text_of(client.post("/experiments/new/", form))
    assert 'data-testid="plan-over"' in plan
    for told in (plan, page):
        assert said in told and "24" in told
    assert not Experiment.objects.exists()


# --- the class ----------------------------------------------------------------------------------
@pytest.fixture
def shared(teacher, sent):
    """An instructor's experiment with one run, shared with the class."""
    experiment = make_experiment(user=teacher)
    run = make_job(created_by=teacher, status="succeeded", stop_time_ms=600.0)
    experiment.trials.filter(position=0).update(job=run, state="done", outcome="succeeded")
    classroom.share_experiment(experiment=experiment, is_shared=True, user=teacher)
    experiment.refresh_from_db()
    return experiment


def people(student, teacher):
    return {
        "nobody": AnonymousUser(),
        "student": student,
        "instructor": User.objects.create_user("second", is_staff=True),
        "administrator": User.objects.create_superuser("head"),
    }


@pytest.mark.parametrize(
    ("who", "before", "after"),
    [
        ("nobody", False, False),
        ("student", False, True),
        ("instructor", True, True),
        ("administrator", True, True),
    ],
)
def test_who_sees_an_experiment_and_its_runs(student, teacher, shared, who, before, after):
    viewer, run = people(student, teacher)[who], shared.trials.get(position=0).job_id
    for is_shared, sees in ((True, after), (False, before)):
        classroom.share_experiment(experiment=shared, is_shared=is_shared, user=teacher)
        assert (reads.experiment(viewer, shared.pk) is not None) is sees
        assert reads.experiments(viewer).filter(pk=shared.pk).exists() is sees
        assert (selectors.job(viewer, run) is not None) is sees


def test_an_experiment_of_nobody_is_not_everybodys(student, sent):
    alone = make_experiment(user=None)
    assert reads.experiment(student, alone.pk) is None
    assert reads.experiment(AnonymousUser(), alone.pk) is None


CHANGES = {
    "pause": (experiments.pause_experiment, {}),
    "resume": (experiments.resume_experiment, {}),
    "cancel": (experiments.cancel_experiment, {}),
    "rerun": (experiments.rerun_failed, {}),
    "add": (experiments.add_trials, {"trials": 1}),
    "edit": (experiments.edit_experiment, {"name": "mine now", "notes": ""}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_student_changes_none_that_is_only_shared_with_them(client, student, shared, name):
    call, values = CHANGES[name]
    assert code_of(call, experiment=shared, user=student, **values) == Code.NOT_YOURS
    client.force_login(student)
    client.post(reverse(f"experiment-{name}", args=[shared.pk]), values)
    kept = Experiment.objects.get(pk=shared.pk)
    assert (kept.status, kept.name, kept.trials.count()) == ("running", "small", 4)


def test_the_page_of_a_shared_one_offers_a_student_no_change(client, student, teacher, shared):
    client.force_login(student)
    page = text_of(client.get(reverse("experiment-detail", args=[shared.pk])))
    assert "shared with the class" in page and shared.name in page
    buttons = ("pause", "cancel", "save-notes", "add-trials", "share-with-class")
    assert [name for name in buttons if f'data-testid="{name}"' in page] == []
    assert "shared with the class" in text_of(client.get(reverse("experiment-list")))
    client.force_login(teacher)
    page = text_of(client.get(reverse("experiment-detail", args=[shared.pk])))
    assert [name for name in buttons if f'data-testid="{name}"' in page] == list(buttons)


def test_its_runs_are_reached_from_its_trials_but_not_former_attempts(client, student, shared):
    former = make_job(status="failed")
    told = [{"job": former.pk, "error_code": "restore-failed"}]
    shared.trials.filter(position=0).update(former=told)
    client.force_login(student)
    page = text_of(client.get(reverse("experiment-trials", args=[shared.pk])))
    run = reverse("job-detail", args=[shared.trials.get(position=0).job_id])
    assert run in page and client.get(run).status_code == 200
    assert reverse("job-detail", args=[former.pk]) not in page and f"#{former.pk}" in page


@pytest.mark.parametrize(("who", "status"), [("student", False), ("instructor", True)])
def test_only_instructors_share_an_experiment(client, student, teacher, sent, who, status):
    user = people(student, teacher)[who]
    experiment = make_experiment(user=student)
    client.force_login(user)
    client.post(reverse("experiment-class", args=[experiment.pk]), {"shared": "1"})
    experiment.refresh_from_db()
    assert experiment.shared_with_class is status
    told = list(AuditEntry.objects.filter(what="experiment-shared").values_list("who", flat=True))
    assert told == ([user.username] if status else [])


def test_a_student_keeps_changing_their_own(student, sent):
    experiment = make_experiment(user=student)
    experiments.pause_experiment(experiment=experiment, user=student)
    experiments.edit_experiment(experiment=experiment, name="new", notes="", user=student)
    experiments.cancel_experiment(experiment=experiment, user=student)
    assert Experiment.objects.get(pk=experiment.pk).name == "new"
