"""Celery tasks: each takes an id and calls one service."""

from __future__ import annotations

import os
from typing import Any

from celery import shared_task

from .services import (
    carrying_out,
    control,
    dispatch,
    execute,
    leftovers,
    look,
    reap,
    scanning,
    tend,
    trials,
    upkeep,
)


@shared_task(bind=True)
def run_job(self: Any, job_id: int) -> None:
    execute.run_job(job_id=job_id, worker=f"{self.request.hostname}:{os.getpid()}")


@shared_task
def settle_job(job_id: int) -> None:
    reap.settle_job(job_id=job_id)


@shared_task
def look_at_draft(draft_id: int) -> None:
    scanning.look_at_draft(draft_id=draft_id)


@shared_task
def prepare_host(host_id: int) -> None:
    carrying_out.run_steps(host_id=host_id)


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
def advance_experiment(experiment_id: int) -> None:
    trials.advance_experiment(experiment_id=experiment_id)


@shared_task
def watch_trial(trial_id: int) -> None:
    control.watch_trial(trial_id=trial_id)


@shared_task
def look_at_workload(check_id: int) -> None:
    look.carry_out(check_id=check_id)


@shared_task
def tend_image(image_id: int) -> None:
    tend.tend_image(image_id=image_id)


@shared_task
def remove_left(leftover_id: int) -> None:
    leftovers.remove_left(leftover_id=leftover_id)


@shared_task
def tick() -> None:
    dispatch.tick()
