"""Who somebody is to the site: administrator, instructor or student. The one place that says so.

The roles are Django's own two flags (docs/decisions/0028): a superuser is an administrator, staff
are instructors, all others students. Where a service takes `None` for a person, the machine itself
asks (a management command, the demo): whoever may type there has the database anyway.
"""

from __future__ import annotations

from enum import StrEnum

from django.contrib.auth.models import AnonymousUser, User

Person = User | None
Viewer = User | AnonymousUser | None


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    INSTRUCTOR = "instructor"
    STUDENT = "student"


FLAGS: dict[Role, dict[str, bool]] = {
    Role.ADMINISTRATOR: {"is_superuser": True, "is_staff": True},
    Role.INSTRUCTOR: {"is_superuser": False, "is_staff": True},
    Role.STUDENT: {"is_superuser": False, "is_staff": False},
}


def role_of(user: User) -> Role:
    if user.is_superuser:
        return Role.ADMINISTRATOR
    return Role.INSTRUCTOR if user.is_staff else Role.STUDENT


def teaches(person: Viewer) -> bool:
    """Whether all is open to them: instructors, administrators, the machine itself."""
    return person is None or (person.is_active and (person.is_staff or person.is_superuser))


def administers(person: Viewer) -> bool:
    return person is None or (person.is_active and person.is_superuser)
