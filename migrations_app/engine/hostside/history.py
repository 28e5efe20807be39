"""A container's log from before, as history: what `docker logs` shows goes on over the migration.

Docker's json-file driver keeps a line of JSON per line of output, in a file and older ones
beside it (`.1`, `.2.gz`). All of it becomes the beginning of the target's file, before Docker opens
that to write; what came since is appended while the container stands still.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import os
import struct
import termios
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ..errors import StepFailed
from ..tools import docker
from .stream import Outlet

LOG = "log"
MOST_BYTES = 32 << 20  # of history; older lines stay behind
ROOM_BYTES = 1 << 20  # for lines that are written between the first pass and the freeze
CHUNK = 1 << 18
_QUIET_S, _DRAINED_S = 0.01, 1.0


@dataclass
class LogSent:
    """What of a log the target has: up to `at` in the file that has this inode."""

    path: Path
    pid: int  # of the container's first task
    inode: int = 0
    at: int = 0
    whole: int = 0  # bytes, in all passes
    cut: bool = False  # older lines were left behind
    drained: bool = True  # nothing of its output was under way at the end
    checksum: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def send(self, outlet: Outlet, *, still: bool, fresh: bool) -> None:
        """One pass. Raises OSError when a file cannot be read."""
        if still:
            self.drained = self._drained()
        outlet.say({"enter": LOG, "fresh": fresh, "more": not still})
        for data in self._history() if fresh else self._since():
            outlet.data({"at": 0}, data)
            self.checksum.update(data)
            self.whole += len(data)

    def told(self) -> dict[str, Any]:
        return {"bytes": self.whole, "cut": self.cut, "drained": self.drained}

    def _history(self) -> Iterator[bytes]:
        """The newest lines of all files, oldest first; whole lines only."""
        size, self.inode = _size_and_inode(self.path)
        self.at = size
        parts, room = [_tail(self.path, size, MOST_BYTES)], MOST_BYTES
        room -= len(parts[0])
        self.cut = size > MOST_BYTES
        for older in _older(self.path):
            if room <= 0:
                self.cut = True
                break
            content = _read(older)
            self.cut = len(content) > room
            parts.insert(0, content[-room:])
            room -= len(content)
        whole = b"".join(parts)
        if self.cut:
            whole = whole.partition(b"\n")[2]
        for start in range(0, len(whole), CHUNK):
            yield whole[start : start + CHUNK]

    def _since(self) -> Iterator[bytes]:
        """What was added; Docker may have begun another file meanwhile."""
        _, inode = _size_and_inode(self.path)
        if inode != self.inode:
            before = Path(f"{self.path}.1")
            if _size_and_inode(before)[1] != self.inode:
                raise StepFailed("the log went on over two files at once", code="files-failed")
            yield from self._from(before)
            self.inode, self.at = inode, 0
        yield from self._from(self.path)

    def _from(self, path: Path) -> Iterator[bytes]:
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            file.seek(self.at)
            while data := file.read(CHUNK):
                self.at += len(data)
                yield data

    def _drained(self) -> bool:
        """Wait until what it has written is in the file: through its pipe, the shim and Docker."""
        deadline, size = time.monotonic() + _DRAINED_S, -1
        while time.monotonic() < deadline:
            now = _size_and_inode(self.path)[0]
            if now == size and not _under_way(self.pid):
                return True
            size = now
            time.sleep(_QUIET_S)
        return False


def _size_and_inode(path: Path) -> tuple[int, int]:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return 0, 0
    return seen.st_size, seen.st_ino


def _older(path: Path) -> list[Path]:
    """Files of before, newest first."""
    found = []
    for number in range(1, 1000):
        names = (Path(f"{path}.{number}"), Path(f"{path}.{number}.gz"))
        there = next((name for name in names if name.exists()), None)
        if there is None:
            break
        found.append(there)
    return found


def _read(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _tail(path: Path, size: int, most: int) -> bytes:
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(max(0, size - most))
        return file.read(min(size, most))
    return b""


def _under_way(pid: int) -> int:
    """Bytes in the pipes of a task's standard output and error that nobody has read yet."""
    return sum(_unread(f"/proc/{pid}/fd/{number}") for number in (1, 2))


def _unread(path: str) -> int:
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0  # none, or the container has ended
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))
        return int(count)
    except OSError:
        return 0  # no pipe
    finally:
        os.close(pipe)


@dataclass
class LogKept:
    """The target's end: the log of a container that has written nothing itself yet.

    From when Docker has opened it to write, Docker shows only as much of it as it was then and has
    written itself. So room is made beforehand for what is still to come: blanks between two lines
    of JSON, which nobody sees.
    """

    path: Path
    checksum: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    last: str | None = None  # the last line, as `docker logs --timestamps` prints it
    lost: bool = False  # more came late than there was room for
    _rest: bytes = b""
    _room_at: int | None = None
    _late: bytearray = field(default_factory=bytearray)

    def append(self, data: bytes) -> None:
        """A part of the history, or of what came late."""
        self.checksum.update(data)
        self._note_last(self._rest + data)
        if self._room_at is not None:
            self._late += data
            return
        with self._opened(os.O_APPEND) as file:
            file.write(data)

    def make_room(self) -> None:
        with self._opened(os.O_APPEND) as file:
            self._room_at = file.tell()
            file.write(b" " * ROOM_BYTES + b"\n")

    def fill_room(self) -> None:
        """With what came late: the newest whole lines of it that there is room for."""
        if self._room_at is None or not self._late:
            return
        late = bytes(self._late)
        if len(late) > ROOM_BYTES:
            late, self.lost = late[-ROOM_BYTES:].partition(b"\n")[2], True
        with self._opened(0) as file:
            file.seek(self._room_at)
            file.write(late)
        self._late.clear()

    def _opened(self, flags: int) -> IO[bytes]:
        flags |= os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.fdopen(os.open(self.path, flags, 0o640), "wb")
        file.seek(0, os.SEEK_END)
        return file

    def _note_last(self, data: bytes) -> None:
        lines = data.split(b"\n")
        self._rest = lines.pop()
        for line in reversed(lines):
            said = docker.parse_log_line(line)
            if said is not None:
                self.last = said
                return


def after_history(lines: list[str], last: str | None) -> list[str]:
    """What of a log's end came after the history; all of it when that is not in it any more."""
    if last is None or last not in lines:
        return lines
    return lines[len(lines) - lines[::-1].index(last) :]


def log_path(root: str, container: str) -> Path:
    return Path(root) / "containers" / container / f"{container}-json.log"


def keeps_lines(host_config: Mapping[str, Any]) -> bool:
    """Whether its log is in files of ours to copy."""
    return (host_config.get("LogConfig") or {}).get("Type") == "json-file"
