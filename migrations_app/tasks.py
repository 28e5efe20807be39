"""Celery tasks: each takes an id and calls one service."""

from __future__ import annotations

import os
from typing import Any

from celery import shared_task

from .services import dispatch, execute, reap, upkeep


@shared_task(bind=True)
def run_job(self: Any, job_id: int) -> None:
    execute.run_job(job_id=job_id, worker=f"{self.request.hostname}:{os.getpid()}")


@shared_task
def settle_job(job_id: int) -> None:
    reap.settle_job(job_id=job_id)


@shared_task
def check_host(host_id: int) -> None:
    upkeep.check_host(host_id=host_id)


@shared_task
def start_workload(workload_id: int) -> None:
    upkeep.start_workload(workload_id=workload_id)


@shared_task
def stop_workload(workload_id: int) -> None:
    upkeep.stop_workload(workload_id=workload_id)


@shared_task
def observe_workload(workload_id: int) -> None:
    upkeep.observe_workload(workload_id=workload_id)


@shared_task
def tick() -> None:
    dispatch.tick()
