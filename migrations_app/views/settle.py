"""A job in doubt: asking the hosts again now, and a person's decision."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.services import by_hand
from migrations_app.services.codes import Refused

from .common import found, person, tell, tell_refusal


@require_POST
def job_ask(request: HttpRequest, pk: int) -> HttpResponse:
    job = found(selectors.job(person(request), pk))
    try:
        by_hand.ask_now(job=job, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(request, _("Both hosts are being asked."))
    return redirect("job-detail", pk)


@require_POST
def job_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """`decision`: source or nowhere; `reason`: why the person may say so."""
    try:
        by_hand.decide(
            job=found(selectors.job(person(request), pk)),
            decision=request.POST.get("decision", ""),
            reason=request.POST.get("reason", ""),
            user=person(request),
        )
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(
            request, _("Written down. It is carried out when the hosts have been asked once more.")
        )
    return redirect("job-detail", pk)
