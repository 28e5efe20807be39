"""The data channel between two hosts: mutual TLS with a key pair per migration, or plain TCP.

Each side trusts one certificate alone, the one that the controller made for the other side of
this migration. On it go frames: four bytes of length, big endian, then so many bytes; a length of
0 ends a stream. A JSON object travels as one frame. The order:

    source -> target   {"token": …, "item": {…}}
    source -> target   the stream
    target -> source   {"bytes": n} or {"error": {code, message}}
"""

from __future__ import annotations

import io
import json
import os
import socket
import ssl
import struct
import tempfile
from collections.abc import Mapping
from typing import Any

from ..errors import StepFailed
from . import packing
from .pace import Pace

FRAME = 1 << 20
LONGEST_JSON = 1 << 16
_LENGTH = struct.Struct(">I")


def tls_context(certificate: str, key: str, peer: str, *, server: bool) -> ssl.SSLContext:
    """TLS 1.3 that shows our certificate and takes the peer's alone; texts are PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate itself is pinned, names mean nothing here
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=peer)
    # load_cert_chain takes files only: a file that is gone when this returns, in root's tmpfs.
    with tempfile.NamedTemporaryFile("w", dir=_private_folder()) as pair:
        pair.write(key + "\n" + certificate)
        pair.flush()
        context.load_cert_chain(pair.name)
    return context


def _private_folder() -> str:
    return "/run" if os.access("/run", os.W_OK) else tempfile.gettempdir()


def send_json(connection: socket.socket, value: Mapping[str, Any]) -> None:
    body = json.dumps(value).encode()
    connection.sendall(_LENGTH.pack(len(body)) + body)


def receive_json(connection: socket.socket) -> dict[str, Any]:
    """One JSON frame. Raises StepFailed when the peer hangs up or sends something else."""
    length = _length(connection)
    if not 0 < length <= LONGEST_JSON:
        raise StepFailed("the other host sent no answer", code="channel-broken")
    try:
        value = json.loads(_exactly(connection, length))
    except ValueError as error:
        raise StepFailed("the other host's answer is no JSON", code="channel-broken") from error
    if not isinstance(value, dict):
        raise StepFailed("the other host's answer is no object", code="channel-broken")
    return value


class FrameWriter(io.RawIOBase):
    """Turns writes into frames; `finish` ends the stream. Counts what is sent in `count`."""

    def __init__(self, connection: socket.socket, compression: str, pace: Pace) -> None:
        self._connection = connection
        self._pack = None if compression == packing.NONE else packing.packer(compression)
        self._pace = pace
        self._pending = bytearray()
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._pending += view
        if len(self._pending) >= FRAME:
            self._send()
        return len(view)

    def finish(self) -> None:
        self._send()
        self._connection.sendall(_LENGTH.pack(0))

    def _send(self) -> None:
        pending, self._pending = self._pending, bytearray()
        for start in range(0, len(pending), FRAME):
            self._frame(pending[start : start + FRAME])

    def _frame(self, data: bytearray) -> None:
        frame = data
        if self._pack:
            frame = bytearray(_LENGTH.pack(len(data)) + self._pack(memoryview(data)))
        self._pace(len(frame))
        self._connection.sendall(_LENGTH.pack(len(frame)))
        self._connection.sendall(frame)
        self.count += len(frame)


class FrameReader(io.RawIOBase):
    """Reads frames as one stream until the frame of length 0. Counts the bytes in `count`."""

    def __init__(self, connection: socket.socket, compression: str = packing.NONE) -> None:
        self._connection = connection
        self._unpack = None if compression == packing.NONE else packing.unpacker(compression)
        self._left = 0
        self._whole = memoryview(b"")  # what is left of an unpacked frame
        self._ended = False
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left == 0 and not self._whole and not self._ended:
            self._next_frame()
        if self._ended:
            return 0
        if self._unpack:
            return self._from_whole(memoryview(buffer).cast("B"))
        view = memoryview(buffer).cast("B")[: self._left]
        got = self._connection.recv_into(view)
        if got == 0:
            raise StepFailed("the other host hung up in the middle", code="channel-broken")
        self._left -= got
        self.count += got
        return got

    def _next_frame(self) -> None:
        self._left = _length(self._connection)
        self._ended = self._left == 0
        if self._ended or not self._unpack:
            return
        packed = bytearray(_exactly(self._connection, min(self._left, 2 * FRAME)))
        self.count, self._left = self.count + len(packed), 0
        (size,) = _LENGTH.unpack(packed[: _LENGTH.size])
        if not 0 < size <= FRAME:
            raise StepFailed("a packed frame is damaged", code="channel-broken")
        self._whole = memoryview(bytearray(size))
        self._unpack(memoryview(packed)[_LENGTH.size :], self._whole)

    def _from_whole(self, view: memoryview) -> int:
        count = min(len(view), len(self._whole))
        view[:count] = self._whole[:count]
        self._whole = self._whole[count:]
        return count

    def drain(self) -> None:
        """Read what is left, so that the sender gets as far as our answer."""
        spare = bytearray(FRAME)
        while self.readinto(spare):
            pass


def _length(connection: socket.socket) -> int:
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return int(length)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise StepFailed("the other host hung up", code="channel-broken")
        parts += part
    return bytes(parts)
