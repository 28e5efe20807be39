"""Preparing a host: the plan with its commands, a yes, and how it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.engine.tools.preparing import UNDOABLE, Step
from migrations_app.models import Host, PreparationStep
from migrations_app.services import preparing
from migrations_app.services.codes import Refused

from .common import found, person, staff_only, tell_refusal


@dataclass(frozen=True)
class Row:
    """A step of the plan, and how it went when somebody last said yes to it."""

    step: Step
    last: PreparationStep | None

    @property
    def can_run(self) -> bool:
        return not self.step.obstacle

    @property
    def is_offered(self) -> bool:
        """Whether it is ticked at first: needed, and not done since."""
        return self.can_run and self.step.needed is True

    @property
    def can_undo(self) -> bool:
        last = self.last
        return last is not None and last.can_be_undone and self.step.name in UNDOABLE

    @property
    def agreed(self) -> str:
        """The commands as the form sends them back: what was seen is what is agreed to."""
        return json.dumps(self.step.commands)


@staff_only
def host_plan(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "hosts/plan.html", _context(found(selectors.host(person(request), pk))))


@staff_only
def host_plan_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while steps run."""
    return render(
        request, "hosts/plan_live.html", _context(found(selectors.host(person(request), pk)))
    )


def _context(host: Host) -> dict[str, object]:
    last = {row.name: row for row in preparing.rows_of(host)}
    rows = [Row(step, last.get(step.name)) for step in preparing.plan_for(host)]
    busy = any(row.state in PreparationStep.OPEN for row in last.values())
    return {"host": host, "rows": rows, "busy": busy, "step": 4}


@staff_only
@require_POST
def host_plan_run(request: HttpRequest, pk: int) -> HttpResponse:
    """`step`: names, as often as there are; `agreed-NAME`: the commands that were shown."""
    host = found(selectors.host(person(request), pk))
    names = request.POST.getlist("step")
    try:
        agreed = {name: json.loads(request.POST.get(f"agreed-{name}", "[]")) for name in names}
        preparing.ask_for_steps(host=host, names=names, agreed=agreed, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    except ValueError:
        return HttpResponse(status=400)
    return redirect("host-plan", pk)


@staff_only
@require_POST
def host_plan_undo(request: HttpRequest, pk: int) -> HttpResponse:
    host = found(selectors.host(person(request), pk))
    try:
        preparing.ask_to_undo(host=host, name=request.POST.get("step", ""), user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    return redirect("host-plan", pk)
