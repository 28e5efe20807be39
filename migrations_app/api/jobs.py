"""Jobs: launched, watched, cancelled, repeated; their reports."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import Header, Router, Status

from migrations_app import results, selectors
from migrations_app.models import Host, JobStatus, MigrationJob, Workload
from migrations_app.services import classroom, submit
from migrations_app.services.codes import Code, SubmitRefused
from migrations_app.services.idempotency import once
from migrations_app.services.options import DEFAULTS
from migrations_app.views.common import found, person
from migrations_app.views.events import events_of
from migrations_app.views.exports import as_file

from . import schemas
from .auth import LAUNCH, MANAGE, READ
from .schemas import Id
from .schemas_results import FormatName, Table
from .shapes import job_out, page_of

router = Router(tags=["jobs"])
KEY: dict[str, Any] = {"min_length": 1, "max_length": 100, "pattern": "^[!-~]+$"}  # one word


@router.get("/jobs", auth=READ, response=schemas.Page[schemas.JobOut])
def job_list(
    request: HttpRequest,
    status: JobStatus | None = None,
    workload: Id | None = None,
    before: Id | None = None,
    limit: schemas.Limit = 50,
) -> dict[str, Any]:
    """Jobs that you may see, newest first."""
    rows = selectors.jobs(person(request))
    if status is not None:
        rows = rows.filter(status=status)
    if workload is not None:
        rows = rows.filter(workload=workload)
    shown, following = page_of(rows, before, limit)
    return {"items": [job_out(row) for row in shown], "next": following}


@router.post("/jobs", auth=LAUNCH, response={201: schemas.JobOut, 200: schemas.JobOut})
def job_create(
    request: HttpRequest,
    body: schemas.JobIn,
    idempotency_key: str | None = Header(None, alias="Idempotency-Key", **KEY),  # type: ignore[type-arg]
) -> Status[dict[str, Any]]:
    """Queues a job. With an `Idempotency-Key`, the same request again answers with the same job."""
    made, is_new = once(
        user=person(request),
        key=idempotency_key,
        asked=body.model_dump(mode="json"),
        make=lambda: _launch(request, body).pk,
    )
    return Status(201 if is_new else 200, _shown(request, made))


def _launch(request: HttpRequest, body: schemas.JobIn) -> MigrationJob:
    workload = found(selectors.workload(person(request), body.workload))
    return submit.submit_job(
        workload=workload,
        target=_target(request, body, workload),
        operation=body.operation,
        strategy=body.strategy,
        user=person(request),
        **_options(body),
    )


def _options(body: schemas.JobIn) -> dict[str, Any]:
    """By name as services.options knows them; nothing else gets into the call."""
    unknown = next((name for name in body.options if name not in DEFAULTS), None)
    if unknown is not None:
        raise SubmitRefused(Code.UNKNOWN_OPTION, option=unknown)
    return dict(body.options)


def _target(request: HttpRequest, body: schemas.JobIn, workload: Workload) -> Host:
    if body.target is None:
        return workload.host
    return found(selectors.host(person(request), body.target))


@router.get("/jobs/{pk}", auth=READ, response=schemas.JobOut)
def job_detail(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """One job; `jobs_ahead` while it is queued."""
    return _shown(request, pk)


@router.get("/jobs/{pk}/report", auth=READ, response=dict[str, Any])
def job_report(request: HttpRequest, pk: Id) -> HttpResponse:
    """The engine's report, unchanged (docs/report.md); 404 while there is none."""
    job = found(selectors.job(person(request), pk))
    return JsonResponse(found(job.report), json_dumps_params={"ensure_ascii": False})


@router.get("/jobs/{pk}/export/{name}", auth=READ, response={200: Any})
def job_export(
    request: HttpRequest,
    pk: Id,
    name: FormatName,
    table: Table | None = None,
    bom: bool = False,
) -> HttpResponse:
    """A file as docs/exports.md describes it; `table` and `bom` are for CSV."""
    job = found(results.visible_job(person(request), pk))
    return as_file(request, results.document_of_job(job), name)


@router.get("/jobs/{pk}/events", auth=READ, response={200: None, 204: None})
def job_events(request: HttpRequest, pk: Id) -> HttpResponseBase:
    """Server-Sent Events from the beginning, or after `Last-Event-ID`, to `done`.

    204: there is no stream now; ask for the job instead.
    """
    job = found(selectors.job(person(request), pk))
    return events_of(request, job.pk)


@router.post("/jobs/{pk}/cancel", auth=LAUNCH, response={202: schemas.JobOut})
def job_cancel(request: HttpRequest, pk: Id) -> Status[dict[str, Any]]:
    """Ends a queued job; a running one stops where it still can."""
    job = found(selectors.job(person(request), pk))
    submit.cancel_job(job=job, user=person(request))
    return Status(202, _shown(request, pk))


@router.post("/jobs/{pk}/rerun", auth=LAUNCH, response={201: schemas.JobOut})
def job_rerun(request: HttpRequest, pk: Id) -> Status[dict[str, Any]]:
    """The same again, from where the workload is now."""
    job = found(selectors.job(person(request), pk))
    again = submit.rerun_job(job=job, user=person(request))
    return Status(201, _shown(request, again.pk))


@router.put("/jobs/{pk}/class", auth=MANAGE, response=schemas.JobOut)
def job_share(request: HttpRequest, pk: Id, body: schemas.SharedIn) -> dict[str, Any]:
    """Shares the run with the class, or takes it back; for instructors."""
    job = found(selectors.job(person(request), pk))
    classroom.share_job(job=job, is_shared=body.shared, user=person(request))
    return _shown(request, pk)


def _shown(request: HttpRequest, pk: int) -> dict[str, Any]:
    job = found(selectors.job(person(request), pk))
    queued = job.status == JobStatus.QUEUED
    return job_out(job, selectors.jobs_ahead_of(job) if queued else None)
