"""The audit log has who may do what, and who was shown what; one row an act, no secret in any."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from migrations_app import words
from migrations_app.models import AuditEntry
from migrations_app.roles import Role
from migrations_app.services import classroom, people, share
from migrations_app.services.codes import Forbidden

from .makers import make_host
from .pages import finished

SERVICES = Path(people.__file__).parent
pytestmark = pytest.mark.django_db


@pytest.fixture
def head(db) -> User:
    return User.objects.create_superuser("head")


def acts() -> list[tuple[str, str, str, str]]:
    rows = AuditEntry.objects.order_by("pk")
    return list(rows.values_list("who", "what", "target", "outcome"))


def change(user, by, role=Role.STUDENT, is_active=True):
    people.change_user(user=user, role=role, is_active=is_active, quota={}, by=by)


def test_account_that_is_made_is_there_with_its_role_and_without_its_password(head):
    _, password = people.create_user(name="mei", role=Role.INSTRUCTOR, by=head)
    (row,) = AuditEntry.objects.all()
    assert acts() == [("head", "account-made", "mei", "done")]
    assert row.detail == {"role": "instructor"} and password not in json.dumps(row.detail)


def test_role_that_changes_is_there_with_what_it_was(head, student):
    change(student, head, Role.INSTRUCTOR)
    (row,) = AuditEntry.objects.all()
    assert (row.what, row.target) == ("role-changed", "student")
    assert row.detail == {"role": "instructor", "before": "student"}


def test_what_is_saved_as_it_was_is_no_act(head, student):
    change(student, head)
    assert acts() == []


def test_account_that_is_closed_and_opened_again_is_there_twice(head, student):
    change(student, head, is_active=False)
    change(User.objects.get(pk=student.pk), head)
    assert [what for _, what, *_ in acts()] == ["account-closed", "account-opened"]


def test_change_that_is_refused_because_nobody_would_be_left_is_not_there(head):
    with pytest.raises(Exception, match="last-administrator"):
        change(head, head)
    assert acts() == []


def test_new_password_is_there_without_itself(head, student):
    password = people.reset_password(user=student, by=head)
    assert acts() == [("head", "password-reset", "student", "done")]
    assert password not in json.dumps(list(AuditEntry.objects.values()), default=str)


@pytest.mark.parametrize(
    ("what", "attempt"),
    [
        ("account-made", lambda by: people.create_user(name="x", role=Role.STUDENT, by=by)),
        ("role-changed", lambda by: change(by, by, Role.ADMINISTRATOR)),
        ("password-reset", lambda by: people.reset_password(user=by, by=by)),
    ],
)
def test_attempt_of_somebody_who_may_not_is_there_as_refused(what, attempt, teacher, head):
    with pytest.raises(Forbidden):
        attempt(teacher)
    assert [(row[1], row[3]) for row in acts()] == [(what, "refused")]


def test_link_that_is_made_and_taken_back_is_there_without_its_token(teacher):
    job = finished(created_by=teacher)
    made = share.share_job(job=job, owner=teacher, days=7, snapshot=None)
    share.revoke_share(share=made, user=teacher)
    share.revoke_share(share=made, user=teacher)
    assert [what for _, what, *_ in acts()] == ["share-made", "share-revoked"]
    kept = json.dumps(list(AuditEntry.objects.values()), default=str)
    assert share.token_of(made) not in kept and made.seed not in kept


def test_link_of_somebody_else_is_there_as_refused(teacher, student):
    made = share.share_job(job=finished(), owner=teacher, days=7, snapshot=None)
    with pytest.raises(share.ShareRefused):
        share.revoke_share(share=made, user=student)
    assert acts()[-1][0] == student.username and acts()[-1][3] == "refused"


def test_what_is_opened_to_the_class_is_there_once(teacher):
    job, host = finished(), make_host(open_to_students=False)
    for wanted in (True, True, False):
        classroom.share_job(job=job, is_shared=wanted, user=teacher)
        classroom.open_host(host=host, is_open=wanted, user=teacher)
    assert [what for _, what, *_ in acts()] == [
        "shared-with-class",
        "host-opened",
        "unshared-with-class",
        "host-closed",
    ]


def test_every_act_that_a_service_notes_has_words():
    source = "".join(path.read_text() for path in SERVICES.glob("*.py"))
    noted = set(re.findall(r'what="([a-z-]+)"', source))
    noted |= set(re.findall(r'require_staff\(\w+, "([a-z-]+)"', source))
    assert noted and noted <= set(words.AUDIT)
