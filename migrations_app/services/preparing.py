"""Preparing hosts: what would be done, what somebody said yes to, and the worker that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from migrations_app.adapters import archives
from migrations_app.engine.tools import preparing
from migrations_app.engine.tools.preparing import UNDOABLE, Step
from migrations_app.models import Host, PreparationStep

from . import audit
from .codes import Code, InventoryRefused
from .inventory import require_staff
from .queue import Task, send_on_commit

State = PreparationStep.State
LOOK_EVERY_S = 0.7  # at the output of a step that runs
LONGEST_OUTPUT = 200_000  # characters kept of a step's output: its end


def plan_for(host: Host) -> list[Step]:
    """The steps with their commands, from what the last check found; [] before the first."""
    return preparing.plan(host.facts, archives()) if host.facts else []


def rows_of(host: Host) -> QuerySet[PreparationStep]:
    """How each step went when somebody last said yes to it, in the plan's order."""
    return PreparationStep.objects.filter(host=host)


def ask_for_steps(
    *,
    host: Host,
    names: Sequence[str],
    agreed: Mapping[str, object] | None,
    user: User | None,
) -> None:
    """Queues steps in the plan's order. Raises InventoryRefused.

    `agreed`: by step the commands that the person saw; None: the plan's, for the command line,
    which has just printed them.
    """
    require_staff(user, "preparing-agreed", host)
    steps = [step for step in plan_for(host) if step.name in names]
    if not steps or any(step.obstacle for step in steps):
        raise InventoryRefused(Code.NOTHING_TO_PREPARE, host=host.name)
    if agreed is not None and any(agreed.get(step.name) != step.commands for step in steps):
        raise InventoryRefused(Code.PLAN_CHANGED, host=host.name)
    with transaction.atomic():
        if PreparationStep.objects.filter(host=host, state__in=PreparationStep.OPEN).exists():
            raise InventoryRefused(Code.BEING_PREPARED, host=host.name)
        for step in steps:
            _ask(host, step, user)
        what = ",".join(step.name for step in steps)
        audit.note(who=user, what="preparing-agreed", target=host, steps=what)
        send_on_commit(task=Task.PREPARE_HOST, row_id=host.pk)


def _ask(host: Host, step: Step, user: User | None) -> None:
    PreparationStep.objects.update_or_create(
        host=host,
        name=step.name,
        defaults={
            "place": preparing.STEPS.index(step.name),
            "commands": step.commands,
            "state": State.WAITING,
            "output": "",
            "error_code": "",
            "error": "",
            "asked_by": user,
            "asked_at": timezone.now(),
            "started_at": None,
            "ended_at": None,
            "undoing": False,
        },
    )


def ask_to_undo(*, host: Host, name: str, user: User | None) -> None:
    """Queues taking back what a step wrote. Raises InventoryRefused."""
    require_staff(user, "preparing-undone", host)
    row = PreparationStep.objects.filter(host=host, name=name).first()
    if row is None or not row.can_be_undone or name not in UNDOABLE:
        raise InventoryRefused(Code.NOTHING_TO_PREPARE, host=host.name)
    afresh = {"undoing": True, "asked_by": user, "output": "", "error_code": "", "error": ""}
    with transaction.atomic():
        if not row.move(State(row.state), State.WAITING, **afresh):
            raise InventoryRefused(Code.BEING_PREPARED, host=host.name)
        audit.note(who=user, what="preparing-undone", target=host, step=name)
        send_on_commit(task=Task.PREPARE_HOST, row_id=host.pk)
