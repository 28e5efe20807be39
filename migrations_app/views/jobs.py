"""Jobs: the table, the page of one, and what can be done with it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.filters import JobFilter, misread
from migrations_app.models import MigrationJob
from migrations_app.selectors_causes import note_for
from migrations_app.services import classroom, submit
from migrations_app.services.codes import Refused

from .common import found, person, tell, tell_refusal
from .job_page import JobPage

PAGE_SIZE = 50


def job_list(request: HttpRequest) -> HttpResponse:
    """`?status=&operation=&strategy=&workload=&host=`: the URL holds every filter."""
    chosen = JobFilter(request.GET, queryset=selectors.jobs(person(request)), request=request)
    page = Paginator(chosen.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    groups = request.GET.getlist("with")  # of a comparison that is being put together
    context = {
        "filter": chosen,
        "misread": misread(chosen),
        "page": page,
        "groups": groups,
        "kept": [("with", spec) for spec in groups],
        "as_group": urlencode([*(("g", spec) for spec in groups), ("g", _filter_of(request))]),
    }
    return render(request, "jobs/list.html", context)


def _filter_of(request: HttpRequest) -> str:
    """The filter alone, as a group of a comparison is called."""
    given = request.GET.items()
    return urlencode([(name, v) for name, v in given if v and name not in ("page", "with")])


def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    page = _page(request, pk)
    mine = selectors.is_favourite(page.job, person(request))
    return render(request, "jobs/detail.html", {"page": page, "is_favourite": mine})


def job_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while the job runs."""
    return render(request, "jobs/live.html", {"page": _page(request, pk)})


def _page(request: HttpRequest, pk: int) -> JobPage:
    job = found(selectors.job(person(request), pk))
    if job.is_finished:
        return JobPage(job, note=note_for(job.report))
    queued = job.status == MigrationJob.Status.QUEUED
    ahead = selectors.jobs_ahead_of(job) if queued else 0
    return JobPage(job, ahead, selectors.queue_health())


def job_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The engine's report, unchanged, as a file."""
    job = found(selectors.job(person(request), pk))
    report = found(job.report)
    name = f"migration-lab-job-{job.pk}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    options = {"indent": 2, "ensure_ascii": False}
    return JsonResponse(report, json_dumps_params=options, headers=headers)


@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = found(selectors.job(person(request), pk))
    try:
        submit.cancel_job(job=job, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(request, _("Job %(job)s was asked to stop.") % {"job": f"#{job.pk}"})
    return redirect("job-detail", pk)


@require_POST  # `skip_check`: in spite of this check of the workload
def job_rerun(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        again = submit.rerun_job(
            job=found(selectors.job(person(request), pk)),
            user=person(request),
            skip_check=request.POST.get("skip_check") or None,
        )
    except Refused as error:
        tell_refusal(request, error)
        return redirect("job-detail", pk)
    return redirect("job-detail", again.pk)


@require_POST
def job_share(request: HttpRequest, pk: int) -> HttpResponse:
    """`shared`: 1 for the class, else only its owner and instructors."""
    job = found(selectors.job(person(request), pk))
    is_shared = request.POST.get("shared") == "1"
    try:
        classroom.share_job(job=job, is_shared=is_shared, user=person(request))
    except Refused as error:
        tell_refusal(request, error)
    return redirect("job-detail", pk)
