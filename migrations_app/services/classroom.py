"""What instructors open to their class: hosts, and results."""

from __future__ import annotations

from migrations_app.models import Experiment, Host, MigrationJob
from migrations_app.roles import Person

from . import audit
from .permissions import require_instructor


def open_host(*, host: Host, is_open: bool, user: Person) -> None:
    """Whether students may run things there. Jobs that are queued already keep their place."""
    require_instructor(user)
    if Host.objects.filter(pk=host.pk, open_to_students=not is_open).update(
        open_to_students=is_open
    ):
        audit.note(who=user, what="host-opened" if is_open else "host-closed", target=host)


def share_job(*, job: MigrationJob, is_shared: bool, user: Person) -> None:
    """Whether every student sees this run, with the name of who launched it."""
    _share(job, is_shared, user, "shared-with-class", "unshared-with-class")


def share_experiment(*, experiment: Experiment, is_shared: bool, user: Person) -> None:
    """Whether every student sees this experiment and all its runs, those to come as well."""
    _share(experiment, is_shared, user, "experiment-shared", "experiment-unshared")


def _share(
    row: MigrationJob | Experiment, is_shared: bool, user: Person, shared: str, unshared: str
) -> None:
    require_instructor(user)
    rows = type(row).objects.filter(pk=row.pk, shared_with_class=not is_shared)
    if rows.update(shared_with_class=is_shared):
        audit.note(who=user, what=shared if is_shared else unshared, target=row)
