"""Experiments: planned, launched, paused, extended; their results."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Header, Router, Status

from migrations_app import experiment_selectors as reads
from migrations_app import selectors
from migrations_app.models import Experiment, ExperimentStatus
from migrations_app.results_experiment import document_of_experiment, experiment_part
from migrations_app.services import classroom, experiments
from migrations_app.services.codes import Code, ExperimentRefused
from migrations_app.services.grid_checks import Blocked, checked_grid
from migrations_app.services.idempotency import once
from migrations_app.views.common import found, person, refusal
from migrations_app.views.exports import as_file

from . import schemas
from . import schemas_results as told
from .auth import LAUNCH, MANAGE, READ
from .jobs import KEY
from .schemas import Id
from .shapes import experiment_out, page_of

router = Router(tags=["experiments"])


@router.get("/experiments", auth=READ, response=schemas.Page[told.ExperimentOut])
def experiment_list(
    request: HttpRequest,
    status: ExperimentStatus | None = None,
    before: Id | None = None,
    limit: schemas.Limit = 50,
) -> dict[str, Any]:
    """Experiments that you may see, newest first."""
    rows = reads.experiments(person(request))
    if status is not None:
        rows = rows.filter(status=status)
    shown, following = page_of(rows, before, limit)
    return {"items": [experiment_out(row) for row in shown], "next": following}


@router.post("/experiments/preview", auth=READ, response=told.PreviewOut)
def experiment_preview(request: HttpRequest, body: told.GridIn) -> dict[str, Any]:
    """How many jobs a grid makes, about how long they take, what stands in the way."""
    _require_hosts(request, body.grid)
    plan = reads.preview(body.grid, cool_down_s=body.cool_down_s)
    names = ("jobs", "cells", "trials", "warm_ups", "controls")
    return {
        **{name: getattr(plan.counts, name) for name in names},
        "seconds": plan.duration.seconds,
        "unknown": plan.duration.unknown,
        "blocked": [_blocked(one) for one in plan.blocked],
    }


def _require_hosts(request: HttpRequest, grid: dict[str, Any]) -> None:
    """Hosts that one may not see are as unknown as those that there are not."""
    wanted = {pk for pair in checked_grid(grid).pairs for pk in pair}
    seen = set(selectors.hosts(person(request)).values_list("pk", flat=True))
    for pk in sorted(wanted - seen):
        raise ExperimentRefused(Code.UNKNOWN_HOST, host=str(pk))


def _blocked(one: Blocked) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "strategy": one.strategy,
        "source": one.source.name,
        "target": one.target.name,
        "code": one.reason.code,
        "title": str(refusal(one.reason).title),
    }


@router.post(
    "/experiments",
    auth=LAUNCH,
    response={201: told.ExperimentDetail, 200: told.ExperimentDetail},
)
def experiment_create(
    request: HttpRequest,
    body: told.ExperimentIn,
    idempotency_key: str | None = Header(None, alias="Idempotency-Key", **KEY),  # type: ignore[type-arg]
) -> Status[dict[str, Any]]:
    """Launches one; it begins at once. `Idempotency-Key` as for jobs."""
    _require_hosts(request, body.grid)
    made, is_new = once(
        user=person(request),
        key=idempotency_key,
        asked={"experiment": body.model_dump(mode="json")},
        make=lambda: experiments.create_experiment(user=person(request), **body.model_dump()).pk,
    )
    return Status(201 if is_new else 200, _shown(request, made))


@router.get("/experiments/{pk}", auth=READ, response=told.ExperimentDetail)
def experiment_detail(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """One experiment, with how far it is."""
    return _shown(request, pk)


@router.get("/experiments/{pk}/results", auth=READ, response=dict[str, Any])
def experiment_results(request: HttpRequest, pk: Id) -> HttpResponse:
    """Its grid, every cell with its statistics, every trial (docs/exports.md, Experiment)."""
    part = experiment_part(_experiment(request, pk))
    return JsonResponse(part, json_dumps_params={"ensure_ascii": False})


@router.get("/experiments/{pk}/export/{name}", auth=READ, response={200: Any})
def experiment_export(
    request: HttpRequest,
    pk: Id,
    name: told.FormatName,
    table: told.Table | None = None,
    bom: bool = False,
) -> HttpResponse:
    """A file as docs/exports.md describes it; `table` and `bom` are for CSV."""
    document = document_of_experiment(_experiment(request, pk))
    return as_file(request, document, name)


@router.post("/experiments/{pk}/pause", auth=LAUNCH, response=told.ExperimentDetail)
def experiment_pause(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """No further trial begins; one under way comes to its end."""
    experiments.pause_experiment(experiment=_experiment(request, pk), user=person(request))
    return _shown(request, pk)


@router.post("/experiments/{pk}/resume", auth=LAUNCH, response=told.ExperimentDetail)
def experiment_resume(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Goes on with a paused one."""
    experiments.resume_experiment(experiment=_experiment(request, pk), user=person(request))
    return _shown(request, pk)


@router.post("/experiments/{pk}/cancel", auth=LAUNCH, response={202: told.ExperimentDetail})
def experiment_cancel(request: HttpRequest, pk: Id) -> Status[dict[str, Any]]:
    """Trials that wait are cancelled, one under way is asked to stop."""
    experiments.cancel_experiment(experiment=_experiment(request, pk), user=person(request))
    return Status(202, _shown(request, pk))


@router.post("/experiments/{pk}/rerun", auth=LAUNCH, response=told.ExperimentDetail)
def experiment_rerun(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Every failed trial is run again; the failure stays known."""
    experiments.rerun_failed(experiment=_experiment(request, pk), user=person(request))
    return _shown(request, pk)


@router.post("/experiments/{pk}/trials", auth=LAUNCH, response=told.ExperimentDetail)
def experiment_add(request: HttpRequest, pk: Id, body: told.MoreTrialsIn) -> dict[str, Any]:
    """So many more trials of every cell."""
    experiments.add_trials(
        experiment=_experiment(request, pk), trials=body.trials, user=person(request)
    )
    return _shown(request, pk)


@router.put("/experiments/{pk}/class", auth=MANAGE, response=told.ExperimentDetail)
def experiment_share(request: HttpRequest, pk: Id, body: schemas.SharedIn) -> dict[str, Any]:
    """Shares it and all its runs with the class, or takes it back; for instructors."""
    experiment = _experiment(request, pk)
    classroom.share_experiment(experiment=experiment, is_shared=body.shared, user=person(request))
    return _shown(request, pk)


def _experiment(request: HttpRequest, pk: int) -> Experiment:
    return found(reads.experiment(person(request), pk))


def _shown(request: HttpRequest, pk: int) -> dict[str, Any]:
    row = found(reads.experiments(person(request)).filter(pk=pk).first())
    progress = reads.progress_of(row)
    columns = ("position", "role", "state")
    under_way = [
        {**{name: getattr(trial, name) for name in columns}, "job": trial.job_id}
        for trial in progress.under_way
    ]
    return {
        **experiment_out(row),
        "succeeded": progress.succeeded,
        "cancelled": progress.cancelled,
        "under_way": under_way,
        "seconds_left": progress.left.seconds,
        "unknown_left": progress.left.unknown,
    }
