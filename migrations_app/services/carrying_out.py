"""The worker side of preparing hosts: one step after the other, its output told while it runs."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from migrations_app.adapters import archives, engine
from migrations_app.engine.errors import EngineError, HostError
from migrations_app.engine.hosts.base import Host as EngineHost
from migrations_app.models import Host, PreparationStep

from . import audit, leases
from .contact import reached
from .queue import Task, send

State = PreparationStep.State
LOOK_EVERY_S = 0.7  # at the output of a step that runs
LONGEST_OUTPUT = 200_000  # characters kept of a step's output: its end


def run_steps(*, host_id: int) -> None:
    """Carries out the steps that wait, until one fails; those behind it are held back."""
    waiting = PreparationStep.objects.filter(host=host_id, state=State.WAITING)
    if not waiting.exists() or not leases.take_host_for_check(host_id=host_id):
        return
    host = Host.objects.get(pk=host_id)
    try:
        with reached(host) as connection:
            _run_all(host, waiting, connection)
    except HostError as error:
        _fail_first(waiting, error)
    finally:
        leases.release_host_after_check(host_id=host_id)
        Host.objects.filter(pk=host_id).update(check_requested_at=timezone.now())
        send(task=Task.CHECK_HOST, row_id=host_id)


def _run_all(host: Host, waiting: QuerySet[PreparationStep], connection: EngineHost) -> None:
    for step in list(waiting):
        if not _run_one(step, connection):
            waiting.update(state=State.HELD)
            return


def _run_one(step: PreparationStep, connection: EngineHost) -> bool:
    if not step.move(State.WAITING, State.RUNNING, started_at=timezone.now()):
        return False
    try:
        _carry_out(step, connection)
    except EngineError as error:
        _end(step, State.FAILED, error_code=error.code, error=error.message)
        return False
    if step.undoing:
        step.delete()
        return True
    _end(step, State.DONE)
    return True


def _carry_out(step: PreparationStep, connection: EngineHost) -> None:
    """The step runs in a call of its own; meanwhile its output is fetched and the lease kept."""
    if step.undoing:
        engine().undo_step(connection, name=step.name)
        return
    wanted = {"name": step.name, "agreed": step.commands, "archives": archives()}
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(engine().prepare_step, connection, **wanted)
        offset = 0
        while not _has_ended(running):
            offset = _fetch_output(step, connection, offset)
            leases.keep_host_for_check(host_id=step.host_id)
        _fetch_output(step, connection, offset)
        running.result()


def _has_ended(running: Future[Any]) -> bool:
    """Waits for it, a moment."""
    try:
        running.exception(LOOK_EVERY_S)
    except NotYet:
        return False
    return True


def _fetch_output(step: PreparationStep, connection: EngineHost, offset: int) -> int:
    """Adds what is new to the row. A host that is gone says so through the step itself."""
    try:
        text, after = engine().prepare_output(connection, name=step.name, offset=offset)
    except EngineError:
        return offset
    if text:
        step.output = (step.output + text)[-LONGEST_OUTPUT:]
        PreparationStep.objects.filter(pk=step.pk).update(output=step.output)
    return after


def _fail_first(waiting: QuerySet[PreparationStep], error: EngineError) -> None:
    first = waiting.first()
    if first and first.move(State.WAITING, State.RUNNING, started_at=timezone.now()):
        _end(first, State.FAILED, error_code=error.code, error=error.message)
    waiting.update(state=State.HELD)


def _end(step: PreparationStep, state: State, **changes: str) -> None:
    if step.move(State.RUNNING, state, ended_at=timezone.now(), **changes):
        outcome = audit.Outcome.DONE if state == State.DONE else audit.Outcome.FAILED
        code = changes.get("error_code", "")
        audit.note(
            who=step.asked_by,
            what="prepared",
            target=step.host,
            outcome=outcome,
            step=step.name,
            code=code,
        )
