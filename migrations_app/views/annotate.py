"""Tags, notes and favourites of a job."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.models import MigrationJob
from migrations_app.services import annotations as service
from migrations_app.services.codes import Refused

from .common import found, person, tell_refusal


def _done(request: HttpRequest, pk: int, act: Callable[[MigrationJob], object]) -> HttpResponse:
    """Back to the job's page, with what was refused."""
    try:
        act(found(selectors.job(person(request), pk)))
    except Refused as error:
        tell_refusal(request, error)
    return redirect(f"{reverse('job-detail', args=[pk])}#annotations")


@require_POST
def tag(request: HttpRequest, pk: int) -> HttpResponse:
    name = request.POST.get("tag", "")
    return _done(request, pk, lambda job: service.tag_job(job=job, name=name))


@require_POST
def untag(request: HttpRequest, pk: int) -> HttpResponse:
    name = request.POST.get("tag", "")
    return _done(request, pk, lambda job: service.untag_job(job=job, name=name))


@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    text, user = request.POST.get("text", ""), person(request)
    return _done(request, pk, lambda job: service.write_remark(job=job, text=text, user=user))


@require_POST
def remove(request: HttpRequest, pk: int, remark: int) -> HttpResponse:
    user = person(request)
    return _done(
        request,
        pk,
        lambda job: service.remove_remark(remark=found(selectors.remark(job, remark)), user=user),
    )


@require_POST
def favourite(request: HttpRequest, pk: int) -> HttpResponse:
    """`wanted`: 1 to keep it among one's own, else not any more."""
    user, wanted = person(request), request.POST.get("wanted") == "1"
    return _done(request, pk, lambda job: service.set_favourite(job=job, user=user, wanted=wanted))
