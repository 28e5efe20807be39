"""The site's own parts, broken while a job of it runs: worker, Redis, database."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path

from labsite.operate.leftovers import processes_of
from labsite.operate.places import own_places
from migrations_app.engine import PhaseName, Strategy

LOCKED_S = 25  # longer than the site waits for its database, which is 20 s
LOOK_S = 0.002
MOMENT_S = 90.0


class SiteMoment(StrEnum):
    """By the rows that the site writes while the job runs."""

    PREPARE = "prepare"
    ROUND = "first round"
    ARMED = "armed"  # and then the workload is frozen: what follows hits the stop window
    DUMP = "dump"
    TRANSFER = "transfer"
    RESTORE = "restore"
    PAGES = "pages follow"
    VERIFY = "verify"
    CLEAN_UP = "clean-up"


# Of the phases: the name, and whether it has to have ended.
ROWS: Mapping[SiteMoment, tuple[PhaseName, bool]] = {
    SiteMoment.PREPARE: (PhaseName.PREPARE, False),
    SiteMoment.ROUND: (PhaseName.PRE_COPY, False),
    SiteMoment.ARMED: (PhaseName.ARM, True),
    SiteMoment.DUMP: (PhaseName.DUMP, False),
    SiteMoment.TRANSFER: (PhaseName.TRANSFER, False),
    SiteMoment.RESTORE: (PhaseName.RESTORE, False),
    SiteMoment.PAGES: (PhaseName.PAGES, False),
    SiteMoment.VERIFY: (PhaseName.VERIFY, False),
    SiteMoment.CLEAN_UP: (PhaseName.CLEAN_UP, False),
}


def moments_of(strategy: Strategy) -> list[SiteMoment]:
    if not strategy.by_hand_over:
        own = [SiteMoment.DUMP, SiteMoment.TRANSFER, SiteMoment.RESTORE]
    else:
        rounds = [SiteMoment.ROUND] if strategy.in_rounds else []
        own = [*rounds, SiteMoment.ARMED, *([SiteMoment.PAGES] if strategy.lazy else [])]
    return [SiteMoment.PREPARE, *own, SiteMoment.VERIFY, SiteMoment.CLEAN_UP]


def kill(word: bytes) -> None:
    """SIGKILL to this site's processes of that name; its supervisor starts them again."""
    for pid in processes_of(own_places().owner):
        if word in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def lock_database() -> None:
    """Nobody writes meanwhile; SQLite lets those read who only read."""
    with closing(sqlite3.connect(database(), timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(LOCKED_S)
        connection.rollback()


def database() -> Path:
    return own_places().data / "db.sqlite3"


FAULTS: Mapping[str, Callable[[], None]] = {
    "worker-killed": lambda: kill(b"worker"),
    "redis-killed": lambda: kill(b"redis-server"),
    "database-locked": lock_database,
}


class _Trap(threading.Thread):
    """Reads the job's rows until its moment has come, and breaks it."""

    def __init__(self, job: int, moment: SiteMoment, fault: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._job, self._moment, self._fault = job, moment, fault
        self.sprung = False

    def run(self) -> None:
        deadline = time.monotonic() + MOMENT_S
        with closing(sqlite3.connect(f"file:{database()}?mode=ro", uri=True)) as connection:
            while not self._has_come(connection):
                if time.monotonic() > deadline:
                    return
                time.sleep(LOOK_S)
        self._fault()
        self.sprung = True

    def _has_come(self, connection: sqlite3.Connection) -> bool:
        name, ended = ROWS[self._moment]
        where = "and duration_ms is not null" if ended else ""
        query = f"select 1 from migrations_app_jobphase where job_id = ? and name = ? {where}"
        return connection.execute(query, (self._job, str(name))).fetchone() is not None


@contextmanager
def broken_at(job: int, moment: SiteMoment, fault: str) -> Iterator[None]:
    """The fault is put in at its moment while the body waits; asserts that it was."""
    trap = _Trap(job, moment, FAULTS[fault])
    trap.start()
    yield
    trap.join(LOCKED_S + MOMENT_S)
    assert trap.sprung, f"the moment never came: {moment}"
