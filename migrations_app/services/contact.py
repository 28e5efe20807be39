"""Talking to a host, and keeping what the attempt taught about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from migrations_app.adapters import engine, ssh_target_for
from migrations_app.engine.errors import EngineError, HostError, HostKeyMismatch
from migrations_app.engine.hosts.base import Host as EngineHost
from migrations_app.models import Host, MigrationJob

from .codes import Code


class HostQuarantined(HostError):
    """It once showed another key than the pinned one; nobody has trusted it again."""

    code = Code.HOST_QUARANTINED


@contextmanager
def reached(host: Host) -> Iterator[EngineHost]:
    """A session on the host. Raises HostError; its row then says why it can't be reached."""
    if host.state == Host.State.QUARANTINED:
        raise HostQuarantined(f"{host.name} is quarantined")
    with ExitStack() as stack:
        try:
            connected = stack.enter_context(engine().connect(ssh_target_for(host)))
        except HostError as error:
            note_host_error(host=host, error=error)
            raise
        yield connected


@contextmanager
def both_reached(job: MigrationJob) -> Iterator[tuple[EngineHost, EngineHost]]:
    """Source and target; one session, given twice, where they are the same host."""
    with reached(job.source) as source:
        if job.source_id == job.target_id:
            yield source, source
            return
        with reached(job.target) as target:
            yield source, target


def note_host_error(*, host: Host, error: EngineError) -> None:
    """A wrong key quarantines; anything else means that it can't be reached now."""
    wrong_key = isinstance(error, HostKeyMismatch)
    state = Host.State.QUARANTINED if wrong_key else Host.State.UNREACHABLE
    Host.objects.filter(pk=host.pk).update(
        state=state, last_error_code=error.code, last_error=error.message
    )
