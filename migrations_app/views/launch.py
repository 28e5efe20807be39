"""Launch: a workload, what is to happen to it, how; what can't be chosen says why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from migrations_app import selectors
from migrations_app.engine.plan import Strategy
from migrations_app.forms import LaunchForm
from migrations_app.models import Workload
from migrations_app.services import submit
from migrations_app.services.codes import Refused

from .common import found, person
from .launch_page import Step, choices_of, keeps_connections, lacking_compressions, steps_of


def launch(request: HttpRequest) -> HttpResponse:
    """`?workload=` says which; without it the first one that exists."""
    workloads = list(selectors.workloads(person(request)))
    workload = _chosen(workloads, request.GET.get("workload"))
    hosts = list(selectors.hosts(person(request)))
    steps = steps_of(person(request), workload, hosts) if workload else []
    serves = keeps_connections(workload)
    form = LaunchForm(
        [step.value for step in steps], request.POST or None, initial={"tcp_established": serves}
    )
    if request.method == "POST" and workload and form.is_valid():
        try:
            job = _submit(request, workload, steps, form)
        except Refused as error:
            form.refuse(error)
        else:
            return redirect("job-detail", job)
    context = {
        "workloads": workloads,
        "workload": workload,
        "form": form,
        "serves": serves,
        "lacking": lacking_compressions(hosts),
        **(_choices(request, workload, steps, form) if workload else {}),
    }
    return render(request, "launch/page.html", context)


def _chosen(workloads: list[Workload], pk: str | None) -> Workload | None:
    if pk is None:
        return workloads[0] if workloads else None
    return found(next((workload for workload in workloads if str(workload.pk) == pk), None))


def _submit(request: HttpRequest, workload: Workload, steps: list[Step], form: LaunchForm) -> int:
    cleaned = form.cleaned_data
    step = next(step for step in steps if step.value == cleaned["step"])
    job = submit.submit_job(
        workload=workload,
        target=step.target,
        operation=step.operation,
        strategy=cleaned["strategy"],
        user=person(request),
        **form.options(),
    )
    return job.pk


def _choices(
    request: HttpRequest, workload: Workload, steps: list[Step], form: LaunchForm
) -> dict[str, object]:
    """Everything to choose from, and what is chosen at first: what was sent, or the last step."""
    possible = [step for step in steps if step.default]
    offered = possible[-1] if possible else None
    return {
        "steps": steps,
        "strategies": choices_of(person(request), workload, steps),
        "possible": possible,
        "chosen_step": form.data.get("step") or (offered.value if offered else None),
        "chosen_strategy": form.data.get("strategy") or (offered.default if offered else None),
        "with_connections": [strategy.value for strategy in Strategy if strategy.by_hand_over],
        "with_rounds": [strategy.value for strategy in Strategy if strategy.in_rounds],
    }
