"""A look at a workload, or a rehearsal, before anything is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from migrations_app import selectors, selectors_causes
from migrations_app.forms import LaunchForm
from migrations_app.models import WorkloadCheck
from migrations_app.services.ask_look import ask_for_check
from migrations_app.services.codes import Refused
from migrations_app.words import ERRORS, Explanation, explain

from .check_words import CheckRow, check_rows
from .common import found, person, tell_refusal
from .launch_page import steps_of


@dataclass(frozen=True)
class CheckPage:
    check: WorkloadCheck

    @property
    def rows(self) -> list[CheckRow]:
        return check_rows(self.check.checks)

    @property
    def refusing(self) -> list[CheckRow]:
        return [row for row in self.rows if row.fails]

    @property
    def rehearsal(self) -> dict[str, Any] | None:
        return self.check.rehearsal

    @property
    def failure(self) -> Explanation | None:
        """Why there is no answer; a check that fails is told by its own row."""
        code = self.check.error_code
        told = any(row.code == code for row in self.refusing)
        names = {"workload": self.check.workload.name, "host": self.check.target.name}
        return explain(ERRORS, code, names) if code and not told else None


@require_POST
def check_request(request: HttpRequest) -> HttpResponse:
    """`?workload=`, and the launch form's step and strategy; `?rehearse=1` for a rehearsal."""
    workload = found(selectors.workload(person(request), _number(request.GET.get("workload"))))
    steps = {
        step.value: step
        for step in steps_of(person(request), workload, list(selectors.hosts(person(request))))
    }
    form = LaunchForm(list(steps), request.POST)
    form.full_clean()
    step = steps.get(form.cleaned_data.get("step", ""))
    back = redirect(f"/launch/?workload={workload.pk}")
    if step is None or "strategy" not in form.cleaned_data:
        return back
    try:
        check = ask_for_check(
            workload=workload,
            target=step.target,
            operation=str(step.operation),
            strategy=form.cleaned_data["strategy"],
            user=person(request),
            rehearse=bool(request.GET.get("rehearse")),
        )
    except Refused as error:
        tell_refusal(request, error)
        return back
    return redirect("launch-check-detail", check.pk)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def check_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "launch/check.html", {"page": _page(request, pk)})


def check_found(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that waits for the answer."""
    return render(request, "launch/check_found.html", {"page": _page(request, pk)})


def _page(request: HttpRequest, pk: int) -> CheckPage:
    return CheckPage(found(selectors_causes.workload_check(person(request), pk)))
