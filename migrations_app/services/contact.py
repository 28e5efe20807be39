"""Talking to a host, and keeping what the attempt taught about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from migrations_app.adapters import engine, ssh_target_for
from migrations_app.engine.errors import (
    EngineError,
    HostError,
    HostKeyMismatch,
    HostUnreachable,
)
from migrations_app.engine.hosts.base import Answer
from migrations_app.engine.hosts.base import Host as EngineHost
from migrations_app.models import Host, MigrationJob

from . import audit
from .addresses import checked_address
from .codes import Code, InventoryRefused


class HostQuarantined(HostError):
    """It once showed another key than the pinned one; nobody has trusted it again."""

    code = Code.HOST_QUARANTINED


class HostForbidden(HostError):
    """Its address is none that is allowed any more: the settings have changed since."""

    code = Code.ADDRESS_OUTSIDE


@contextmanager
def reached(host: Host) -> Iterator[EngineHost]:
    """A session on the host. Raises HostError; its row then says why it can't be reached."""
    if host.state == Host.State.QUARANTINED:
        raise HostQuarantined(f"{host.name} is quarantined")
    with ExitStack() as stack:
        try:
            _require_allowed(host)
            connected = stack.enter_context(engine().connect(ssh_target_for(host)))
        except HostError as error:
            note_host_error(host=host, error=error)
            raise
        yield connected


def _require_allowed(host: Host) -> None:
    """Addresses are checked when a host is added; the list may have changed. The lab's are ours."""
    if host.is_lab:
        return
    try:
        checked_address(host.address)
    except InventoryRefused as error:
        raise HostForbidden(f"{host.address} is not allowed", code=error.code) from error


@contextmanager
def both_reached(job: MigrationJob) -> Iterator[tuple[EngineHost, EngineHost]]:
    """Source and target; one session, given twice, where they are the same host."""
    with reached(job.source) as source:
        if job.source_id == job.target_id:
            yield source, source
            return
        with reached(job.target) as target:
            yield source, target


class Silence:
    """In place of a host that can't be reached now: it answers nothing, and says why."""

    def __init__(self, host: Host, error: HostError) -> None:
        self.name, self.address = host.name, host.address
        self._error = error

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        raise HostUnreachable(self._error.message, code=self._error.code)

    def close(self) -> None:
        """There is no session."""


@contextmanager
def either_reached(job: MigrationJob) -> Iterator[tuple[EngineHost, EngineHost]]:
    """As `both_reached`, with a Silence for each that can't be reached. Raises nothing."""
    with ExitStack() as stack:
        source = _reached_or_silent(stack, job.source)
        same = job.source_id == job.target_id
        yield source, source if same else _reached_or_silent(stack, job.target)


def _reached_or_silent(stack: ExitStack, host: Host) -> EngineHost:
    try:
        return stack.enter_context(reached(host))
    except HostError as error:
        return Silence(host, error)


def note_host_error(*, host: Host, error: EngineError) -> None:
    """A wrong key quarantines; anything else means that it can't be reached now."""
    wrong_key = isinstance(error, HostKeyMismatch)
    state = Host.State.QUARANTINED if wrong_key else Host.State.UNREACHABLE
    rows = Host.objects.filter(pk=host.pk)
    fresh = rows.exclude(state=Host.State.QUARANTINED).exists()
    rows.update(state=state, last_error_code=error.code, last_error=error.message)
    if wrong_key and fresh:  # once, however many find it
        failed = audit.Outcome.FAILED
        audit.note(who=None, what="host-quarantined", target=host, outcome=failed)
