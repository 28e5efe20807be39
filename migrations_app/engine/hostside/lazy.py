"""Pages that follow: the target's lazy-pages daemon, and its way to the source.

Whatever goes wrong, the restored tasks are ended before the daemon's connection is closed: it
would end then, and the pages that are missing would read as zeros. `lost` is called for that, by
whichever thread finds out; should this program be killed, guard.py does it.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import StepFailed, StepTimedOut
from ..tools import criu
from . import guard, jobs, packing, tree
from .pages import PageBase, relay_pages
from .run import Child, start_beside

FULL = "full"  # see rounds.py
LOG = "lazy-pages.log"


class Pages:
    """On the target: made when it is armed, started when the small images are there."""

    def __init__(self, job: str, lost: Callable[[], object]) -> None:
        self._ours, self._theirs = _pair()
        self._guard = guard.Guard(job, self._ours.fileno())
        self._job, self._lost = job, lost
        self._daemon: Child | None = None
        self._connected, self._may_begin = threading.Event(), threading.Event()
        self._relayed = threading.Event()
        self._closed = False
        self.error: str | None = None  # why pages stopped coming

    def start_daemon(self, images: Path, work: Path, limit_s: float) -> None:
        """Returns when a restore can find it. Raises StepFailed or StepTimedOut."""
        if not self._connected.wait(limit_s):
            raise StepFailed("the source made no connection for pages", code="pages-lost")
        up, theirs = os.pipe()
        with open(up, "rb") as word, open(theirs, "wb") as status:  # noqa: PTH123
            argv = criu.lazy_pages_argv(images, work, self._theirs.fileno(), theirs)
            self._daemon = start_beside(argv, keep=(theirs, self._theirs.fileno()))
            status.close()
            self._theirs.close()  # its end is the daemon's alone: without it, ours ends, too
            # Its socket is there before it listens on it, so only its own word counts.
            if not select.select([word], [], [], limit_s)[0]:
                raise StepTimedOut("lazy-pages did not come up", code="restore-timed-out")
            if not word.read(1):
                raise StepFailed(f"lazy-pages ended: {self._daemon.words()}", code="pages-lost")
        self._may_begin.set()

    def watch(self, tasks: Iterable[Sequence[int]]) -> None:
        """These, by tree.identity, must not outlive their pages. Raises StepFailed."""
        self._guard.watch(tasks)
        if self.error:
            raise StepFailed(f"the pages did not all arrive: {self.error}", code="pages-lost")

    def relay(self, connection: socket.socket, compression: str) -> None:
        """Between the daemon and the source, until the daemon has every page.

        The connection's timeout is the longest silence that is borne, of either.
        """
        self._connected.set()
        self._may_begin.wait()
        if self._closed:
            return
        self._ours.settimeout(connection.gettimeout())
        try:
            base = page_base(jobs.memory_folder(self._job), self._job)
            unpacker = None if compression == packing.NONE else packing.unpacker(compression)
            relay_pages(connection, self._ours, unpacker=unpacker, base=base)
        except Exception as error:  # noqa: BLE001  whatever it is: nothing may run on without pages
            self._fail(f"{error}")
        finally:
            self._relayed.set()

    def _fail(self, why: str) -> None:
        self.error = self.error or why
        if not self._closed:
            self._lost()

    def wait(self, limit_s: float) -> dict[str, Any]:
        """Until the daemon has every page and has ended; end_ns.

        Raises StepFailed with code `pages-lost`; then the tasks are ended.
        """
        assert self._daemon is not None
        self._relayed.wait()  # it bears no silence for ever
        if self.error is None:
            try:
                status = self._daemon.wait(limit_s)
                if status != 0:
                    self._fail(self._daemon.words() or f"exit status {status}")
            except StepTimedOut as error:
                self._fail(error.message)
        if self.error:
            raise StepFailed(f"the pages did not all arrive: {self.error}", code="pages-lost")
        return {"end_ns": time.monotonic_ns()}

    def failure(self, work: Path) -> str | None:
        """What is known of why pages stopped coming: ours first, then the daemon's own words."""
        try:
            log = (work / LOG).read_text(errors="replace")
        except OSError:
            log = ""
        return self.error or criu.first_error(log)

    def close(self) -> None:
        """Only when no task waits for pages any more; fine at any such time, also twice."""
        self._closed = True
        self._guard.dismiss()
        for one in (self._ours, self._theirs):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # wakes who waits, which close does not
            one.close()
        self._may_begin.set()
        if self._daemon is not None:
            with contextlib.suppress(ProcessLookupError):
                self._daemon.kill()


def _pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a connection, and nothing that listens; TCP, as CRIU sets options of TCP's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        while True:
            theirs, caller = server.accept()
            if caller == ours.getsockname():
                return ours, theirs
            theirs.close()  # somebody else's, who was quicker


def end_left(job: str) -> None:
    """End what a program that was killed left of this, once the job's tasks are ended."""
    tree.kill_all_naming(["lazy-pages", f"{jobs.MEMORY / job}/"])
    guard.end(job)


def page_base(root: Path, job: str, count: int | None = None) -> PageBase | None:
    """What rounds have brought already, newest first; None without rounds.

    count: of rounds, where the source keeps them as one whole dump (by content).
    """
    rounds = sorted((int(one.name) for one in root.iterdir() if one.name.isdigit()), reverse=True)
    if (root / FULL).is_dir():
        return PageBase([root / FULL], f"{job}:{count}")
    if not rounds:
        return None
    return PageBase([root / str(number) for number in rounds], f"{job}:{len(rounds)}")
