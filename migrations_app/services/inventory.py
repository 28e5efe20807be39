"""Hosts and workloads: registered, asked for, removed. The web side; no host is contacted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from migrations_app.crypto import encrypt, public_line
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.errors import NotPossible
from migrations_app.engine.hosts.access import USER
from migrations_app.engine.hosts.ssh import fingerprint
from migrations_app.engine.plan import CONTAINER_NAME
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.models.workload import NAME_LENGTH
from migrations_app.roles import Person, teaches

from . import audit
from .addresses import checked_address
from .codes import Code, InventoryRefused
from .obstacles import obstacle_to_starting
from .permissions import host_barrier, require_instructor, require_own
from .queue import Task, send_on_commit
from .quota import claim_workload

HOST_KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{68}={0,2}")
HOST_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


class LabHost(Protocol):
    """What the lab knows about a host that it booted."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def host_key(self) -> str: ...
    @property
    def private_key(self) -> str: ...


def register_lab_hosts(lab_hosts: Iterable[LabHost]) -> list[Host]:
    """Rows for hosts booted by the lab; those already there get the new address and keys.

    Their check, which is queued, also prepares them: they are ours. Their host keys were made by
    the lab itself, so a changed one is pinned without asking.
    """
    return [_register_lab_host(lab_host) for lab_host in lab_hosts]


def _register_lab_host(lab_host: LabHost) -> Host:
    with transaction.atomic():
        known = {
            "address": lab_host.address,
            "port": lab_host.port,
            "user": lab_host.user,
            "host_key": _checked_host_key(lab_host.host_key),
            "private_key_encrypted": encrypt(lab_host.private_key),
            "is_lab": True,
            "state": Host.State.UNKNOWN,
            "last_error_code": "",
            "last_error": "",
        }
        host, _ = Host.objects.update_or_create(
            name=lab_host.name,
            defaults=known,
            create_defaults={**known, "open_to_students": True},  # what they are booted for
        )
        request_host_check(host=host)
    return host


def register_host(
    *,
    name: str,
    address: str,
    port: int,
    user: str,
    host_key: str,
    private_key: str,
    created_by: Person,
    asked: str = "",
) -> Host:
    """A new host, with the key it must show from now on; its check is queued.

    `created_by` None means the command line of the machine itself; `asked` is what was typed for
    the address. Raises Refused.
    """
    require_staff(created_by, "host-added", name)
    host = Host(
        name=checked_host_name(name),
        address=checked_address(address),
        asked=asked,
        port=checked_port(port),
        user=checked_user(user),
        host_key=_checked_host_key(host_key),
        private_key_encrypted=encrypt(private_key),
        public_key=_public_half(private_key),
        created_by=created_by,
    )
    try:
        with transaction.atomic():
            host.save()
            _note(created_by, "host-added", host, address=address, key=fingerprint(host.host_key))
            request_host_check(host=host)
    except IntegrityError as error:
        raise InventoryRefused(Code.HOST_EXISTS, host=name) from error
    return host


def pin_host_key(*, host: Host, host_key: str, user: Person) -> None:
    """Trusts another key from now on and ends a quarantine. Raises InventoryRefused."""
    require_staff(user, "host-key-trusted", host)
    Host.objects.filter(pk=host.pk).update(
        host_key=_checked_host_key(host_key),
        state=Host.State.UNKNOWN,
        last_error_code="",
        last_error="",
    )
    _note(user, "host-key-trusted", host, key=fingerprint(host_key))
    request_host_check(host=host)


def remove_host(*, host: Host, user: Person) -> None:
    """Forgets a host. Raises InventoryRefused while workloads, jobs or records refer to it."""
    require_staff(user, "host-removed", host)
    if host.workloads.exclude(state=Workload.State.REMOVED).exists() or host.leased_by_id:
        raise InventoryRefused(Code.HOST_IN_USE, host=host.name)
    try:
        with transaction.atomic():
            host.delete()
            _note(user, "host-removed", host, address=host.address)
    except ProtectedError as error:
        raise InventoryRefused(Code.HOST_HAS_HISTORY, host=host.name) from error


def request_host_check(*, host: Host) -> None:
    """Queues a look at the host. It waits while a job measures there."""
    Host.objects.filter(pk=host.pk).update(check_requested_at=timezone.now())
    send_on_commit(task=Task.CHECK_HOST, row_id=host.pk)


def request_preparation(*, host: Host, user: Person) -> None:
    """Queues putting our OCI runtime there and having Docker know it. Raises InventoryRefused.

    It changes files on the host, so it is never done to a host that is not the lab's unasked.
    """
    require_staff(user, "runtime-wanted", host)
    _note(user, "runtime-wanted", host)
    Host.objects.filter(pk=host.pk).update(prepare_requested_at=timezone.now())
    request_host_check(host=host)


def create_workload(
    *,
    name: str,
    type_name: str,
    kind: str,
    parameters: Mapping[str, object],
    host: Host,
    created_by: Person,
    for_trial: bool = False,
) -> Workload:
    """A workload of a catalogue type; its start is queued. Raises Refused.

    `for_trial`: it is not counted among the person's own (services/quota.py).
    """
    if len(name) > NAME_LENGTH or not CONTAINER_NAME.fullmatch(name):
        raise InventoryRefused(Code.BAD_NAME, name=name)
    kind = Workload.Kind(kind)
    _refuse_kind(type_name, kind)
    obstacle = host_barrier(created_by, host) or obstacle_to_starting(host, kind)
    if obstacle:
        raise obstacle
    workload = Workload(
        name=name,
        type_name=type_name,
        kind=kind,
        parameters=_checked_parameters(type_name, parameters),
        host=host,
        created_by=created_by,
    )
    try:
        with transaction.atomic():
            if not for_trial:
                claim_workload(created_by)
            workload.save()
            send_on_commit(task=Task.START_WORKLOAD, row_id=workload.pk)
    except IntegrityError as error:
        raise InventoryRefused(Code.WORKLOAD_EXISTS, workload=name) from error
    return workload


def remove_workload(*, workload: Workload, user: Person) -> None:
    """Queues its end. Raises Refused while a job has not ended, or where it is not theirs."""
    require_own(user, workload)
    if workload.jobs.filter(status__in=MigrationJob.UNSETTLED).exists():
        raise InventoryRefused(Code.WORKLOAD_BUSY, workload=workload.name)
    with transaction.atomic():
        Workload.objects.filter(pk=workload.pk).exclude(state=Workload.State.REMOVED).update(
            state=Workload.State.REMOVING
        )
        send_on_commit(task=Task.STOP_WORKLOAD, row_id=workload.pk)


def request_workload_look(*, workload: Workload) -> None:
    """Queues a look at its state and its last line of output, but for one that is fresh."""
    if not workload.is_fresh:
        send_on_commit(task=Task.OBSERVE_WORKLOAD, row_id=workload.pk)


def require_staff(user: Person, what: str, target: object) -> None:
    """Raises Forbidden for one who may not change hosts; the audit log has the attempt."""
    if not teaches(user):
        audit.note(who=user, what=what, target=target, outcome=audit.Outcome.REFUSED)
    require_instructor(user)


def _refuse_kind(type_name: str, kind: str) -> None:
    if type_name in CATALOGUE and kind not in CATALOGUE[type_name].kinds:
        raise InventoryRefused(Code.BAD_PARAMETER, detail=f"{type_name} is no {kind}")


def _note(user: Person, what: str, host: Host, **detail: str) -> None:
    audit.note(who=user, what=what, target=host, **detail)


def checked_host_name(name: str) -> str:
    if not HOST_NAME.fullmatch(name):
        raise InventoryRefused(Code.BAD_NAME, name=name[:80])
    return name


def checked_port(port: int) -> int:
    if not 1 <= port <= 65535:
        raise InventoryRefused(Code.BAD_PORT)
    return port


def checked_user(user: str) -> str:
    """It enters sudoers and authorized_keys: letters, digits, dashes, nothing else."""
    if not USER.fullmatch(user):
        raise InventoryRefused(Code.BAD_USER, user=user[:80])
    return user


def _public_half(private_key: str) -> str:
    """The public line of a key; "" for one that can't be read, which no host will take either."""
    try:
        return public_line(private_key)
    except ValueError:
        return ""


def _checked_parameters(type_name: str, parameters: Mapping[str, object]) -> dict[str, int]:
    if type_name not in CATALOGUE:
        raise InventoryRefused(Code.UNKNOWN_WORKLOAD_TYPE, type=type_name)
    try:
        return CATALOGUE[type_name].checked(parameters)
    except NotPossible as error:
        raise InventoryRefused(Code.BAD_PARAMETER, detail=error.message) from error


def _checked_host_key(host_key: str) -> str:
    if not HOST_KEY.fullmatch(host_key.strip()):
        raise InventoryRefused(Code.BAD_HOST_KEY)
    return host_key.strip()
