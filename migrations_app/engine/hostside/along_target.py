"""What goes along with a container, on its target: put in its place, and looked at afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError, StepFailed
from ..tools import mounts
from . import jobs
from .channel import send_json
from .fields import Fields
from .filestore import Kept, TreeStore
from .filetree import Entry, digest, open_below, open_folder, pieces, scan, summary
from .history import LOG, LogKept
from .run import Runner
from .stream import Inlet
from .transfer import TALKS, Listener, told

ROOT, VOLUME = "root", "volume:"
MOST_NAMED = 5  # wrong files that an answer names
_kept: dict[str, dict[str, Kept]] = {}  # by job and tree
_logs: dict[str, LogKept] = {}  # by job


def place_of(name: str, folder: Path) -> tuple[str, bool]:
    """Where a tree is written, and whether that is a mounted overlay.

    Raises StepFailed: only what the journal names is written to.
    """
    journal = jobs.read(folder)
    if name.startswith(VOLUME) and name[len(VOLUME) :] in journal.get("volumes", {}):
        return journal["volumes"][name[len(VOLUME) :]], False
    upper = journal.get("target_upper")
    if name != ROOT or not upper:
        raise StepFailed(f"{name} has no place here", code="files-failed")
    over = mounts.mounted_over(mounts.parse_mounts(Path("/proc/self/mountinfo").read_text()), upper)
    return (upper, False) if over is None else (over, True)


class Arrival(Inlet):
    """Trees on their way in. After an error the rest is read and forgotten, so that it is heard."""

    def __init__(self, connection: Any, folder: Path, compression: str) -> None:
        super().__init__(connection, folder, (), compression)
        self._folder_of_job = folder
        self._kept = _kept.setdefault(folder.name, {})
        self._store: TreeStore | None = None
        self._log: LogKept | None = None
        self._more = False  # lines of the log will come
        self._error: Exception | None = None

    def take_all(self) -> dict[str, Any]:
        """Until the end of a pass; `bytes`. Raises what went wrong on the way."""
        try:
            for message in self.messages():
                if "end" in message:
                    self._ended(message["end"])
                    break
                self._guarded(self._take, message)
        finally:
            self._close_store()
        if self._error:
            raise self._error
        log = _logs.get(self._folder_of_job.name)
        return {"bytes": self.count, "log_lost": log is not None and log.lost}

    def store(self, message: Mapping[str, Any]) -> None:
        data = self.receive(message)
        self._guarded(self._write, message, data)

    def _guarded(self, do: Callable[..., None], *given: Any) -> None:
        if self._error is None:
            try:
                do(*given)
            except (OSError, EngineError, LookupError, TypeError, ValueError) as error:
                self._error = error

    def _write(self, message: Mapping[str, Any], data: memoryview) -> None:
        if self._log is not None:
            self._log.append(bytes(data))
            return
        if self._store is None:
            raise StepFailed("a piece without its tree", code="transfer-failed")
        self._store.write(data, int(message["at"]))

    def _take(self, message: Mapping[str, Any]) -> None:
        if "enter" in message:
            self._more = bool(message.get("more"))
            self._enter_tree(str(message["enter"]), fresh=bool(message["fresh"]))
        elif self._store is None:
            raise StepFailed("an entry without its tree", code="transfer-failed")
        else:
            self._store.take(message)

    def _enter_tree(self, name: str, *, fresh: bool) -> None:
        self._close_store()
        self._log = None
        if name == LOG:
            self._log = self._log_of_job(fresh=fresh)
            return
        place, layered = place_of(name, self._folder_of_job)
        if fresh and layered:
            raise StepFailed("the container is mounted already", code="files-failed")
        kept = self._kept.setdefault(name, Kept())
        self._store = TreeStore(place, kept, layered=layered)
        if fresh:
            self._store.empty()

    def _log_of_job(self, *, fresh: bool) -> LogKept:
        path = jobs.read(self._folder_of_job).get("target_log")
        if path is None:
            raise StepFailed("there is no container whose log it is", code="files-failed")
        if fresh:
            Path(path).unlink(missing_ok=True)
            _logs[self._folder_of_job.name] = LogKept(Path(path))
        return _logs[self._folder_of_job.name]

    def _close_store(self) -> None:
        if self._store is not None:
            store, self._store = self._store, None
            self._guarded(store.close)

    def _ended(self, checks: Mapping[str, str]) -> None:
        """What was written is what was sent, by the checksums of both."""
        self._close_store()
        for name, expected in checks.items():
            if self._error is None and self._checksum(name) != expected:
                self._error = StepFailed(f"{name} did not arrive as sent", code="files-differ")

    def _checksum(self, name: str) -> str:
        if name == LOG:
            log = _logs[self._folder_of_job.name]
            if self._more:
                log.make_room()
            else:
                log.fill_room()
            jobs.note(self._folder_of_job, durable=False, log_last=log.last)
            return str(log.checksum.hexdigest())
        kept = self._kept.get(name, Kept())
        return summary(kept.entries, kept.sums)


def _talk(listener: Listener, item: Mapping[str, Any], connection: Any) -> None:
    arrival = Arrival(connection, listener.folder, str(item["compression"]))
    try:
        answer = arrival.take_all()
        jobs.note(listener.folder, durable=False, along_ns=time.time_ns())
    except (OSError, EngineError, LookupError, TypeError, ValueError) as error:
        answer = {"error": _told(error)}
    send_json(connection, answer)


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, OSError) and error.errno != 28:  # ENOSPC has words of its own
        return told(StepFailed(f"a file cannot be written: {error}", code="files-failed"))
    return told(error)


TALKS["along"] = _talk


def along_check(fields: Fields, _: Runner) -> dict[str, Any]:
    """Read every file again that came along and that nobody has touched since.

    `known`: whether anything is known of it here.
    `files`, `bytes`, `same`, `changed_since`, and `wrong`: the first paths of those that differ.
    """
    folder, kept = fields.job_folder(), _kept.get(fields.job())
    moment = jobs.read(folder).get("along_ns")
    if kept is None or moment is None:
        # Sums are kept in memory alone: a program that was begun anew knows nothing of them.
        return {"known": False}
    counts: dict[str, Any] = {
        "known": True,
        "files": 0,
        "bytes": 0,
        "same": 0,
        "changed_since": 0,
        "wrong": [],
    }
    for name, one in kept.items():
        _check_tree(name, _below(name, folder), one, moment, counts)
    counts["wrong"] = counts["wrong"][:MOST_NAMED]
    return counts


def _below(name: str, folder: Path) -> str:
    """Where to read: of a container's layer the layer itself, not what is mounted over it."""
    journal = jobs.read(folder)
    return str(journal["target_upper"]) if name == ROOT else place_of(name, folder)[0]


def _check_tree(name: str, place: str, kept: Kept, moment: int, counts: dict[str, Any]) -> None:
    root = open_folder(place)
    try:
        now = scan(root, {})
        for path, expected in kept.entries.items():
            found = now.get(path)
            counts["files"] += 1
            counts["bytes"] += expected.size
            if found is None or found.ctime_ns > moment:
                counts["changed_since"] += 1
            elif _same(expected, found) and _content(root, path, found) == kept.sums.get(path, []):
                counts["same"] += 1
            else:
                counts["wrong"].append(f"{name}: {path}")
    finally:
        os.close(root)


def _same(expected: Entry, found: Entry) -> bool:
    """All but times of folders, and what overlayfs makes of a hidden file."""
    if expected.kind == "whiteout":
        return found.kind == "whiteout"
    return _told_of(expected) == _told_of(found)


def _told_of(entry: Entry) -> tuple[Any, ...]:
    when = None if entry.kind == "directory" else entry.mtime_ns
    what = (entry.kind, entry.mode, entry.uid, entry.gid, entry.size, when)
    return (*what, entry.target, entry.device, entry.xattrs)


def _content(root: int, path: str, entry: Entry) -> list[bytes]:
    if entry.kind != "file":
        return []
    descriptor = open_below(root, path)
    try:
        return [digest(data) for _, data in pieces(descriptor, entry.size)]
    finally:
        os.close(descriptor)


def forget(job: str) -> None:
    """At clean-up: what was remembered of its trees."""
    _kept.pop(job, None)
    _logs.pop(job, None)


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"along_check": along_check}
