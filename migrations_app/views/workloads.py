"""Workloads: the catalogue, those that run, start one, remove one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.forms import WorkloadForm
from migrations_app.services import inventory
from migrations_app.services.codes import Refused

from .common import found, person, tell, tell_refusal


def workload_list(request: HttpRequest) -> HttpResponse:
    context = {"workloads": selectors.workloads(person(request)), "catalogue": CATALOGUE.values()}
    return render(request, "workloads/list.html", context)


def workload_new(request: HttpRequest) -> HttpResponse:
    """`?type=` chooses the card; the form's fields are that type's parameters."""
    workload_type = found(CATALOGUE.get(request.GET.get("type", "counter")))
    form = WorkloadForm(workload_type, selectors.hosts(person(request)), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workload = inventory.create_workload(**form.wanted(), created_by=person(request))
        except Refused as error:
            form.refuse(error)
        else:
            tell(request, _("%(name)s is being started.") % {"name": workload.name})
            return redirect("workload-detail", workload.pk)
    context = {"form": form, "type": workload_type, "catalogue": CATALOGUE.values()}
    return render(request, "workloads/new.html", context)


def workload_detail(request: HttpRequest, pk: int) -> HttpResponse:
    workload = found(selectors.workload(person(request), pk))
    context = {
        "workload": workload,
        "type": CATALOGUE.get(workload.type_name),
        "jobs": selectors.jobs(person(request)).filter(workload=workload)[: selectors.RECENT],
    }
    return render(request, "workloads/detail.html", context)


@require_POST
def workload_look(request: HttpRequest, pk: int) -> HttpResponse:
    inventory.request_workload_look(workload=found(selectors.workload(person(request), pk)))
    return redirect("workload-detail", pk)


@require_POST
def workload_remove(request: HttpRequest, pk: int) -> HttpResponse:
    workload = found(selectors.workload(person(request), pk))
    try:
        inventory.remove_workload(workload=workload, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
        return redirect("workload-detail", pk)
    tell(request, _("%(name)s is being removed.") % {"name": workload.name})
    return redirect("workload-list")
