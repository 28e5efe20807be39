"""The target's end of a folder that goes along: puts entries where they belong; see filesend.py.

A tree is written in two ways. As long as nothing is mounted over it, a container's writable layer
is a copy of the source's, with what overlayfs writes there itself. Once it is mounted (an armed
container), it is written through the mount, and what the source has deleted is deleted.
"""

from __future__ import annotations

import base64
import contextlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from .filetree import HOLE, OPAQUE, OWN_XATTRS, PIECE, Entry, digest, names_in, open_folder

_NODES = (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
_SHOWN = 0o7777


@dataclass
class Kept:
    """What came of one tree: as it was told, and the digests of what was written."""

    entries: dict[str, Entry] = field(default_factory=dict)
    sums: dict[str, list[bytes]] = field(default_factory=dict)


class TreeStore:
    """One tree being written; `layered`: it is a mounted overlay, which hides files by itself."""

    def __init__(self, root: str, kept: Kept, *, layered: bool) -> None:
        self._root, self._kept, self._layered = open_folder(root), kept, layered
        self._file: int | None = None
        self._path = ""  # of the file that was put last
        self._folders: dict[str, Mapping[str, Any]] = {}  # their times are set at the end

    def close(self) -> None:
        """The last file is whole, folders have their times."""
        try:
            self._end_file()
            for path in sorted(self._folders.keys() & self._kept.entries.keys(), reverse=True):
                self._in_parent(path, self._set_time, self._folders[path])
        finally:
            os.close(self._root)

    def empty(self) -> None:
        """Whatever is there goes."""
        for name in names_in(self._root):
            remove(self._root, name)
        self._kept.entries.clear()
        self._kept.sums.clear()

    def take(self, message: Mapping[str, Any]) -> None:
        """`gone`, `put` or `zeros`."""
        if "zeros" in message:
            self._write(bytes(_checked(message["zeros"], PIECE)), int(message["at"]), HOLE)
            return
        self._end_file()
        if "gone" in message:
            self._gone(_safe(message["gone"]))
        else:
            self._put(_safe(message["put"]), message)

    def write(self, data: memoryview, at: int) -> None:
        """A piece of the file that was put last."""
        self._write(data, at, digest(data))

    def _write(self, data: bytes | memoryview, at: int, checksum: bytes) -> None:
        if self._file is None or at % PIECE or at < 0:
            raise StepFailed("a piece without its file", code="transfer-failed")
        view, offset = memoryview(data), at
        while view:
            written = os.pwrite(self._file, view, offset)
            view, offset = view[written:], offset + written
        sums = self._kept.sums[self._path]
        sums += [HOLE] * (at // PIECE + 1 - len(sums))
        sums[at // PIECE] = checksum

    def _gone(self, path: str) -> None:
        for below in [one for one in self._kept.entries if _lies_in(one, path)]:
            del self._kept.entries[below]
            self._kept.sums.pop(below, None)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._in_parent(path, remove)

    def _put(self, path: str, message: Mapping[str, Any]) -> None:
        entry, before = _entry(message), self._kept.entries.get(path)
        self._kept.entries[path] = entry
        if path == ".":
            self._folders[path] = message
            self._attributes(self._root, ".", entry)
        else:
            self._in_parent(path, self._make, message, before)

    def _in_parent(self, path: str, do: Any, *given: Any) -> None:
        """do(folder, name, …) with the folder that holds it open, reached through no link."""
        *folders, name = path.split("/")
        at, own = self._root, []
        try:
            for folder in folders:
                at = open_folder(folder, at)
                own.append(at)
            do(at, name, *given)
        finally:
            for one in own:
                os.close(one)

    def _make(
        self, folder: int, name: str, message: Mapping[str, Any], before: Entry | None
    ) -> None:
        entry, path, there = _entry(message), str(message["put"]), _kind_there(folder, name)
        if there is not None and self._in_the_way(there, entry, before):
            remove(folder, name)
            there = None
        make = getattr(self, f"_make_{entry.kind}", None)
        if make is None:
            raise StepFailed(f"no such kind: {entry.kind}", code="transfer-failed")
        make(folder, name, entry, there)
        if entry.kind == "directory":
            self._folders[path] = message
        if entry.kind in ("directory", "link", "node"):
            self._attributes(folder, name, entry)
        if entry.kind in ("link", "node"):
            self._set_time(folder, name, message)
        if entry.kind == "file":
            self._path = path
            if there is None:
                self._kept.sums[path] = []

    def _in_the_way(self, there: str, entry: Entry, before: Entry | None) -> bool:
        """Whether what is there has to go first: only a file of ours is written into."""
        if there != entry.kind:
            return True
        if entry.kind == "directory":
            return self._layered and entry.opaque and not (before and before.opaque)
        return entry.kind != "file" or before is None or before.kind != "file"

    def _make_directory(self, folder: int, name: str, entry: Entry, there: str | None) -> None:
        if there is None:
            os.mkdir(name, 0o700, dir_fd=folder)
        if entry.opaque and not self._layered:
            os.setxattr(f"/proc/self/fd/{folder}/{name}", OPAQUE, b"y", follow_symlinks=False)

    def _make_file(self, folder: int, name: str, _: Entry, there: str | None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        flags |= os.O_EXCL if there is None else 0
        self._file = os.open(name, flags, 0o600, dir_fd=folder)

    def _make_same(self, folder: int, name: str, entry: Entry, _: str | None) -> None:
        """Another name of a file that came before."""

        def link(at: int, old: str) -> None:
            os.link(old, name, src_dir_fd=at, dst_dir_fd=folder, follow_symlinks=False)

        self._in_parent(_safe(str(entry.target)), link)

    def _make_link(self, folder: int, name: str, entry: Entry, _: str | None) -> None:
        os.symlink(str(entry.target), name, dir_fd=folder)

    def _make_node(self, folder: int, name: str, entry: Entry, _: str | None) -> None:
        kind, major, minor = entry.device or (0, 0, 0)
        if kind not in _NODES:
            raise StepFailed("no such node", code="transfer-failed")
        os.mknod(name, kind | 0o600, os.makedev(major, minor), dir_fd=folder)

    def _make_whiteout(self, folder: int, name: str, _: Entry, __: str | None) -> None:
        """What the image has under this name is hidden."""
        if not self._layered:
            os.mknod(name, stat.S_IFCHR, os.makedev(0, 0), dir_fd=folder)

    def _attributes(self, folder: int, name: str, entry: Entry) -> None:
        """Owner first: a change of it takes away bits of the mode, and capabilities."""
        os.chown(name, entry.uid, entry.gid, dir_fd=folder, follow_symlinks=False)
        if entry.kind != "link":
            Path(f"/proc/self/fd/{folder}/{name}").chmod(entry.mode & _SHOWN)
        _set_xattrs(f"/proc/self/fd/{folder}/{name}", entry)

    def _set_time(self, folder: int, name: str, message: Mapping[str, Any]) -> None:
        time_ns = int(message["mtime_ns"])
        os.utime(name, ns=(time_ns, time_ns), dir_fd=folder, follow_symlinks=False)

    def _end_file(self) -> None:
        """The file that was put last is as long as it should be, and belongs to whom it did."""
        if self._file is None:
            return
        descriptor, self._file = self._file, None
        entry, sums = self._kept.entries[self._path], self._kept.sums.setdefault(self._path, [])
        try:
            os.ftruncate(descriptor, entry.size)
            os.fchown(descriptor, entry.uid, entry.gid)
            os.fchmod(descriptor, entry.mode & _SHOWN)
            _set_xattrs(f"/proc/self/fd/{descriptor}", entry)
            os.utime(descriptor, ns=(entry.mtime_ns, entry.mtime_ns))
        finally:
            os.close(descriptor)
        count = -(-entry.size // PIECE)
        del sums[count:]
        sums += [HOLE] * (count - len(sums))


def _entry(message: Mapping[str, Any]) -> Entry:
    uid, gid = (int(one) for one in message["owner"])
    device = message.get("device")
    return Entry(
        kind=str(message["kind"]),
        mode=_checked(message["mode"], _SHOWN),
        uid=uid,
        gid=gid,
        size=_checked(message["length"], 2**62),
        mtime_ns=int(message["mtime_ns"]),
        ctime_ns=0,
        inode=(0, 0),
        target=message.get("target"),
        device=None if device is None else (int(device[0]), int(device[1]), int(device[2])),
        xattrs=tuple((str(name), str(value)) for name, value in message["xattrs"]),
        opaque=bool(message.get("opaque")),
    )


def _checked(value: Any, most: int) -> int:
    if not isinstance(value, int) or not 0 <= value <= most:
        raise StepFailed("a number is out of its range", code="transfer-failed")
    return value


def _safe(path: Any) -> str:
    """A path that stays below its tree."""
    parts = str(path).split("/")
    if path != "." and ({"", ".", ".."} & set(parts) or "\0" in str(path)):
        raise StepFailed(f"unexpected path {path!r}", code="transfer-failed")
    return str(path)


def _kind_there(folder: int, name: str) -> str | None:
    """As Entry.kind; None when there is nothing. A file may be one of several names."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    kinds = {stat.S_IFDIR: "directory", stat.S_IFREG: "file", stat.S_IFLNK: "link"}
    return kinds.get(stat.S_IFMT(mode), "node")


def _set_xattrs(path: str, entry: Entry) -> None:
    """Those that it had and no others, but for what belongs to the file system itself."""
    wanted, follow = dict(entry.xattrs), entry.kind != "link"
    for name in os.listxattr(path, follow_symlinks=follow):
        if name not in wanted and not name.startswith(OWN_XATTRS):
            os.removexattr(path, name, follow_symlinks=follow)
    for name, value in wanted.items():
        os.setxattr(path, name, base64.b64decode(value), follow_symlinks=follow)


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def remove(folder: int, name: str) -> None:
    """With everything below it, reached through no link."""
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=folder)
        return
    inner = open_folder(name, folder)
    try:
        for one in names_in(inner):
            remove(inner, one)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=folder)
