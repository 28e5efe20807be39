"""Processes of ours whose supervisor was killed: found by the mark in their environment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = b"MIGRATION_LAB_SUPERVISED="
KILL_AFTER_S = 5.0
POLL_S = 0.05


def has_mark(environment: bytes, data: Path) -> bool:
    """Whether a /proc/PID/environ names this data directory as the process's supervisor's."""
    return MARK + os.fsencode(data) in environment.split(b"\0")


def marked_processes(data: Path) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):  # it ended, or is another user's
            if has_mark((folder / "environ").read_bytes(), data):
                yield int(folder.name)


def end_leftovers(data: Path) -> bool:
    """Ends them, gently first; whether there were any."""
    found = list(marked_processes(data))
    _signal_all(found, signal.SIGTERM)
    deadline = time.monotonic() + KILL_AFTER_S
    while list(marked_processes(data)) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    _signal_all(list(marked_processes(data)), signal.SIGKILL)
    return bool(found)


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
