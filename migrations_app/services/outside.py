"""The view from outside: a third host of the site, where a client of the workload runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.errors import HostError
from migrations_app.engine.outside import Outside
from migrations_app.models import Host, MigrationJob
from migrations_app.roles import teaches

from .contact import reached


@contextmanager
def outside_view(job: MigrationJob) -> Iterator[Outside | None]:
    """A client for the job's workload; None where it serves nothing, or no host is left for one."""
    with ExitStack() as stack:
        yield _client(job, stack)


def _client(job: MigrationJob, stack: ExitStack) -> Outside | None:
    kind = CATALOGUE.get(job.workload.type_name)
    host = client_host(job)
    if kind is None or kind.port is None or host is None:
        return None
    try:
        session = stack.enter_context(reached(host))
    except HostError:
        return None  # a measurement: the job does not depend on it
    values = kind.checked(job.workload.parameters)
    return Outside(session, job.workload.ref_name, kind.name, kind.port, values)


def client_host(job: MigrationJob) -> Host | None:
    """The first usable host that is neither source nor target, on the same network as far as known.

    Students' jobs look from hosts that are open to students only.
    """
    others = Host.objects.filter(state__in=Host.USABLE, is_lab=job.source.is_lab)
    others = others.exclude(pk__in=(job.source_id, job.target_id)).order_by("name")
    if not teaches(job.created_by):
        others = others.filter(open_to_students=True)
    return others.first()
