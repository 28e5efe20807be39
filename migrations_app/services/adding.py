"""Adding a host: its address, its key confirmed by a person, and how it comes to let us in.

No host is contacted here, but for one thing: a password is used at once and in this process, so
that no queue and no row ever holds it.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from migrations_app import crypto
from migrations_app.adapters import fingerprint, install_key, ssh_target_without_key
from migrations_app.engine.errors import EngineError, NotPossible
from migrations_app.engine.hosts import access
from migrations_app.models import Host, HostDraft

from . import audit
from .addresses import checked_address, resolved_address
from .codes import Code, InventoryRefused
from .inventory import (
    checked_host_name,
    checked_port,
    checked_user,
    register_host,
    request_host_check,
    require_staff,
)
from .queue import Task, send_on_commit

State = HostDraft.State


def begin_host(
    *, name: str, address: str, port: int, user: str, created_by: User | None
) -> HostDraft:
    """A draft, whose key a worker is sent to look at. Raises InventoryRefused."""
    require_staff(created_by, "host-begun", name)
    draft = HostDraft(
        name=checked_host_name(name),
        asked=address,
        address=resolved_address(address),
        port=checked_port(port),
        user=checked_user(user),
        created_by=created_by,
    )
    if Host.objects.filter(name=name).exists():
        raise InventoryRefused(Code.HOST_EXISTS, host=name)
    try:
        with transaction.atomic():
            draft.save()
            send_on_commit(task=Task.LOOK_AT_DRAFT, row_id=draft.pk)
    except IntegrityError as error:
        raise InventoryRefused(Code.HOST_EXISTS, host=name) from error
    return draft


def look_again(*, draft: HostDraft, user: User | None) -> None:
    """Sends a worker once more. Raises InventoryRefused."""
    require_staff(user, "host-begun", draft.name)
    HostDraft.objects.filter(pk=draft.pk).update(state=State.LOOKING, taken_at=None)
    send_on_commit(task=Task.LOOK_AT_DRAFT, row_id=draft.pk)


def confirm_key(*, draft: HostDraft, shown: str, user: User | None) -> Host:
    """The draft becomes a host with a key pair of its own; its key is pinned from now on.

    `shown`: the fingerprint that the person was looking at. Raises InventoryRefused.
    """
    require_staff(user, "host-added", draft.name)
    if draft.state != State.SHOWN:
        raise InventoryRefused(Code.NOT_SHOWN, host=draft.name)
    if fingerprint(draft.host_key) != shown:
        raise InventoryRefused(Code.KEY_CHANGED, host=draft.name)
    with transaction.atomic():
        host = register_host(
            name=draft.name,
            address=draft.address,
            asked=draft.asked,
            port=draft.port,
            user=draft.user,
            host_key=draft.host_key,
            private_key=crypto.new_private_key(),
            created_by=user,
        )
        HostDraft.objects.filter(pk=draft.pk).delete()
    return host


def drop_draft(*, draft: HostDraft, user: User | None) -> None:
    """Forgets it; the host itself never heard of us. Raises InventoryRefused."""
    require_staff(user, "host-begun", draft.name)
    draft.delete()


def block_for(host: Host) -> str:
    """What is to be pasted on the host; "" for one whose key was not made here."""
    return access.block(host.user, host.public_key) if host.public_key else ""


def let_in_by_password(*, host: Host, password: str, user: User | None) -> bool:
    """Signs in once and adds the site's key; False: it was there already. A check is queued.

    Raises InventoryRefused, or EngineError when the host does not take the password.
    """
    require_staff(user, "key-installed", host)
    if not host.public_key:
        raise InventoryRefused(Code.NO_PUBLIC_KEY, host=host.name)
    checked_address(host.address)
    try:
        added = _installed(host, password)
    except EngineError as error:
        failed = audit.Outcome.FAILED
        audit.note(who=user, what="key-installed", target=host, outcome=failed, code=error.code)
        raise
    audit.note(who=user, what="key-installed", target=host, added=added)
    request_host_check(host=host)
    return added


def _installed(host: Host, password: str) -> bool:
    if host.state == Host.State.QUARANTINED:
        raise NotPossible(f"{host.name} is quarantined", code=Code.HOST_QUARANTINED)
    return install_key(ssh_target_without_key(host), password=password, public_key=host.public_key)
