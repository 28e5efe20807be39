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
    """Turns writes into frames; `finish` ends the stream. Counts the bytes in `count`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pending = bytearray()
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._pending += view
        self.count += len(view)
        if len(self._pending) >= FRAME:
            self._send()
        return len(view)

    def finish(self) -> None:
        self._send()
        self._connection.sendall(_LENGTH.pack(0))

    def _send(self) -> None:
        if self._pending:
            self._connection.sendall(_LENGTH.pack(len(self._pending)))
            self._connection.sendall(self._pending)
            self._pending = bytearray()


class FrameReader(io.RawIOBase):
    """Reads frames as one stream until the frame of length 0. Counts the bytes in `count`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._left = 0
        self._ended = False
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left == 0 and not self._ended:
            self._left = _length(self._connection)
            self._ended = self._left == 0
        if self._ended:
            return 0
        view = memoryview(buffer).cast("B")[: self._left]
        got = self._connection.recv_into(view)
        if got == 0:
            raise StepFailed("the other host hung up in the middle", code="channel-broken")
        self._left -= got
        self.count += got
        return got

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
