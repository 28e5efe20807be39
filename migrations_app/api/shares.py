"""Links to results: made, listed, taken back."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Router, Status

from migrations_app import experiment_selectors as reads
from migrations_app import results
from migrations_app import selectors_sharing as selectors
from migrations_app.models import Share
from migrations_app.services import share as services
from migrations_app.views.common import found, person
from migrations_app.views.shares import link_of

from . import schemas
from . import schemas_results as told
from .auth import MANAGE, READ
from .problems import Problem
from .schemas import Id
from .shapes import page_of

router = Router(tags=["shared links"])


@router.get("/shares", auth=READ, response=schemas.Page[told.ShareOut])
def share_list(
    request: HttpRequest, before: Id | None = None, limit: schemas.Limit = 50
) -> dict[str, Any]:
    """Your links, newest first, also those that lead nowhere any more."""
    rows, following = page_of(selectors.shares_of(person(request)), before, limit)
    return {"items": [_share_out(request, row) for row in rows], "next": following}


@router.post("/shares", auth=MANAGE, response={201: told.ShareOut})
def share_create(request: HttpRequest, body: told.ShareIn) -> Status[dict[str, Any]]:
    """Makes a link that shows results without a login: a snapshot, or live."""
    chosen = [one for one in (body.job, body.experiment, body.query) if one is not None]
    if len(chosen) != 1:
        raise Problem(422, "share-one-thing")
    return Status(201, _share_out(request, _made(person(request), body)))


def _made(user: User, body: told.ShareIn) -> Share:
    if body.job is not None:
        job = found(results.visible_job(user, body.job))
        kept = None if body.live else selectors.snapshot_of_job(job)
        return services.share_job(job=job, owner=user, days=body.days, snapshot=kept)
    if body.experiment is not None:
        experiment = found(reads.experiment(user, body.experiment))
        kept = None if body.live else selectors.snapshot_of_experiment(experiment)
        return services.share_experiment(
            experiment=experiment, owner=user, days=body.days, snapshot=kept
        )
    query = body.query or ""
    kept = None if body.live else selectors.snapshot_of_comparison(user, query)
    return services.share_comparison(query=query, owner=user, days=body.days, snapshot=kept)


@router.get("/shares/{pk}", auth=READ, response=told.ShareOut)
def share_detail(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """One link; instructors may see everybody's."""
    return _share_out(request, found(selectors.share_to_manage(person(request), pk)))


@router.delete("/shares/{pk}", auth=MANAGE, response=told.ShareOut)
def share_revoke(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Takes it back: from now on it leads nowhere."""
    share = found(selectors.share_to_manage(person(request), pk))
    services.revoke_share(share=share, user=person(request))
    return _share_out(request, found(selectors.share_to_manage(person(request), pk)))


def _share_out(request: HttpRequest, share: Share) -> dict[str, Any]:
    copied = ("kind", "query", "created_at", "expires_at", "revoked_at", "opened")
    return {
        "id": share.pk,
        "job": share.job_id,
        "experiment": share.experiment_id,
        "live": share.is_live,
        "open": share.is_open,
        "link": link_of(request, share),
        **{name: getattr(share, name) for name in copied},
    }
