"""Adding a host and preparing it, as the pages do: for instructors.

A draft is looked at, its fingerprint is confirmed, it lets us in, the checks are made, and what it
lacks is installed after a yes to the very commands.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from migrations_app import host_checks, host_selectors, selectors
from migrations_app.adapters import fingerprint
from migrations_app.engine.errors import EngineError
from migrations_app.engine.tools.preparing import UNDOABLE, Step
from migrations_app.models import Host, HostDraft, PreparationStep
from migrations_app.services import adding, preparing
from migrations_app.services.codes import InventoryRefused
from migrations_app.services.permissions import require_instructor
from migrations_app.views.common import found, person
from migrations_app.words import ERRORS, HOST_CHECKS, PREPARING, explain

from . import host_schemas as schemas
from .auth import MANAGE
from .host_schemas import Row
from .schemas import Id

router = Router(tags=["adding hosts"])
SHOW_KEY = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"


@router.get("/host-drafts", auth=MANAGE, response=list[schemas.DraftOut])
def draft_list(request: HttpRequest) -> list[Row]:
    """Hosts that are being added and whose key nobody has confirmed yet."""
    require_instructor(person(request))
    return [_draft_out(draft) for draft in host_selectors.host_drafts()]


@router.post("/host-drafts", auth=MANAGE, response={202: schemas.DraftOut})
def draft_create(request: HttpRequest, body: schemas.DraftIn) -> Status[Row]:
    """A worker is sent to look at its key; nothing else is sent to the address."""
    draft = adding.begin_host(**body.dict(), created_by=person(request))
    return Status(202, _draft_out(draft))


@router.get("/host-drafts/{pk}", auth=MANAGE, response=schemas.DraftOut)
def draft_detail(request: HttpRequest, pk: Id) -> Row:
    """`shown` when its key has been seen: then compare `fingerprint` with the host's console."""
    return _draft_out(_draft(request, pk))


@router.post("/host-drafts/{pk}/look", auth=MANAGE, response={202: schemas.DraftOut})
def draft_look(request: HttpRequest, pk: Id) -> Status[Row]:
    """Sends a worker once more."""
    draft = _draft(request, pk)
    adding.look_again(draft=draft, user=person(request))
    return Status(202, _draft_out(found(host_selectors.host_draft(pk))))


@router.post("/host-drafts/{pk}/confirm", auth=MANAGE, response={201: schemas.SetupOut})
def draft_confirm(request: HttpRequest, pk: Id, body: schemas.ConfirmIn) -> Status[Row]:
    """The draft becomes a host with a key pair of its own; its key is pinned from now on."""
    draft = _draft(request, pk)
    host = adding.confirm_key(draft=draft, shown=body.fingerprint, user=person(request))
    return Status(201, _setup_out(host))


@router.delete("/host-drafts/{pk}", auth=MANAGE, response={204: None})
def draft_drop(request: HttpRequest, pk: Id) -> Status[None]:
    """Forgets it; the host itself never heard of us."""
    adding.drop_draft(draft=_draft(request, pk), user=person(request))
    return Status(204, None)


@router.get("/hosts/{pk}/setup", auth=MANAGE, response=schemas.SetupOut)
def setup(request: HttpRequest, pk: Id) -> Row:
    """What to paste on it, and the check list. `POST /hosts/{pk}/check` makes the checks again."""
    return _setup_out(_host(request, pk))


@router.post("/hosts/{pk}/password", auth=MANAGE, response=schemas.InstalledOut)
def password(request: HttpRequest, pk: Id, body: schemas.PasswordIn) -> Row:
    """Signs in once and installs our key; the password is kept nowhere. Checks follow."""
    host = _host(request, pk)
    secret = body.password.get_secret_value()
    try:
        added = adding.let_in_by_password(host=host, password=secret, user=person(request))
    except EngineError as error:
        raise InventoryRefused(error.code, host=host.name) from error
    return {"added": added}


@router.get("/hosts/{pk}/plan", auth=MANAGE, response=list[schemas.StepOut])
def plan(request: HttpRequest, pk: Id) -> list[Row]:
    """What would be done to it, command by command, and how it went; empty before a check."""
    return _plan_out(_host(request, pk))


@router.post("/hosts/{pk}/plan", auth=MANAGE, response={202: list[schemas.StepOut]})
def plan_run(request: HttpRequest, pk: Id, body: schemas.PlanIn) -> Status[list[Row]]:
    """A yes to these commands. They are run in the plan's order, until one fails."""
    host = _host(request, pk)
    agreed = {step.name: step.commands for step in body.steps}
    names = list(agreed)
    preparing.ask_for_steps(host=host, names=names, agreed=agreed, user=person(request))
    return Status(202, _plan_out(host))


@router.post("/hosts/{pk}/plan/undo", auth=MANAGE, response={202: list[schemas.StepOut]})
def plan_undo(request: HttpRequest, pk: Id, body: schemas.UndoIn) -> Status[list[Row]]:
    """Takes back what a step wrote; packages stay."""
    host = _host(request, pk)
    preparing.ask_to_undo(host=host, name=body.step, user=person(request))
    return Status(202, _plan_out(host))


def _draft(request: HttpRequest, pk: int) -> HostDraft:
    require_instructor(person(request))
    draft: HostDraft = found(host_selectors.host_draft(pk))
    return draft


def _host(request: HttpRequest, pk: int) -> Host:
    require_instructor(person(request))
    host: Host = found(selectors.host(person(request), pk))
    return host


def _draft_out(draft: HostDraft) -> Row:
    copied = ("name", "asked", "address", "port", "user", "state", "created_at")
    return {
        "id": draft.pk,
        "fingerprint": fingerprint(draft.host_key) if draft.host_key else None,
        "command": SHOW_KEY,
        **{name: getattr(draft, name) for name in copied},
    }


def _setup_out(host: Host) -> Row:
    rows = host_selectors.host_rows(host)
    known = {host_checks.State.OK, host_checks.State.WARN}
    return {
        "id": host.pk,
        "name": host.name,
        "state": host.state,
        "paste": adding.block_for(host),
        "ready": all(row.state in known for row in rows),
        "checks": [_check_out(row, host) for row in rows],
    }


def _check_out(row: host_checks.Row, host: Host) -> Row:
    said = None
    if row.problem:
        values = {"host": host.name, **row.problem.get("values", {})}
        said = explain(ERRORS, row.problem["code"], values)
    return {
        "name": row.name,
        "title": str(HOST_CHECKS[row.name].title),
        "state": row.state,
        "detail": row.detail,
        "code": row.problem["code"] if row.problem else None,
        "todo": said.todo if said else None,
    }


def _plan_out(host: Host) -> list[Row]:
    last = {row.name: row for row in preparing.rows_of(host)}
    return [_step_out(step, last.get(step.name)) for step in preparing.plan_for(host)]


def _step_out(step: Step, last: PreparationStep | None) -> Row:
    done = last is not None and last.can_be_undone
    return {
        "name": step.name,
        "title": str(PREPARING[step.name].title),
        "commands": step.commands,
        "needed": step.needed,
        "obstacle": step.obstacle,
        "state": last.state if last else None,
        "output": last.output if last else "",
        "error_code": last.error_code if last else "",
        "can_undo": done and step.name in UNDOABLE,
    }
