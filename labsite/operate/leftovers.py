"""Processes of ours whose supervisor was killed: found by the mark in their environment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = b"MIGRATION_LAB_SUPERVISED="
KILL_AFTER_S = 5.0
POLL_S = 0.05


@dataclass(frozen=True)
class Owner:
    """What the processes of one instance have in common."""

    data: Path
    sockets: Path

    def has_started(self, environment: bytes, command: bytes) -> bool:
        """Whether a process is its own, by /proc/PID/environ and /proc/PID/cmdline.

        Redis writes its title over its environment, but names its socket there.
        """
        mark = MARK + os.fsencode(self.data)
        redis_socket = b"unixsocket:" + os.fsencode(self.sockets / "redis.sock")
        return (
            mark in environment.split(b"\0") or redis_socket in command.replace(b"\0", b" ").split()
        )


def processes_of(owner: Owner) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):  # it ended, or is another user's
            environment = (folder / "environ").read_bytes()
            if owner.has_started(environment, (folder / "cmdline").read_bytes()):
                yield int(folder.name)


def end_leftovers(owner: Owner) -> bool:
    """Ends them, gently first; whether there were any."""
    found = list(processes_of(owner))
    _signal_all(found, signal.SIGTERM)
    deadline = time.monotonic() + KILL_AFTER_S
    while list(processes_of(owner)) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    _signal_all(list(processes_of(owner)), signal.SIGKILL)
    return bool(found)


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
