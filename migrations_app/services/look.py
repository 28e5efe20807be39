"""A look at the very workload, or a rehearsal, without a job: the worker's side.

It waits until nobody measures on either host, and nobody measures there meanwhile.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import timezone

from migrations_app.adapters import engine, plan_for
from migrations_app.engine.errors import EngineError
from migrations_app.models import MigrationJob, Workload, WorkloadCheck

from . import leases
from .codes import Code
from .contact import both_reached
from .dispatch import send_waiting_jobs

logger = logging.getLogger(__name__)


def carry_out(*, check_id: int) -> None:
    """Once; where a host is not free it is left for later."""
    rows = WorkloadCheck.objects.select_related("workload__host", "target")
    check = rows.filter(pk=check_id, finished_at=None).first()
    if check is None:
        return
    with _hosts_of(check) as free:
        if not free:
            return
        try:
            found = _look(check)
        except EngineError as error:
            found = {"error_code": error.code, "error_message": error.message}
        except Exception:
            logger.exception("check %s: a fault of this program", check.pk)
            found = {"error_code": str(Code.INTERNAL_ERROR)}
        WorkloadCheck.objects.filter(pk=check.pk).update(**found, finished_at=timezone.now())
    send_waiting_jobs()


@contextmanager
def _hosts_of(check: WorkloadCheck) -> Iterator[bool]:
    """Whether both could be had; they are given back afterwards."""
    taken: list[int] = []
    try:
        for pk in sorted({check.workload.host_id, check.target_id}):
            if leases.take_host_for_check(host_id=pk):
                taken.append(pk)
        yield len(taken) == len({check.workload.host_id, check.target_id})
    finally:
        for pk in taken:
            leases.release_host(host_id=pk)


def _look(check: WorkloadCheck) -> dict[str, Any]:
    workload = check.workload
    if workload.state != Workload.State.RUNNING:
        return {"error_code": str(Code.WORKLOAD_NOT_RUNNING)}
    job = MigrationJob(
        workload=workload,
        source=workload.host,
        target=check.target,
        operation=check.operation,
        strategy=check.strategy,
    )
    plan = dataclasses.replace(plan_for(job), job_id=f"{settings.INSTANCE}-look-{check.pk}")
    with both_reached(job) as (source, target):
        checks = [dataclasses.asdict(one) for one in engine().check_only(plan, source, target)]
        WorkloadCheck.objects.filter(pk=check.pk).update(checks=checks)
        if not check.rehearse:
            return {}
        return {"rehearsal": dataclasses.asdict(engine().rehearse(plan, source, target))}
