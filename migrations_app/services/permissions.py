"""Who may do what, for the services that write. What one may see is in models/queries.py.

`user` None is the machine itself. Everything here raises Forbidden, or answers with one.
"""

from __future__ import annotations

from migrations_app.models import Experiment, Host, MigrationJob, Workload
from migrations_app.roles import Person, administers, teaches

from .codes import Code, Forbidden


def require_instructor(user: Person) -> None:
    if not teaches(user):
        raise Forbidden(Code.STAFF_ONLY)


def require_administrator(user: Person) -> None:
    if not administers(user):
        raise Forbidden(Code.ADMINISTRATORS_ONLY)


def host_barrier(user: Person, *hosts: Host) -> Forbidden | None:
    """The first host on which this person may not run anything."""
    if teaches(user):
        return None
    closed = next((host for host in hosts if not host.open_to_students), None)
    return Forbidden(Code.HOST_NOT_OPEN, host=closed.name) if closed else None


def workload_barrier(user: Person, workload: Workload) -> Forbidden | None:
    """Students use what they can see: their own, and what instructors run for them."""
    if teaches(user) or Workload.objects.visible_to(user).filter(pk=workload.pk).exists():
        return None
    return Forbidden(Code.NOT_YOURS)


def require_own(user: Person, row: MigrationJob | Workload | Experiment) -> None:
    """To cancel, to change or to remove it: seeing it is not enough."""
    if user is not None and not teaches(user) and row.created_by_id != user.pk:
        raise Forbidden(Code.NOT_YOURS)
