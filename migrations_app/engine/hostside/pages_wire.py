"""Pages on request, what both hosts share: the two protocols, and sockets read to the byte.

CRIU's (criu/page-xfer.c), everything little endian. A request is a `page_server_iov`: the command
in four bytes, four of padding, then eight each for nr_pages, vaddr and dst_id, which is here the
bare pid. The page server answers GET in its turn by such a head with ADD_F and nr_pages of this
answer, which may be fewer than asked for, and by the pages; CLOSE by a status in four bytes. A
page server that has nothing at an address answers nothing and ends.

Ours. From the target: GET for pages that the daemon waits for, AGAIN for such that it had before
(a child forked meanwhile), GOT for so many pages that have arrived, the daemon's CLOSE, or GONE
when it went without. From the source: frames, each a head and `length` bytes. The head: kind in
one byte, three of padding, pages, length and pid in four each, vaddr in eight. BASE comes first
if there is a base (its fingerprint). Pages come as PLAIN, PACKED (compressed) or SAME (the target
has them in its base), in any order and unasked, each page once; GET says which are to be next.
At the end STATUS (the page server's answer to CLOSE) or LOST; after STATUS the connection is free
for other use.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
from collections.abc import Iterator

from ..errors import StepFailed

IOV = struct.Struct("<I4xQQQ")
GET, CLOSE, FORCE_CLOSE = 7, 0x1023, 0x1024
GONE, AGAIN, GOT = 0, 1, 2  # no commands of CRIU's in this direction
STATUS_SIZE = 4
HEAD = struct.Struct("<B3xIIIQ")
BASE, PLAIN, PACKED, SAME, STATUS, LOST = range(1, 7)
PIECE = 16  # pages per frame: what is asked for next waits for no more than two of them
REQUESTS = 64 << 10  # bytes of requests read at once; more than a TLS record has

Request = tuple[int, int, int, int]  # command, pages, vaddr, pid


def lost(what: str) -> StepFailed:
    return StepFailed(f"pages on request: {what}", code="pages-lost")


def broken(what: str) -> StepFailed:
    return StepFailed(f"pages on request: {what}", code="channel-broken")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise lost(f"{type(error).__name__}: {error}") from error


class Requests:
    """Cuts a stream into requests."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, data: bytes) -> Iterator[Request]:
        data = self._rest + data
        whole = len(data) - len(data) % IOV.size
        self._rest = data[whole:]
        return IOV.iter_unpack(data[:whole])


class Wait:
    """Waits for either of two sockets, at most for the first one's timeout."""

    def __init__(self, connection: socket.socket, local: socket.socket) -> None:
        self._connection, self._local = connection, local
        self._poll = select.poll()
        for one in (connection, local):
            self._poll.register(one, select.POLLIN)
        limit = connection.gettimeout()
        self._limit_ms = None if limit is None else limit * 1000

    def __call__(self) -> tuple[bool, bool]:
        """Which of the two has something to say, or has ended."""
        # What TLS has unpacked already no poll can see.
        held = isinstance(self._connection, ssl.SSLSocket) and self._connection.pending() > 0
        ready = {number for number, _ in self._poll.poll(0 if held else self._limit_ms)}
        if not ready and not held:
            raise lost("nothing was heard for too long")
        return held or self._connection.fileno() in ready, self._local.fileno() in ready


def at_hand(connection: socket.socket) -> bytes | None:
    """What can be read without waiting; None: nothing, as after messages of TLS's own."""
    limit = connection.gettimeout()
    connection.settimeout(0)
    try:
        return connection.recv(REQUESTS)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    finally:
        connection.settimeout(limit)


def prompt(local: socket.socket) -> None:
    if local.family in (socket.AF_INET, socket.AF_INET6):
        local.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    fill(connection, memoryview(data))
    return bytes(data)


def fill(connection: socket.socket, into: memoryview) -> None:
    while into:
        got = connection.recv_into(into)
        if not got:
            raise lost("a connection ended in the middle")
        into = into[got:]
