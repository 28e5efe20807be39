"""Hosts: what they are, what they can do, what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from migrations_app import host_selectors, selectors
from migrations_app.models import Host
from migrations_app.roles import teaches
from migrations_app.services import classroom, inventory
from migrations_app.services.codes import Refused
from migrations_app.words import KINDS, Explanation

from .common import by_reason, found, person, refusal, tell, tell_refusal
from .job_page import flat


def host_list(request: HttpRequest) -> HttpResponse:
    hosts = list(selectors.hosts(person(request)))
    drafts = host_selectors.host_drafts() if teaches(person(request)) else []
    context = {"hosts": hosts, "ways": _ways(hosts), "kinds": KINDS, "drafts": drafts}
    return render(request, "hosts/list.html", context)


@dataclass(frozen=True)
class Way:
    """How one kind of workload can go from one host to another."""

    possible: list[str]  # strategies
    reasons: list[tuple[list[str], Explanation]]  # strategies that are not, and why
    warnings: list[Explanation]  # what may go wrong all the same


def _ways(hosts: list[Host]) -> dict[tuple[str, str], dict[str, Way]]:
    """For each pair of hosts and each kind of workload."""
    ways: dict[tuple[str, str], dict[str, Way]] = {}
    for pair in selectors.pairs(hosts):
        way = ways.setdefault((pair.source.name, pair.target.name), {})
        possible = [name for name, obstacle in pair.obstacles.items() if obstacle is None]
        way[pair.kind] = Way(
            possible, by_reason(pair.obstacles), [refusal(one) for one in pair.warnings]
        )
    return ways


def host_detail(request: HttpRequest, pk: int) -> HttpResponse:
    host = found(selectors.host(person(request), pk))
    return render(
        request,
        "hosts/detail.html",
        {
            "host": host,
            "facts": flat(host.facts),
            "changes": host_selectors.facts_changes(host),
        },
    )


@require_POST
def host_check(request: HttpRequest, pk: int) -> HttpResponse:
    host = found(selectors.host(person(request), pk))
    inventory.request_host_check(host=host)
    tell(request, _("%(host)s will be checked in a moment.") % {"host": host.name})
    return redirect("host-detail", host.pk)


@require_POST
def host_prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts our runtime there, by a worker; the page says beforehand what that changes."""
    host = found(selectors.host(person(request), pk))
    try:
        inventory.request_preparation(host=host, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(request, _("%(host)s will be prepared in a moment.") % {"host": host.name})
    return redirect("host-detail", host.pk)


@require_POST
def host_open(request: HttpRequest, pk: int) -> HttpResponse:
    """`open`: 1 for students, too; else for instructors alone."""
    host = found(selectors.host(person(request), pk))
    try:
        classroom.open_host(
            host=host, is_open=request.POST.get("open") == "1", user=person(request)
        )
    except Refused as error:
        tell_refusal(request, error)
    return redirect("host-detail", host.pk)
