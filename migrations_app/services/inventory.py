"""Hosts and workloads: registered, asked for, removed. The web side; no host is contacted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from migrations_app.crypto import encrypt
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.errors import NotPossible
from migrations_app.engine.plan import CONTAINER_NAME
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.models.workload import NAME_LENGTH

from .addresses import checked_address
from .codes import Code, InventoryRefused
from .obstacles import obstacle_to_starting
from .queue import Task, send_on_commit

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
        host, _ = Host.objects.update_or_create(
            name=lab_host.name,
            defaults={
                "address": lab_host.address,
                "port": lab_host.port,
                "user": lab_host.user,
                "host_key": _checked_host_key(lab_host.host_key),
                "private_key_encrypted": encrypt(lab_host.private_key),
                "is_lab": True,
                "state": Host.State.UNKNOWN,
                "last_error_code": "",
                "last_error": "",
            },
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
    created_by: User | None,
) -> Host:
    """A new host, with the key it must show from now on; its check is queued.

    `created_by` None means the command line of the machine itself. Raises InventoryRefused.
    """
    _require_staff(created_by)
    if not HOST_NAME.fullmatch(name):
        raise InventoryRefused(Code.BAD_NAME, name=name)
    host = Host(
        name=name,
        address=checked_address(address),
        port=port,
        user=user,
        host_key=_checked_host_key(host_key),
        private_key_encrypted=encrypt(private_key),
        created_by=created_by,
    )
    try:
        with transaction.atomic():
            host.save()
            request_host_check(host=host)
    except IntegrityError as error:
        raise InventoryRefused(Code.HOST_EXISTS, host=name) from error
    return host


def pin_host_key(*, host: Host, host_key: str, user: User | None) -> None:
    """Trusts another key from now on and ends a quarantine. Raises InventoryRefused."""
    _require_staff(user)
    Host.objects.filter(pk=host.pk).update(
        host_key=_checked_host_key(host_key),
        state=Host.State.UNKNOWN,
        last_error_code="",
        last_error="",
    )
    request_host_check(host=host)


def remove_host(*, host: Host, user: User | None) -> None:
    """Forgets a host. Raises InventoryRefused while workloads, jobs or records refer to it."""
    _require_staff(user)
    if host.workloads.exclude(state=Workload.State.REMOVED).exists() or host.leased_by_id:
        raise InventoryRefused(Code.HOST_IN_USE, host=host.name)
    try:
        host.delete()
    except ProtectedError as error:
        raise InventoryRefused(Code.HOST_HAS_HISTORY, host=host.name) from error


def request_host_check(*, host: Host) -> None:
    """Queues a look at the host. It waits while a job measures there."""
    Host.objects.filter(pk=host.pk).update(check_requested_at=timezone.now())
    send_on_commit(task=Task.CHECK_HOST, row_id=host.pk)


def request_preparation(*, host: Host, user: User | None) -> None:
    """Queues putting our OCI runtime there and having Docker know it. Raises InventoryRefused.

    It changes files on the host, so it is never done to a host that is not the lab's unasked.
    """
    _require_staff(user)
    Host.objects.filter(pk=host.pk).update(prepare_requested_at=timezone.now())
    request_host_check(host=host)


def create_workload(
    *,
    name: str,
    type_name: str,
    kind: str,
    parameters: Mapping[str, object],
    host: Host,
    created_by: User | None,
) -> Workload:
    """A workload of a catalogue type; its start is queued. Raises InventoryRefused."""
    if len(name) > NAME_LENGTH or not CONTAINER_NAME.fullmatch(name):
        raise InventoryRefused(Code.BAD_NAME, name=name)
    kind = Workload.Kind(kind)
    obstacle = obstacle_to_starting(host, kind)
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
            workload.save()
            send_on_commit(task=Task.START_WORKLOAD, row_id=workload.pk)
    except IntegrityError as error:
        raise InventoryRefused(Code.WORKLOAD_EXISTS, workload=name) from error
    return workload


def remove_workload(*, workload: Workload) -> None:
    """Queues its end. Raises InventoryRefused while a job has not ended."""
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


def _require_staff(user: User | None) -> None:
    if user is not None and not user.is_staff:
        raise InventoryRefused(Code.STAFF_ONLY)


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
