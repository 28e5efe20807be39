"""Rows for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from django.utils import timezone

from migrations_app.crypto import encrypt
from migrations_app.models import Host, MigrationJob, Workload

HOST_KEY = "ssh-ed25519 " + "A" * 68
_numbers = itertools.count(1)


def make_host(name: str | None = None, **fields: Any) -> Host:
    number = next(_numbers)
    values = {
        "name": name or f"host-{number}",
        "address": f"10.9.{number // 250}.{number % 250 + 1}",
        "host_key": HOST_KEY,
        "private_key_encrypted": encrypt("-----BEGIN OPENSSH PRIVATE KEY-----"),
        "state": Host.State.READY,
        "open_to_students": True,
    }
    return Host.objects.create(**(values | fields))


def make_workload(host: Host | None = None, **fields: Any) -> Workload:
    name = fields.pop("name", f"cr-{next(_numbers)}")
    values = {
        "type_name": "counter",
        "kind": Workload.Kind.CONTAINER,
        "parameters": {"interval_ms": 1000},
        "state": Workload.State.RUNNING,
        "ref_name": name,
    }
    return Workload.objects.create(name=name, host=host or make_host(), **(values | fields))


def make_job(workload: Workload | None = None, **fields: Any) -> MigrationJob:
    workload = workload or make_workload()
    values = {
        "source": workload.host,
        "operation": "migrate",
        "strategy": "cold",
    }
    if "target" not in fields:
        fields["target"] = make_host()
    return MigrationJob.objects.create(workload=workload, **(values | fields))


def make_running_job(*, lease_s: float = 45, **fields: Any) -> MigrationJob:
    """Claimed by a worker, hosts leased, its workload on the way."""
    lease_until = timezone.now() + timedelta(seconds=lease_s)
    job = make_job(status="running", worker="w1", lease_until=lease_until, **fields)
    hosts = Host.objects.filter(pk__in=(job.source_id, job.target_id))
    hosts.update(leased_by=job, lease_until=lease_until)
    Workload.objects.filter(pk=job.workload_id).update(state=Workload.State.MIGRATING)
    return job
