"""The demo at the press of a button: a counter in a container goes to another host."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from migrations_app.services.codes import Refused
from migrations_app.services.demo import advance_demo, demo_workload

from .common import person, tell_refusal


@require_POST
def demo(request: HttpRequest) -> HttpResponse:
    """One step further; the button's place on the page sends this again until a job is there."""
    try:
        job = advance_demo(user=person(request))
    except Refused as error:
        tell_refusal(request, error)
        return HttpResponseClientRedirect(reverse("home"))
    if job is None:
        return render(request, "parts/demo_wait.html", {"workload": demo_workload(person(request))})
    return HttpResponseClientRedirect(reverse("job-detail", args=[job.pk]))
