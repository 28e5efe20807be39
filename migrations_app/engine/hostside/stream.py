"""Images on their way from memory to memory, while CRIU still writes them.

After the head (see channel.py) each message is a JSON frame, and bytes after it where it says so:

    {"file": "pages-1.img", "at": offset, "size": n}    a piece of an image of the folder
    {"path": "/…", "at": offset, "size": n, "mode": …, "uid": …, "gid": …}   of a file elsewhere
    {"folder": "0"}      what follows belongs into that folder of the job
    {"parent": "0"}      which goes on from the images in that one
    {…}                  any other object: for whoever reads the stream

`packed` beside `size` says that so many bytes follow, compressed.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import socket
import struct
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from . import packing
from .calls import CriuCall
from .channel import receive_json
from .pace import Pace

PIECE = 1 << 20
FIRST = "images"  # where pieces belong until a message names another folder
SPARE = "spare"  # room made before it is needed, see Inlet.make_room
MAP = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)  # Python 3.10 has it on Linux
GATHER = 1 << 18  # small pieces go out together
LOOK_AGAIN_S = 0.001
_LENGTH = struct.Struct(">I")


class Outlet:
    """The sending end: counts what goes out in `count`, packs it and keeps to the pace."""

    def __init__(self, connection: socket.socket, compression: str, pace: Pace) -> None:
        self._connection = connection
        self._pack = None if compression == packing.NONE else packing.packer(compression)
        self._pace = pace
        self._pending = bytearray()
        self.count = 0
        self.first_ns: int | None = None  # when the first byte left

    def say(self, message: Mapping[str, Any]) -> None:
        """Any message without bytes, and all that waits before it."""
        self._gather(message, b"")
        self.flush()

    def line(self, message: Mapping[str, Any]) -> None:
        """A message without bytes that goes out with the next ones."""
        self._gather(message, b"")

    def piece(self, head: Mapping[str, Any], descriptor: int, at: int, size: int) -> None:
        """At most PIECE bytes of an open file; mapped, since reading would copy them once more."""
        message = {**head, "at": at, "size": size}
        if size == 0:
            self._gather(message, b"")
            return
        start = at - at % mmap.ALLOCATIONGRANULARITY
        if os.fstat(descriptor).st_size < at + size:
            raise StepFailed("an image became shorter while it was sent", code="transfer-failed")
        mapped = mmap.mmap(descriptor, at - start + size, MAP, mmap.PROT_READ, offset=start)
        with memoryview(mapped) as whole, whole[at - start :] as view:
            self._packed(message, view)
        mapped.close()  # not after an error: the send that failed still holds a part of it

    def data(self, head: Mapping[str, Any], data: bytes) -> None:
        """As piece, of bytes that were read: of a file that may become shorter at any time."""
        self._packed({**head, "size": len(data)}, memoryview(data))

    def _packed(self, message: Mapping[str, Any], view: memoryview) -> None:
        packed = self._pack(view) if self._pack else None
        if packed is not None and len(packed) < len(view):
            self._gather({**message, "packed": len(packed)}, packed)
        else:
            self._gather(message, view)

    def _gather(self, message: Mapping[str, Any], data: bytes | memoryview) -> None:
        body = json.dumps(message).encode()
        self._pending += _LENGTH.pack(len(body)) + body
        if len(data) + len(self._pending) <= GATHER:
            self._pending += data
            return
        self.flush()
        self._put(data)

    def flush(self) -> None:
        if self._pending:
            self._put(self._pending)
            self._pending = bytearray()

    def _put(self, data: bytes | bytearray | memoryview) -> None:
        if data:
            self._pace(len(data))
            self.first_ns = self.first_ns or time.monotonic_ns()
            self._connection.sendall(data)
            self.count += len(data)


class FolderSender:
    """Sends a folder of images, each byte once, however often it is asked."""

    def __init__(self, outlet: Outlet, folder: Path) -> None:
        self._outlet = outlet
        self._folder = folder
        self._sent: dict[str, int] = {}
        self._open: dict[str, int] = {}

    def follow(self, call: CriuCall, step: str) -> None:
        """Send pages as CRIU writes them, until it has reached this step or has ended."""
        while not (call.happened(step) or call.ended):
            if not self._growth(self._folder.glob("pages-*.img")):
                call.pause(LOOK_AGAIN_S)

    def rest(self) -> None:
        """Send all that is there and has not been sent; the descriptors are closed."""
        self._growth(path for path in self._folder.iterdir() if not path.is_symlink())
        self._outlet.flush()
        self.close()

    def close(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open = {}

    def _growth(self, paths: Iterator[Path]) -> bool:
        return any([self._grown(path) for path in paths if path.is_file()])

    def _grown(self, path: Path) -> bool:
        """Send what was added to a file; whether there was anything."""
        name = path.name
        if name not in self._open:
            self._open[name] = os.open(path, os.O_RDONLY)
        descriptor, new = self._open[name], name not in self._sent
        at, size = self._sent.get(name, 0), os.fstat(descriptor).st_size
        self._sent[name] = size
        for start in range(at, size, PIECE):
            self._outlet.piece({"file": name}, descriptor, start, min(PIECE, size - start))
        if new and size == 0:
            self._outlet.piece({"file": name}, descriptor, 0, 0)
        return size > at


def send_file(outlet: Outlet, path: Path) -> None:
    """A file that has to lie at the same place on the target, with its owner and mode."""
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        head = {"path": str(path), "mode": stat.st_mode & 0o7777}
        head |= {"uid": stat.st_uid, "gid": stat.st_gid}
        for start in range(0, stat.st_size or 1, PIECE):
            size = min(PIECE, stat.st_size - start)
            outlet.piece(head, file.fileno(), start, size)


class Inlet:
    """The receiving end: puts pieces where they belong, hands on the other messages."""

    def __init__(
        self,
        connection: socket.socket,
        root: Path,
        allowed: Collection[str] = (),
        compression: str = packing.NONE,
    ) -> None:
        self._connection = connection
        self._root = root
        self._folder = root / FIRST
        self._ends: dict[Path, int] = {}
        self._allowed = allowed
        self._unpack = None if compression == packing.NONE else packing.unpacker(compression)
        self._buffers = bytearray(PIECE), bytearray(PIECE)
        self._open: dict[Path, int] = {}
        self.count = 0

    def make_room(self, size: int) -> None:
        """Have so much memory ready for the first pages: to get it takes as long as to fill it."""
        with (self._folder / SPARE).open("wb") as spare, contextlib.suppress(OSError):
            os.posix_fallocate(spare.fileno(), 0, size)

    def messages(self) -> Iterator[dict[str, Any]]:
        """Every message that is for the caller; pieces are stored on the way."""
        try:
            while True:
                message = receive_json(self._connection)
                if "size" in message:
                    self.store(message)
                elif "folder" in message:
                    self._enter(_folder_name(message["folder"]))
                elif "parent" in message:
                    link = self._folder / "parent"
                    link.symlink_to(f"../{_folder_name(message['parent'])}")
                else:
                    yield message
        finally:
            self.close()

    def close(self) -> None:
        """Every file is as long as what came for it."""
        for path, descriptor in self._open.items():
            if path in self._ends:
                os.ftruncate(descriptor, self._ends[path])
            os.close(descriptor)
        self._open = {}
        (self._root / FIRST / SPARE).unlink(missing_ok=True)

    def _enter(self, name: str) -> None:
        self._folder = self._root / name
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def store(self, message: Mapping[str, Any]) -> None:
        path = self._place(message)
        descriptor = self._descriptor(path, message)
        data, at = self.receive(message), int(message["at"])
        while data:
            written = os.pwrite(descriptor, data, at)
            data, at = data[written:], at + written
        self._ends[path] = max(at, self._ends.get(path, 0))

    def receive(self, message: Mapping[str, Any]) -> memoryview:
        size, packed = int(message["size"]), message.get("packed")
        if not 0 <= size <= PIECE or not 0 <= int(packed or 0) <= PIECE:
            raise StepFailed("a piece is too large", code="transfer-failed")
        if packed is None:
            return self._exactly(memoryview(self._buffers[0])[:size])
        raw = self._exactly(memoryview(self._buffers[1])[: int(packed)])
        if self._unpack is None:
            raise StepFailed("unexpected compression", code="transfer-failed")
        whole = memoryview(self._buffers[0])[:size]
        self._unpack(raw, whole)
        return whole

    def _exactly(self, view: memoryview) -> memoryview:
        at = 0
        while at < len(view):
            got = self._connection.recv_into(view[at:])
            if got == 0:
                raise StepFailed("the other host hung up in the middle", code="channel-broken")
            at += got
        self.count += at
        return view

    def _descriptor(self, path: Path, message: Mapping[str, Any]) -> int:
        if path not in self._open:
            if path.name.startswith("pages-") and (path.parent / SPARE).exists():
                (path.parent / SPARE).rename(path)
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._open[path] = os.open(path, flags, 0o600)
            if "mode" in message:
                os.fchown(self._open[path], int(message["uid"]), int(message["gid"]))
                os.fchmod(self._open[path], int(message["mode"]) & 0o7777)
        return self._open[path]

    def _place(self, message: Mapping[str, Any]) -> Path:
        if "path" in message:
            path = Path(str(message["path"]))
            if str(path) not in self._allowed:
                raise StepFailed(f"unexpected file {path}", code="transfer-failed")
            path.parent.mkdir(parents=True, exist_ok=True)
            return path
        name = str(message["file"])
        if "/" in name or name in ("", ".", "..", "parent"):
            raise StepFailed(f"unexpected file {name!r}", code="transfer-failed")
        return self._folder / name


def _folder_name(name: object) -> str:
    if not isinstance(name, str) or not name.isalnum() or len(name) > 20:
        raise StepFailed(f"unexpected folder {name!r}", code="transfer-failed")
    return name
