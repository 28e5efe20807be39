"""Hosts, the catalogue, workloads, and who one is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Status

from migrations_app import selectors
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.version import VERSION
from migrations_app.roles import role_of, teaches
from migrations_app.services import classroom, inventory
from migrations_app.services.quota import limit_of
from migrations_app.views.common import found, person

from . import schemas
from .auth import MANAGE, READ
from .schemas import Id
from .shapes import host_out, page_of, type_out, workload_out

router = Router()


@router.get("/me", auth=READ, response=schemas.Me, tags=["account"])
def me(request: HttpRequest) -> dict[str, Any]:
    """Who the token belongs to, and what they may have running."""
    user = person(request)
    limits = {name: limit_of(user, name) for name in settings.STUDENT_QUOTA}
    return {
        "name": user.username,
        "role": role_of(user),
        "quota": None if teaches(user) else limits,
        "version": VERSION,
    }


@router.get("/hosts", auth=READ, response=schemas.Page[schemas.HostOut], tags=["hosts"])
def host_list(
    request: HttpRequest, before: Id | None = None, limit: schemas.Limit = 50
) -> dict[str, Any]:
    """Hosts that you may use."""
    rows, following = page_of(selectors.hosts(person(request)), before, limit)
    return {"items": [host_out(request, row) for row in rows], "next": following}


@router.get("/hosts/{pk}", auth=READ, response=schemas.HostOut, tags=["hosts"])
def host_detail(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """One host, with what its last check found."""
    return host_out(request, found(selectors.host(person(request), pk)))


@router.delete("/hosts/{pk}", auth=MANAGE, response={204: None}, tags=["hosts"])
def host_remove(request: HttpRequest, pk: Id) -> Status[None]:
    """Forgets it and its keys. Refused while it has workloads, jobs or results; for instructors."""
    host = found(selectors.host(person(request), pk))
    inventory.remove_host(host=host, user=person(request))
    return Status(204, None)


@router.post("/hosts/{pk}/check", auth=MANAGE, response={202: schemas.HostOut}, tags=["hosts"])
def host_check(request: HttpRequest, pk: Id) -> Status[dict[str, Any]]:
    """Asks a worker to look at it again; `checked_at` tells when it has."""
    host = found(selectors.host(person(request), pk))
    inventory.request_host_check(host=host)
    return Status(202, host_out(request, host))


@router.put("/hosts/{pk}/open", auth=MANAGE, response=schemas.HostOut, tags=["hosts"])
def host_open(request: HttpRequest, pk: Id, body: schemas.OpenIn) -> dict[str, Any]:
    """Opens it to students, or closes it; for instructors."""
    host = found(selectors.host(person(request), pk))
    classroom.open_host(host=host, is_open=body.open, user=person(request))
    return host_out(request, found(selectors.host(person(request), pk)))


@router.get("/catalogue", auth=READ, response=list[schemas.TypeOut], tags=["workloads"])
def catalogue(request: HttpRequest) -> list[dict[str, Any]]:
    """Types of workloads, and the ranges of their parameters."""
    return [type_out(known) for known in CATALOGUE.values()]


@router.get("/workloads", auth=READ, response=schemas.Page[schemas.WorkloadOut], tags=["workloads"])
def workload_list(
    request: HttpRequest, before: Id | None = None, limit: schemas.Limit = 50
) -> dict[str, Any]:
    """Workloads that exist and that you may use."""
    rows, following = page_of(selectors.workloads(person(request)), before, limit)
    return {"items": [workload_out(row) for row in rows], "next": following}


@router.get("/workloads/{pk}", auth=READ, response=schemas.WorkloadOut, tags=["workloads"])
def workload_detail(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """One workload, also one that was removed."""
    return workload_out(found(selectors.workload(person(request), pk)))


@router.post("/workloads", auth=MANAGE, response={201: schemas.WorkloadOut}, tags=["workloads"])
def workload_create(request: HttpRequest, body: schemas.WorkloadIn) -> Status[dict[str, Any]]:
    """Starts one; it is `running` a little later."""
    host = found(selectors.host(person(request), body.host))
    made = inventory.create_workload(
        name=body.name,
        type_name=body.type,
        kind=body.kind,
        parameters=body.parameters,
        host=host,
        created_by=person(request),
    )
    return Status(201, workload_out(made))


@router.delete(
    "/workloads/{pk}", auth=MANAGE, response={202: schemas.WorkloadOut}, tags=["workloads"]
)
def workload_remove(request: HttpRequest, pk: Id) -> Status[dict[str, Any]]:
    """Stops it and removes it from its host; its runs are kept."""
    workload = found(selectors.workload(person(request), pk))
    inventory.remove_workload(workload=workload, user=person(request))
    return Status(202, workload_out(found(selectors.workload(person(request), pk))))
