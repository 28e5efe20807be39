"""Pages that follow: the target's lazy-pages daemon, and its way to the source."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from pathlib import Path
from typing import Any

from ..errors import EngineError, StepFailed, StepTimedOut
from ..tools import criu
from . import jobs, packing
from .pages import PageBase, relay_pages
from .run import Child, start_beside

FULL = "full"  # see rounds.py
LOG = "lazy-pages.log"


class Pages:
    """On the target: made when it is armed, started when the small images are there."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._daemon: Child | None = None
        self._relayed = threading.Event()
        self._error: str | None = None

    def start_daemon(self, images: Path, work: Path, limit_s: float) -> None:
        """Returns when a restore can find it. Raises StepFailed or StepTimedOut."""
        port = self._server.getsockname()[1]
        up, theirs = os.pipe()
        with open(up, "rb") as word, open(theirs, "wb") as status:  # noqa: PTH123
            argv = criu.lazy_pages_argv(images, work, port, theirs)
            self._daemon = start_beside(argv, keep=(theirs,))
            status.close()
            # Its socket is there before it listens on it, so only its own word counts.
            if not select.select([word], [], [], limit_s)[0]:
                raise StepTimedOut("lazy-pages did not come up", code="restore-timed-out")
            if not word.read(1):
                raise StepFailed(f"lazy-pages ended: {self._daemon.words()}", code="pages-lost")

    def relay(self, connection: socket.socket, job: str, compression: str) -> None:
        """Between the daemon and the source, until the daemon has every page."""
        try:
            daemon, _ = self._server.accept()
            connection.settimeout(None)
            with daemon:
                base = page_base(jobs.memory_folder(job), job)
                unpacker = None if compression == packing.NONE else packing.unpacker(compression)
                relay_pages(connection, daemon, unpacker=unpacker, base=base)
        except (OSError, EngineError) as error:
            self._error = str(error)
        finally:
            self._relayed.set()

    def wait(self, limit_s: float) -> dict[str, Any]:
        """Until the daemon has ended; end_ns. Raises StepFailed with code `pages-lost`."""
        assert self._daemon is not None
        status = self._daemon.wait(limit_s)
        if status != 0:
            words = self._daemon.words() or self._error or f"exit status {status}"
            raise StepFailed(f"the pages did not all arrive: {words}", code="pages-lost")
        return {"end_ns": time.monotonic_ns()}

    def failure(self, work: Path) -> str | None:
        """What is known of why pages stopped coming: ours first, then the daemon's own words."""
        try:
            log = (work / LOG).read_text(errors="replace")
        except OSError:
            log = ""
        return self._error or criu.first_error(log)

    def close(self) -> None:
        # close() alone leaves a thread that waits in accept(), and with it the port.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        if self._daemon is not None:
            with contextlib.suppress(ProcessLookupError):
                self._daemon.kill()


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
