"""A folder of files as it is: every entry with what makes it what it is, and what has changed.

Nothing here follows a symbolic link: the folders belong to containers, which may put a link where
a folder was a moment ago. So everything is opened relative to the folder that it lies in.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..errors import StepFailed

PIECE = 1 << 18  # bytes of a file that are compared, and sent, as one
HOLE = b""  # stands for the digest of a piece of zeros: none is sent, sparse files stay sparse
DEEPEST = 200  # each level keeps a descriptor open
OPAQUE = "trusted.overlay.opaque"  # a folder that hides what an image has below it
OWN_XATTRS = ("trusted.overlay.", "security.selinux")  # of the file system they lie on
_ZEROS = bytes(PIECE)
# A change soon after the last one may bear the same time stamp: kernels count in ticks of up to
# 10 ms, some file systems in seconds.
_TICK_NS, _SECOND_NS = 20_000_000, 2_000_000_000


@dataclass(frozen=True)
class Entry:
    kind: str  # directory, file, link (symbolic), same (another name of a file), node, whiteout
    mode: int  # permissions
    uid: int
    gid: int
    size: int  # of files
    mtime_ns: int
    ctime_ns: int
    inode: tuple[int, int]  # with its device
    target: str | None = None  # of a symbolic link; of another name the first
    device: tuple[int, int, int] | None = None  # of a node: type bits, major, minor
    xattrs: tuple[tuple[str, str], ...] = ()  # name and value in base64
    opaque: bool = False


def open_folder(name: str, parent: int | None = None) -> int:
    """A descriptor of a folder that is none through a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=parent)


def open_below(root: int, path: str) -> int:
    """A file below an open folder, without following a link on the way."""
    *folders, name = path.split("/")
    at, own = root, []
    try:
        for folder in folders:
            at = open_folder(folder, at)
            own.append(at)
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    finally:
        for one in own:
            os.close(one)


def names_in(folder: int) -> list[str]:
    """Of an open folder, in order."""
    return sorted(os.listdir(folder))


def scan(root: int, known: Mapping[str, Entry]) -> dict[str, Entry]:
    """Every entry below an open folder by its path, the folder itself as ``.``.

    known: what an earlier scan found; attributes of what is unchanged are not read again.
    """
    found = {".": _entry(root, ".", os.fstat(root), known.get("."))}
    found |= dict(_below(root, "", known, 0))
    return _with_names(found)


def _below(
    folder: int, prefix: str, known: Mapping[str, Entry], depth: int
) -> Iterator[tuple[str, Entry]]:
    if depth > DEEPEST:
        raise StepFailed(f"{prefix} lies deeper than {DEEPEST} folders", code="files-failed")
    for name in names_in(folder):
        path = prefix + name
        try:
            seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
            yield path, _entry(folder, name, seen, known.get(path))
            if not stat.S_ISDIR(seen.st_mode):
                continue
            inner = open_folder(name, folder)
        except (FileNotFoundError, NotADirectoryError):
            continue  # it went while we looked: the next look sees that
        try:
            yield from _below(inner, f"{path}/", known, depth + 1)
        finally:
            os.close(inner)


def _entry(folder: int, name: str, seen: os.stat_result, known: Entry | None) -> Entry:
    kind, device = _kind(seen)
    entry = Entry(
        kind=kind,
        mode=stat.S_IMODE(seen.st_mode),
        uid=seen.st_uid,
        gid=seen.st_gid,
        size=seen.st_size if kind == "file" else 0,
        mtime_ns=seen.st_mtime_ns,
        ctime_ns=seen.st_ctime_ns,
        inode=(seen.st_dev, seen.st_ino),
        device=device,
    )
    if known is not None and same_stamp(known, entry) and known.kind != "same":
        return replace(entry, target=known.target, xattrs=known.xattrs, opaque=known.opaque)
    target = os.readlink(name, dir_fd=folder) if kind == "link" else None
    xattrs = _xattrs(folder, name) if kind != "whiteout" else {}
    opaque = xattrs.pop(OPAQUE, None) is not None
    kept = {key: text for key, text in xattrs.items() if not key.startswith(OWN_XATTRS)}
    return replace(entry, target=target, xattrs=tuple(sorted(kept.items())), opaque=opaque)


def _kind(seen: os.stat_result) -> tuple[str, tuple[int, int, int] | None]:
    mode = seen.st_mode
    if stat.S_ISREG(mode):
        return "file", None
    if stat.S_ISDIR(mode):
        return "directory", None
    if stat.S_ISLNK(mode):
        return "link", None
    major, minor = os.major(seen.st_rdev), os.minor(seen.st_rdev)
    if stat.S_ISCHR(mode) and (major, minor) == (0, 0):
        return "whiteout", None
    return "node", (stat.S_IFMT(mode), major, minor)


def same_stamp(one: Entry, two: Entry) -> bool:
    """Whether nothing that a change would leave a trace on differs."""
    return (one.inode, one.mtime_ns, one.ctime_ns, one.size, one.mode, one.uid, one.gid) == (
        two.inode, two.mtime_ns, two.ctime_ns, two.size, two.mode, two.uid, two.gid
    )  # fmt: skip


def surely_same(before: Entry, now: Entry, looked_ns: int) -> bool:
    """Whether it is what it was when it was looked at, by this host's wall clock, at looked_ns."""
    whole = before.ctime_ns % 1_000_000_000 == 0
    settled = before.ctime_ns + (_SECOND_NS if whole else _TICK_NS) < looked_ns
    return (
        settled
        and (before.kind, before.target) == (now.kind, now.target)
        and same_stamp(before, now)
    )


def _xattrs(folder: int, name: str) -> dict[str, str]:
    path = f"/proc/self/fd/{folder}/{name}"
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {one: _xattr(path, one) for one in names}
    except OSError:
        return {}  # none there, or it went while we looked


def _xattr(path: str, name: str) -> str:
    return base64.b64encode(os.getxattr(path, name, follow_symlinks=False)).decode()


def _with_names(found: dict[str, Entry]) -> dict[str, Entry]:
    """Of several names of one file the first in order is the file, the others name it."""
    first: dict[tuple[int, int], str] = {}
    for path in sorted(found):
        entry = found[path]
        if entry.kind == "file":
            name = first.setdefault(entry.inode, path)
            if name != path:
                found[path] = replace(entry, kind="same", target=name)
    return found


def pieces(descriptor: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Offset and content of each piece of an open file; an empty content is a hole or zeros."""
    data_from = 0
    for at in range(0, size, PIECE):
        if at >= data_from:
            data_from = _next_data(descriptor, at, size)
        if data_from >= at + PIECE:
            yield at, HOLE
            continue
        data = os.pread(descriptor, min(PIECE, size - at), at)
        yield at, HOLE if data == _ZEROS[: len(data)] else data


def _next_data(descriptor: int, at: int, size: int) -> int:
    try:
        return os.lseek(descriptor, at, os.SEEK_DATA)
    except OSError:  # nothing but a hole until the end; or it does not tell, and is read
        return size if _tells_holes(descriptor) else at


def _tells_holes(descriptor: int) -> bool:
    try:
        os.lseek(descriptor, 0, os.SEEK_HOLE)
    except OSError:
        return False
    return True


def digest(data: bytes | memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest() if len(data) else HOLE


def summary(entries: Mapping[str, Entry], sums: Mapping[str, list[bytes]]) -> str:
    """One checksum of everything that has to be the same on both hosts."""
    whole = hashlib.blake2b(digest_size=16)
    for path in sorted(entries):
        entry = entries[path]
        stamp = None if entry.kind == "directory" else entry.mtime_ns
        what = (path, entry.kind, entry.mode, entry.uid, entry.gid, entry.size, stamp)
        whole.update(
            repr((*what, entry.target, entry.device, entry.xattrs, entry.opaque)).encode(
                "utf-8", "surrogateescape"
            )
        )
        whole.update(b"".join(one or b"\0" * 16 for one in sums.get(path, [])))
    return whole.hexdigest()
