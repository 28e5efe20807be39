"""What the engine tells while it works becomes rows and live events, on a thread of its own.

The engine's thread only puts events into a queue: a slow database must not stretch what is
being measured. The same thread renews the job's leases and looks for a request to cancel.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection

from migrations_app.engine.events import (
    CommandRan,
    Event,
    Note,
    PagesArrived,
    PhaseEnded,
    PhaseStarted,
)
from migrations_app.engine.report import PhaseName
from migrations_app.live import Publisher
from migrations_app.models import MigrationJob

from . import leases

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # how long a request to cancel may stay unseen


class Recorder:
    """with Recorder(job, publisher) as r: migrate(..., r.observe, cancelled=r.cancelled)"""

    def __init__(self, job: MigrationJob, publisher: Publisher) -> None:
        self._job = job
        self._publisher = publisher
        self._events: SimpleQueue[Event | None] = SimpleQueue()  # None ends the thread
        self._cancel = threading.Event()
        self._renewed_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"job-{job.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """All events are written when this returns."""
        self._events.put(None)
        self._thread.join()

    def observe(self, event: Event) -> None:
        self._events.put(event)

    def cancelled(self) -> bool:
        """Somebody asked for an end, or the job is no longer this worker's."""
        return self._cancel.is_set()

    def _run(self) -> None:
        try:
            while self._take_next():
                self._guarded(self._look_after_job)
        finally:
            connection.close()  # this thread's own

    def _take_next(self) -> bool:
        try:
            event = self._events.get(timeout=LOOK_EVERY_S)
        except Empty:
            return True
        if event is None:
            return False
        self._guarded(lambda: record(self._job, event, self._publisher))
        return True

    def _guarded(self, work: Callable[[], None]) -> None:
        """A database in trouble costs a row of the record, not the migration."""
        try:
            work()
        except DatabaseError:
            logger.exception("job %s: not recorded", self._job.pk)

    def _look_after_job(self) -> None:
        if MigrationJob.objects.filter(pk=self._job.pk, cancel_requested=True).exists():
            self._cancel.set()
        if time.monotonic() - self._renewed_at < leases.RENEW_EVERY_S:
            return
        if not leases.renew(job=self._job):
            self._cancel.set()
        self._renewed_at = time.monotonic()


def record(job: MigrationJob, event: Event, publisher: Publisher) -> None:
    """Writes one event's row, then tells those who watch."""
    match event:
        case PhaseStarted():
            _begin_phase(job, event)
            publisher.publish("phase-started", dataclasses.asdict(event))
        case PhaseEnded():
            _end_phase(job, event)
            publisher.publish("phase-ended", dataclasses.asdict(event))
        case PagesArrived():
            under_way = job.phases.filter(name=PhaseName.PAGES, duration_ms=None)
            under_way.update(bytes=event.bytes)
            publisher.publish("pages-arrived", dataclasses.asdict(event))
        case CommandRan():
            publisher.publish("command", dataclasses.asdict(event.command))
        case Note():
            job.notes.create(code=event.code, values=dict(event.values))
            publisher.publish("note", {"code": event.code, "values": dict(event.values)})


def _begin_phase(job: MigrationJob, event: PhaseStarted) -> None:
    job.phases.create(name=event.name, side=event.host, start_ms=event.start_ms, round=event.round)


def _end_phase(job: MigrationJob, event: PhaseEnded) -> None:
    """Ends the latest of that name that has begun; some are only told of when they are over."""
    measured = {
        "side": event.host,
        "start_ms": event.start_ms,
        "duration_ms": event.duration_ms,
        "bytes": event.bytes,
        "failed": event.failed,
    }
    same = {"name": event.name, "round": event.round}
    begun = job.phases.filter(**same, duration_ms=None).last()
    if begun is None:
        job.phases.create(**same, **measured)
    else:
        job.phases.filter(pk=begun.pk).update(**measured)
