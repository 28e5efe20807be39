"""The source's end of a folder that goes along: all of it once, then what has changed since.

Messages after the head (see channel.py and stream.py); what follows belongs to the last `put`:

    {"enter": "root", "fresh": true}     a tree of its own; fresh: whatever is there goes first
    {"gone": "a/b"}                      with everything below it
    {"put": "a/b", "kind": …, "length": n, …}    an entry; a file's content comes in pieces
    {"at": offset, "size": n}            and so many bytes after it
    {"at": offset, "zeros": n}
    {"end": {"root": summary, …}}        answered when all is in its place
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from .filetree import (
    HOLE,
    PIECE,
    Entry,
    digest,
    open_below,
    open_folder,
    pieces,
    scan,
    summary,
    surely_same,
)
from .stream import Outlet

_libc = ctypes.CDLL(None)


@dataclass
class Sent:
    """One tree: where it lies here, and what the target has of it."""

    root: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    sums: dict[str, list[bytes]] = field(default_factory=dict)  # of the pieces of each file
    looked_ns: int = 0  # wall clock, before the last look began
    passes: int = 0
    bytes: int = 0  # content that was sent in the last pass
    changed: int = 0  # entries that were sent in the last pass


class TreeSender:
    def __init__(self, outlet: Outlet, name: str, sent: Sent, mapped: Collection[str]) -> None:
        self._outlet, self._name, self._sent = outlet, name, sent
        self._mapped = mapped  # written through memory, which leaves no trace on the file

    def run(self, *, still: bool) -> None:
        """One pass; still: nobody writes any more. Raises StepFailed when it cannot be read."""
        sent = self._sent
        sent.bytes = sent.changed = 0
        root = _opened(sent.root)
        try:
            looked_ns = time.time_ns()
            if not still:
                # What is written through memory marks the file only when it was clean before.
                _libc.syncfs(root)
            now = scan(root, sent.entries)
            self._outlet.say({"enter": self._name, "fresh": sent.passes == 0})
            self._forget_gone(now)
            for path in sorted(now):
                self._send_if_changed(root, path, now[path])
            sent.looked_ns, sent.passes = looked_ns, sent.passes + 1
        except OSError as error:
            raise StepFailed(f"{sent.root} cannot be read: {error}", code="files-failed") from error
        finally:
            os.close(root)

    def summary(self) -> str:
        return summary(self._sent.entries, self._sent.sums)

    def _forget_gone(self, now: dict[str, Entry]) -> None:
        """What is gone, and folders that are others by now under the same name."""
        before = self._sent.entries
        for path in sorted(before):
            if path in before and _is_gone(before[path], now.get(path)):
                for below in [one for one in before if one == path or one.startswith(f"{path}/")]:
                    del before[below]
                    self._sent.sums.pop(below, None)
                self._outlet.say({"gone": path})

    def _send_if_changed(self, root: int, path: str, entry: Entry) -> None:
        trusted = None if path in self._mapped else self._sent.entries.get(path)
        if trusted and surely_same(trusted, entry, self._sent.looked_ns):
            return
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # seen by the next pass
            self._send(root, path, entry)

    def _send(self, root: int, path: str, entry: Entry) -> None:
        if entry.kind != "file":
            self._put(path, entry)
            return
        descriptor = open_below(root, path)
        try:
            self._put(path, entry)
            self._sent.sums[path] = self._content(path, descriptor, entry.size)
        finally:
            os.close(descriptor)

    def _put(self, path: str, entry: Entry) -> None:
        message: dict[str, Any] = {
            "put": path,
            "kind": entry.kind,
            "mode": entry.mode,
            "owner": [entry.uid, entry.gid],
            "mtime_ns": entry.mtime_ns,
            "length": entry.size,
            "xattrs": entry.xattrs,
        }
        more = {"target": entry.target, "device": entry.device, "opaque": entry.opaque or None}
        self._outlet.line(message | {key: value for key, value in more.items() if value})
        self._sent.entries[path] = entry
        self._sent.changed += 1

    def _content(self, path: str, descriptor: int, size: int) -> list[bytes]:
        """Send the pieces that differ from those that were sent before; the digests of all."""
        before, sums = self._sent.sums.get(path, []), []
        for number, (at, data) in enumerate(pieces(descriptor, size)):
            sums.append(digest(data))
            old = before[number] if number < len(before) else HOLE
            if sums[-1] == old:
                continue
            if data:
                self._outlet.data({"at": at}, data)
                self._sent.bytes += len(data)
            else:
                self._outlet.line({"at": at, "zeros": min(size - at, PIECE)})
        return sums


def _is_gone(before: Entry, now: Entry | None) -> bool:
    """Another file of the same name counts as gone, too: the old one may have other names."""
    return now is None or before.inode != now.inode or _kind(before) != _kind(now)


def _kind(entry: Entry) -> str:
    return "file" if entry.kind == "same" else entry.kind


def _opened(root: Path) -> int:
    try:
        return open_folder(str(root))
    except OSError as error:
        raise StepFailed(f"{root} cannot be read: {error}", code="files-failed") from error
