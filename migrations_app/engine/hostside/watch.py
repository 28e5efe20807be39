"""Watches CRIU from beside: when tasks froze, when they ran again, its log and statistics.

Docker removes CRIU's work folder when it is done with it, and hides the log. So a thread looks
every millisecond for the files, and keeps them open: an open file can be read after its removal.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any

from ..tools import criu, procfs

PERIOD_S = 0.001
LOG_BYTES_KEPT = 200_000
_LOGS = ("dump.log", "restore.log", "criu-dump.log", "criu-restore.log")
_STATS = ("stats-dump", "stats-restore")

Probe = Callable[[], bool]


class CriuWatch:
    """`with CriuWatch(folders, probe) as watch:` around a call of CRIU.

    `frozen_ns` is when the probe first said yes, `resumed_ns` when stats-restore appeared, which
    CRIU writes right after it let the tasks run; both monotonic, late by a period at most, and
    None when it was not seen.
    """

    def __init__(self, folders: Sequence[PurePath], probe: Probe | None = None) -> None:
        self._wanted = [Path(folder) / name for folder in folders for name in _LOGS + _STATS]
        # What lies there already is of an earlier run.
        self._stale = {path: _identity(path) for path in self._wanted}
        self._probe = probe
        self._open: dict[str, int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.frozen_ns: int | None = None
        self.resumed_ns: int | None = None

    def __enter__(self) -> CriuWatch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    def _run(self) -> None:
        while not self._done.is_set():
            self._look()
            time.sleep(PERIOD_S)

    def _look(self) -> None:
        if self._probe and self.frozen_ns is None and self._probe():
            self.frozen_ns = time.monotonic_ns()
        for path in self._wanted:
            if path.name not in self._open and _identity(path) not in (None, self._stale[path]):
                self._keep(path)

    def _keep(self, path: Path) -> None:
        try:
            self._open[path.name] = os.open(path, os.O_RDONLY)
        except OSError:
            return  # gone between two looks
        if path.name == "stats-restore":
            self.resumed_ns = time.monotonic_ns()

    def _read(self, name: str) -> bytes:
        descriptor = self._open.get(name)
        if descriptor is None:
            return b""
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, LOG_BYTES_KEPT, max(0, size - LOG_BYTES_KEPT))

    def result(self) -> dict[str, Any]:
        """Everything seen, as JSON: moments, CRIU's numbers, its log."""
        logs = [name for name in _LOGS if name in self._open]
        text = self._read(logs[0]).decode(errors="replace") if logs else ""
        stats: dict[str, int] = {}
        for name in _STATS:
            stats.update(criu.parse_stats(self._read(name)))
        return {
            "frozen_ns": self.frozen_ns,
            "resumed_ns": self.resumed_ns,
            "stats": stats,
            "log": text,
            "log_truncated": len(text) >= LOG_BYTES_KEPT,
        }

    def close(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open = {}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def stopped_probe(pid: int) -> Probe:
    """Whether a process is held by a tracer or stopped: CRIU's way for bare processes.

    CRIU's own code runs in it for most of a dump, so its state alone can be missed; that somebody
    traces it stands as long as it is held.
    """
    status = Path(f"/proc/{pid}/status")

    def probe() -> bool:
        try:
            return procfs.parse_held(status.read_text())
        except OSError:
            return False

    return probe


def cgroup_probe(pid: int) -> Probe | None:
    """Whether the freezer holds the cgroup of pid; None where no freezer can be found."""
    try:
        groups = procfs.parse_cgroup(Path(f"/proc/{pid}/cgroup").read_text())
    except OSError:
        return None
    for base, group, name, word in (
        ("/sys/fs/cgroup/freezer", groups.get("freezer"), "freezer.state", "FROZEN"),
        ("/sys/fs/cgroup", groups.get(""), "cgroup.events", "frozen 1"),
        ("/sys/fs/cgroup/unified", groups.get(""), "cgroup.events", "frozen 1"),
    ):
        file = control_file(base, group, name)
        if file:
            return lambda file=file, word=word: word in _text(file)  # type: ignore[misc]
    return None


def control_file(base: str, group: str | None, name: str) -> Path | None:
    """A group's control file, also where the mount shows only a part of the group's path."""
    if not group:
        return None
    parts = [part for part in group.split("/") if part]
    for start in range(len(parts)):
        file = Path(base).joinpath(*parts[start:], name)
        if file.exists():
            return file
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
