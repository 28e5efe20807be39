"""Launch: a workload, what is to happen to it, how; what can't be chosen says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from migrations_app import selectors
from migrations_app.engine.plan import Operation, Strategy
from migrations_app.forms import LaunchForm
from migrations_app.models import Host, Workload
from migrations_app.services import submit
from migrations_app.services.codes import Refused
from migrations_app.statistics import Median, median_of
from migrations_app.words import OPERATIONS, STRATEGIES, Explanation, Phrase

from .common import found, person, refusal


@dataclass(frozen=True)
class Step:
    """One thing that can be launched: an operation towards a host."""

    operation: Operation
    target: Host
    words: Phrase
    why_not: Explanation | None
    expected: Median | None  # stop time in ms of former runs like this

    @property
    def value(self) -> str:
        return f"{self.operation}:{self.target.pk}"


def launch(request: HttpRequest) -> HttpResponse:
    """`?workload=` says which; without it the first one that exists."""
    workloads = list(selectors.workloads())
    workload = _chosen(workloads, request.GET.get("workload"))
    steps = _steps(workload) if workload else []
    form = LaunchForm([step.value for step in steps], request.POST or None)
    if request.method == "POST" and workload and form.is_valid():
        try:
            job = _submit(request, workload, steps, form)
        except Refused as error:
            form.refuse(error)
        else:
            return redirect("job-detail", job)
    return render(request, "launch.html", _context(workloads, workload, steps, form))


def _chosen(workloads: list[Workload], pk: str | None) -> Workload | None:
    if pk is None:
        return workloads[0] if workloads else None
    return found(next((workload for workload in workloads if str(workload.pk) == pk), None))


def _steps(workload: Workload) -> list[Step]:
    """The two steps on the workload's own host, then every other host as a target."""
    others = [host for host in selectors.hosts() if host.pk != workload.host_id]
    return [
        _step(workload, Operation.RESTORE_IN_PLACE, workload.host),
        _step(workload, Operation.LOCAL_CLONE, workload.host),
        *(_step(workload, Operation.MIGRATE, host) for host in others),
    ]


def _step(workload: Workload, operation: Operation, target: Host) -> Step:
    asked: dict[str, Any] = {
        "workload": workload,
        "operation": operation,
        "strategy": Strategy.COLD,
    }
    why_not = selectors.job_refusal(**asked, target=target)
    return Step(
        operation,
        target,
        OPERATIONS[operation],
        refusal(why_not) if why_not else None,
        median_of(selectors.former_stop_times(**asked)),
    )


def _submit(request: HttpRequest, workload: Workload, steps: list[Step], form: LaunchForm) -> int:
    cleaned = form.cleaned_data
    step = next(step for step in steps if step.value == cleaned["step"])
    job = submit.submit_job(
        workload=workload,
        target=step.target,
        operation=step.operation,
        strategy=cleaned["strategy"],
        encrypted=cleaned["encrypted"],
        user=person(request),
    )
    return job.pk


def _context(
    workloads: list[Workload], workload: Workload | None, steps: list[Step], form: LaunchForm
) -> dict[str, object]:
    possible = [step for step in steps if step.why_not is None]
    chosen = form.data.get("step") or (possible[-1].value if possible else None)
    return {
        "workloads": workloads,
        "workload": workload,
        "steps": steps,
        "possible": possible,
        "chosen": chosen,
        "strategies": STRATEGIES,
        "form": form,
    }
