"""Putting work into the Celery queue. A message is a hint; the row is the truth.

When the broker is down nothing is lost: the row says what is to be done, and the dispatcher
(dispatch.py) sends it again when the broker is back.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

MESSAGE_EXPIRES_S = 60  # unread for so long: the dispatcher has sent another


class Task(StrEnum):
    RUN_JOB = "migrations_app.tasks.run_job"
    SETTLE_JOB = "migrations_app.tasks.settle_job"
    LOOK_AT_DRAFT = "migrations_app.tasks.look_at_draft"
    PREPARE_HOST = "migrations_app.tasks.prepare_host"
    CHECK_HOST = "migrations_app.tasks.check_host"
    START_WORKLOAD = "migrations_app.tasks.start_workload"
    STOP_WORKLOAD = "migrations_app.tasks.stop_workload"
    REMOVE_LEFT = "migrations_app.tasks.remove_left"
    TEND_IMAGE = "migrations_app.tasks.tend_image"
    LOOK_AT_WORKLOAD = "migrations_app.tasks.look_at_workload"
    OBSERVE_WORKLOAD = "migrations_app.tasks.observe_workload"
    ADVANCE_EXPERIMENT = "migrations_app.tasks.advance_experiment"
    WATCH_TRIAL = "migrations_app.tasks.watch_trial"


def send_on_commit(*, task: Task, row_id: int) -> None:
    """Sends when the open transaction is committed: a worker must find the row."""
    transaction.on_commit(partial(send, task=task, row_id=row_id))


def send(*, task: Task, row_id: int) -> bool:
    """Sends now. False: the broker can't be reached."""
    try:
        deliver(task, row_id)
    except OperationalError:
        logger.warning("no broker: %s(%s) was not sent", task, row_id)
        return False
    return True


def deliver(task: Task, row_id: int) -> None:
    """The border to Celery; raises kombu's OperationalError."""
    current_app.tasks[task].apply_async(args=(row_id,), expires=MESSAGE_EXPIRES_S)
