"""Jobs: the table, the page of one, and what can be done with it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.filters import JobFilter
from migrations_app.models import MigrationJob
from migrations_app.services import submit
from migrations_app.services.codes import Refused

from .common import found, person, tell, tell_refusal
from .job_page import JobPage

PAGE_SIZE = 50


def job_list(request: HttpRequest) -> HttpResponse:
    """`?status=&operation=&strategy=&workload=&host=`: the URL holds every filter."""
    chosen = JobFilter(request.GET, queryset=selectors.jobs())
    page = Paginator(chosen.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "jobs/list.html", {"filter": chosen, "page": page})


def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "jobs/detail.html", {"page": _page(pk)})


def job_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while the job runs."""
    return render(request, "jobs/live.html", {"page": _page(pk)})


def _page(pk: int) -> JobPage:
    job = found(selectors.job(pk))
    if job.is_finished:
        return JobPage(job)
    queued = job.status == MigrationJob.Status.QUEUED
    ahead = selectors.jobs_ahead_of(job) if queued else 0
    return JobPage(job, ahead, selectors.queue_health())


def job_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The engine's report, unchanged, as a file."""
    job = found(selectors.job(pk))
    report = found(job.report)
    name = f"migration-lab-job-{job.pk}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    options = {"indent": 2, "ensure_ascii": False}
    return JsonResponse(report, json_dumps_params=options, headers=headers)


@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = found(selectors.job(pk))
    try:
        submit.cancel_job(job=job)
    except Refused as error:
        tell_refusal(request, error)
    else:
        tell(request, _("Job %(job)s was asked to stop.") % {"job": f"#{job.pk}"})
    return redirect("job-detail", pk)


@require_POST
def job_rerun(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        again = submit.rerun_job(job=found(selectors.job(pk)), user=person(request))
    except Refused as error:
        tell_refusal(request, error)
        return redirect("job-detail", pk)
    return redirect("job-detail", again.pk)
