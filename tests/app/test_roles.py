"""Nobody sees or changes what is not theirs: every URL is walked as a student."""

import re
from functools import partial

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from migrations_app import selectors
from migrations_app.models import Account, Host, MigrationJob, Workload
from migrations_app.roles import FLAGS, Role, administers, role_of, teaches
from migrations_app.services import classroom, inventory, people, quota, submit
from migrations_app.services.codes import Code, Forbidden, Refused
from migrations_app.services.demo import advance_demo

from .makers import make_host, make_job, make_workload
from .pages import finished, text_of
from .strangers import MARK, make_strangers, patterns

pytestmark = pytest.mark.django_db
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
NOT_WALKED = {"logout"}  # it ends the walk


def code_of(call, *args, **kwargs):
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.code


@pytest.fixture
def visitor(client, student, sent):
    client.force_login(student)
    return client


def addresses(route, pks):
    """The route with every stranger's id in place of its argument."""
    if not ARGUMENT.search(route):
        return ["/" + route]
    words = [str(pk) for pk in pks] + ["0"]
    return ["/" + ARGUMENT.sub(partial(filled, word), route) for word in words]


def filled(word, found):
    return word if found[1] == "int" else MARK[:2]


def answer_of(client, method, url):
    response = getattr(client, method)(url)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, body.decode(errors="replace")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["student", "nobody"])
def test_no_url_shows_or_changes_what_belongs_to_others(client, student, sent, method, who):
    strangers = make_strangers()
    before = strangers.state()
    if who == "student":
        client.force_login(student)
    told = []
    for route, pattern in patterns():
        if pattern.name in NOT_WALKED:
            continue
        for url in addresses(route, strangers.pks):
            status, body = answer_of(client, method, url)
            if MARK in body or status >= 500:
                told.append((method, url, status))
    assert told == []
    assert strangers.state() == before


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("job-detail", MigrationJob, 404),
        ("job-live", MigrationJob, 404),
        ("job-events", MigrationJob, 404),
        ("job-report", MigrationJob, 404),
        ("host-detail", Host, 404),
        ("workload-detail", Workload, 404),
        ("user-detail", User, 403),
    ],
)
def test_to_a_student_what_belongs_to_others_is_not_there(visitor, name, kind, status):
    for row in make_strangers().rows:
        if isinstance(row, kind):
            assert visitor.get(reverse(name, args=[row.pk])).status_code == status


def test_an_instructor_sees_all_of_it(client, teacher):
    client.force_login(teacher)
    for row in make_strangers().rows:
        if isinstance(row, MigrationJob):
            assert client.get(reverse("job-detail", args=[row.pk])).status_code == 200
    assert MARK in text_of(client.get(reverse("host-list")))


def test_lists_strip_history_and_filters_hold_ones_own_only(visitor, student):
    make_strangers()
    mine = finished(workload=make_workload(name="mine", created_by=student), created_by=student)
    for name in ("job-list", "history", "home", "history-csv"):
        page = text_of(visitor.get(reverse(name)))
        assert "mine" in page and MARK not in page
    assert list(selectors.jobs(student)) == [mine]


def test_nobody_without_a_login_is_given_a_row():
    finished()
    assert not selectors.jobs(AnonymousUser()).exists()
    assert not selectors.hosts(AnonymousUser()).exists()
    assert not selectors.workloads(AnonymousUser()).exists()


def test_an_account_that_was_closed_sees_nothing(teacher):
    finished()
    teacher.is_active = False
    assert not selectors.jobs(teacher).exists()


@pytest.mark.parametrize("role", Role)
def test_each_role_is_two_flags_and_back(role):
    user = User(username="x", **FLAGS[role])
    assert role_of(user) is role
    assert (teaches(user), administers(user)) == (role != "student", role == "administrator")


# --- what a student may do ----------------------------------------------------------------------
def test_a_run_shared_with_the_class_is_seen_but_not_cancelled(visitor, student, teacher):
    job = make_job(created_by=teacher)
    classroom.share_job(job=job, is_shared=True, user=teacher)
    page = text_of(visitor.get(reverse("job-detail", args=[job.pk])))
    assert "shared with the class" in page and 'data-testid="cancel"' not in page
    assert code_of(submit.cancel_job, job=job, user=student) == Code.NOT_YOURS
    visitor.post(reverse("job-cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.status == "queued"


def test_only_instructors_share_with_the_class_and_open_hosts(student, teacher):
    job, host = make_job(created_by=student), make_host(open_to_students=False)
    calls = [
        (classroom.share_job, {"job": job, "is_shared": True}),
        (classroom.open_host, {"host": host, "is_open": True}),
    ]
    for call, values in calls:
        assert code_of(call, **values, user=student) == Code.STAFF_ONLY
        call(**values, user=teacher)
    assert MigrationJob.objects.get(pk=job.pk).shared_with_class
    assert Host.objects.get(pk=host.pk).open_to_students


def launch(user, workload, target):
    return submit.submit_job(
        workload=workload, target=target, operation="migrate", strategy="cold", user=user
    )


@pytest.mark.parametrize("closed", ["source", "target"])
def test_a_student_launches_between_open_hosts_only(student, sent, closed):
    here = make_host("here", open_to_students=closed != "source")
    there = make_host("there", open_to_students=closed != "target")
    workload = make_workload(here, created_by=student)
    assert code_of(launch, student, workload, there) == Code.HOST_NOT_OPEN
    Host.objects.update(open_to_students=True)
    workload.host.refresh_from_db(), there.refresh_from_db()
    assert launch(student, workload, there).created_by == student


def test_a_student_starts_no_workload_on_a_closed_host(student, sent):
    wanted = {"name": "x", "type_name": "counter", "kind": "container", "parameters": {}}
    host = make_host(open_to_students=False)
    refused = code_of(inventory.create_workload, **wanted, host=host, created_by=student)
    assert refused == Code.HOST_NOT_OPEN


def test_a_student_uses_an_instructors_workload_but_not_another_students(student, teacher, sent):
    other = User.objects.create_user("other")
    theirs, ours = make_workload(created_by=other), make_workload(created_by=teacher)
    assert code_of(launch, student, theirs, make_host()) == Code.NOT_YOURS
    assert launch(student, ours, make_host()).pk
    refused = code_of(inventory.remove_workload, workload=ours, user=student)
    assert refused == Code.NOT_YOURS


def test_students_have_a_demo_counter_each(student, sent):
    make_host("lab-a"), make_host("lab-b"), make_host("closed", open_to_students=False)
    for user in (student, User.objects.create_user("other"), None):
        advance_demo(user=user)
    names = set(Workload.objects.values_list("name", flat=True))
    assert len(names) == 3 and "cr" in names
    assert not Workload.objects.filter(host__name="closed", created_by=student).exists()


# --- quota --------------------------------------------------------------------------------------
def test_the_quota_counts_what_has_not_ended(student, teacher, settings, sent):
    settings.STUDENT_QUOTA = {**settings.STUDENT_QUOTA, "jobs_at_once": 1}
    first = launch(student, make_workload(created_by=student), make_host())
    with pytest.raises(Forbidden) as caught:
        launch(student, make_workload(created_by=student), make_host())
    assert (caught.value.code, caught.value.values) == (Code.TOO_MANY_JOBS, {"limit": "1"})
    submit.cancel_job(job=first, user=student)
    assert launch(student, make_workload(created_by=student), make_host()).pk
    for _ in range(2):  # whoever teaches has no quota
        launch(teacher, make_workload(), make_host())


def test_the_quota_of_a_day_forgets_what_is_older(student, settings, sent):
    settings.STUDENT_QUOTA = {**settings.STUDENT_QUOTA, "jobs_per_day": 1}
    old = make_job(created_by=student, status="failed")
    workload = make_workload(created_by=student)
    assert code_of(launch, student, workload, make_host()) == Code.TOO_MANY_JOBS_TODAY
    MigrationJob.objects.filter(pk=old.pk).update(created_at=timezone.now() - quota.DAY)
    assert launch(student, workload, make_host()).pk


def test_somebody_may_have_a_quota_of_their_own(student, sent):
    Account.objects.create(user=student, workloads_at_once=0)
    wanted = {"name": "x", "type_name": "counter", "kind": "container", "parameters": {}}
    refused = code_of(inventory.create_workload, **wanted, host=make_host(), created_by=student)
    assert refused == Code.TOO_MANY_WORKLOADS
    assert not Workload.objects.filter(name="x").exists()


def test_who_is_refused_sees_why_on_the_launch_page(visitor, student, settings):
    settings.STUDENT_QUOTA = {**settings.STUDENT_QUOTA, "jobs_at_once": 0}
    workload, target = make_workload(created_by=student), make_host()
    url = f"{reverse('launch')}?workload={workload.pk}"
    response = visitor.post(url, {"step": f"migrate:{target.pk}", "strategy": "cold"})
    assert "You may have 0 unfinished jobs at a time" in text_of(response)


def test_two_who_launch_on_one_pair_at_once_are_served_in_turn(student, teacher, sent):
    a, b = make_host("a"), make_host("b")
    first = launch(student, make_workload(a, created_by=student), b)
    second = launch(teacher, make_workload(b), a)
    assert [selectors.jobs_ahead_of(job) for job in (first, second)] == [0, 1]


def test_two_who_launch_one_workload_at_once_get_one_job_and_one_clear_answer(teacher, sent):
    workload, target = make_workload(), make_host()
    launch(teacher, workload, target)
    assert code_of(launch, teacher, workload, target) == Code.WORKLOAD_BUSY


# --- people -------------------------------------------------------------------------------------
@pytest.fixture
def head(db):
    return User.objects.create_superuser("head")


def test_an_administrator_makes_an_account_whose_password_is_shown_once(client, head):
    client.force_login(head)
    response = client.post(reverse("user-list"), {"name": "anna", "role": "instructor"})
    password = re.search(r'new-password".*?<code>([^<]+)</code>', text_of(response), re.DOTALL)[1]
    anna = User.objects.get(username="anna")
    assert anna.check_password(password) and role_of(anna) is Role.INSTRUCTOR
    assert response["Cache-Control"] == "no-store"
    assert password not in text_of(client.get(reverse("user-list")))


@pytest.mark.parametrize("name", ["anna", "ANNA", "an na", "x" * 151])
def test_a_name_that_is_taken_or_strange_is_refused(client, head, name):
    User.objects.create_user("anna")
    client.force_login(head)
    client.post(reverse("user-list"), {"name": name, "role": "student"})
    assert User.objects.count() == 2


def test_nobody_else_makes_accounts_or_changes_roles(client, teacher, student):
    client.force_login(teacher)
    assert client.post(reverse("user-list"), {"name": "x", "role": "student"}).status_code == 403
    values = {"user": student, "role": Role.ADMINISTRATOR, "is_active": True, "quota": {}}
    assert code_of(people.change_user, **values, by=teacher) == Code.ADMINISTRATORS_ONLY
    assert code_of(people.reset_password, user=student, by=teacher) == Code.ADMINISTRATORS_ONLY


def test_role_quota_and_closing_an_account(client, head, student):
    client.force_login(head)
    url = reverse("user-detail", args=[student.pk])
    client.post(url, {"role": "instructor", "jobs_at_once": "7"})
    student.refresh_from_db()
    assert (role_of(student), student.is_active) == (Role.INSTRUCTOR, False)
    assert quota.limit_of(student, "jobs_at_once") == 7


def test_the_last_administrator_stays_one(client, head):
    client.force_login(head)
    page = client.post(reverse("user-detail", args=[head.pk]), {"role": "student"})
    assert "Somebody has to be the administrator" in text_of(page)
    head.refresh_from_db()
    assert head.is_superuser


def test_a_reset_password_ends_the_sessions(client, head, student):
    client.force_login(student)
    people.reset_password(user=student, by=head)
    assert client.get(reverse("home")).status_code == 302


# --- one's own account --------------------------------------------------------------------------
def test_language_and_theme_come_along_when_signing_in(client, student):
    student.set_password("right")
    student.save()
    people.save_habits(user=student, language="zh-hans", theme="dark")
    client.post(reverse("login"), {"username": "student", "password": "right"})
    page = text_of(client.get(reverse("account")))
    assert 'lang="zh-hans"' in page and 'data-bs-theme="dark"' in page


def test_the_account_page_tells_role_and_quota(visitor, student):
    make_job(created_by=student)
    page = text_of(visitor.get(reverse("account")))
    assert "1 of 3" in page and "Student" in page


def test_a_strange_language_is_not_saved(visitor, student):
    visitor.post(reverse("account"), {"language": "../x", "theme": "dark"})
    assert not Account.objects.exists()


def test_quota_and_job_are_one_transaction(student, sent):
    """A quota that is claimed for a job that can't be saved is not used up."""
    workload = make_workload(created_by=student)
    launch(student, workload, make_host())
    twin = MigrationJob(workload=workload, source=workload.host, target=make_host())
    with transaction.atomic():
        assert code_of(submit._queue, twin, student) == Code.WORKLOAD_BUSY
    assert quota.job_allowances(student)[0].used == 1
