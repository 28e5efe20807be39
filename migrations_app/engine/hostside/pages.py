"""Pages on request, from the source's frozen tasks to the target's running ones, for post-copy.

CRIU's lazy-pages daemon on the target asks for pages, CRIU's page server on the source has them;
each talks to its own host only, and between the hosts goes one connection of ours, which the
caller made, authenticated and gave a timeout: the longest silence that is borne.

CRIU's side (criu/page-xfer.c), everything little endian. A request is a `page_server_iov`: the
command in four bytes, four of padding, then eight each for nr_pages, vaddr and dst_id, which is
here the bare pid. GET is answered in its turn by such a head with ADD_F and nr_pages of this
answer, which may be fewer than asked for, and by the pages; CLOSE by a status in four bytes. A
page server that has nothing at an address answers nothing and ends.

Ours, from the target: these requests as they are, and LOST when the daemon went without CLOSE.
From the source: frames, each a head (kind in one byte, three of padding, pages, length) and
`length` bytes. BASE comes first if there is a base (its fingerprint), then per answer one ANSWER
(CRIU's head) and its pages as PLAIN, PACKED (compressed) or SAME (the target has them in its
base), in their order; at the end STATUS (the page server's answer to CLOSE) or LOST.

After STATUS the connection is free for other use. On any error all sockets stay open, and how
they are closed decides what becomes of the tasks, so the caller has to choose:

* `page_server` closed: the dump ends with 0, tasks as its options say (stopped). Reset instead
  (SO_LINGER 0): the dump fails, and CRIU lets the tasks run again.
* `daemon` closed: it ends, and with it the tasks' userfaultfd; the pages that are missing read
  as zeros from then on. So the restored tasks must be killed before.
"""

from __future__ import annotations

import contextlib
import ctypes
import select
import socket
import ssl
import struct
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..errors import StepFailed
from ..tools.pagemap import PAGE
from .mapped import MappedImage, StoredPages, changed_runs
from .packing import Pack, Unpack

IOV = struct.Struct("<I4xQQQ")
GET, CLOSE, FORCE_CLOSE = 7, 0x1023, 0x1024
GONE = 0  # no command of CRIU's: the daemon went without CLOSE
STATUS_SIZE = 4
HEAD = struct.Struct("<B3xII")
BASE, ANSWER, PLAIN, PACKED, SAME, STATUS, LOST = range(1, 8)
PIECE = 128  # pages per frame: the other side works on one while the next is on its way
JOINED = 16 << 10  # bytes up to which parts go out in one call: one page is one packet's worth
REQUESTS = 64 << 10  # bytes of requests read at once; more than a TLS record has

Pace = Callable[[int], None]
Count = Callable[[int], None]


@dataclass
class Served:
    """What the source has given."""

    requests: int = 0
    pages: int = 0
    pages_same: int = 0  # of these: not sent, for they are in the base
    wire_bytes: int = 0


@dataclass
class Relayed:
    """What the target has got, and how long it waited for pages that a task stood still for."""

    requests: int = 0
    pages: int = 0
    pages_same: int = 0
    faults: int = 0  # requests for one page: nearly all of them page faults
    faults_wait_s: float = 0.0  # sum
    longest_wait_s: float = 0.0


def lost(what: str) -> StepFailed:
    return StepFailed(f"pages on request: {what}", code="pages-lost")


class Held(NamedTuple):
    """A run of pages, and where a base has it; without `stored` it has not."""

    vaddr: int
    pages: int
    stored: StoredPages | None
    at: int

    @property
    def address(self) -> int:
        return self.stored.address + self.at if self.stored else 0

    def view(self) -> memoryview:
        assert self.stored is not None
        return memoryview(self.stored.memory)[self.at : self.at + self.pages * PAGE]


class PageBase:
    """What both hosts hold of the tasks' memory: a chain of image folders, newest first.

    The two may keep it in different folders: `label` then says what it is, the same on both.
    """

    def __init__(self, folders: Sequence[Path], label: str | None = None) -> None:
        self._images = [MappedImage(folder) for folder in folders]
        self._label = label

    def populate(self, pool: ThreadPoolExecutor | None = None) -> None:
        """Map all pages, best before the tasks are frozen."""
        for image in self._images:
            image.populate(pool)

    def fingerprint(self) -> int:
        """Equal on both hosts where their chains have the same label, or the same page maps."""
        if self._label is not None:
            return zlib.crc32(self._label.encode())
        digest = len(self._images)
        for image in self._images:
            for name, stored in image.maps.items():
                digest = zlib.crc32(stored.raw, zlib.crc32(name.encode(), digest))
        return digest

    def find(self, pid: int, vaddr: int, pages: int) -> Iterator[Held]:
        """Where these pages of a task lie, in their order; each in the newest folder with it."""
        name = f"pagemap-{pid}.img"
        layers = [image.maps[name] for image in self._images if name in image.maps]
        return _search(layers, vaddr, pages)

    def close(self) -> None:
        for image in self._images:
            image.close()


def _search(layers: Sequence[StoredPages], vaddr: int, pages: int) -> Iterator[Held]:
    if not layers:
        yield Held(vaddr, pages, None, 0)
        return
    for found in layers[0].find(vaddr, pages):
        if found.at is None:
            yield from _search(layers[1:], found.vaddr, found.pages)
        else:
            yield Held(found.vaddr, found.pages, layers[0], found.at)


def serve_pages(
    connection: socket.socket,
    page_server: socket.socket,
    *,
    packer: Pack | None = None,
    pace: Pace | None = None,
    base: PageBase | None = None,
    count: Count | None = None,
) -> Served:
    """On the source: requests from the target to CRIU's page server, its answers back.

    Returns when the daemon has closed the service; the page server is told, and the dump ends
    with 0. `pace` is called before so many bytes are sent, `count` after. Raises StepFailed
    (`pages-lost`) when either side goes before.
    """
    source = _Source(connection, page_server, packer, pace, base, count)
    with _translated():
        source.run()
        # The page server waits for the other end to close, or it would not end well.
        page_server.shutdown(socket.SHUT_WR)
    return source.served


def relay_pages(
    connection: socket.socket,
    daemon: socket.socket,
    *,
    unpacker: Unpack | None = None,
    base: PageBase | None = None,
    most_pages: int | None = None,
) -> Relayed:
    """On the target: what CRIU's lazy-pages daemon asks for, from the source.

    `most_pages` caps a request: the daemon fetches up to 4 MiB at once in the background, and a
    page that a task waits for stands behind it in the queue; over a slow link that takes long.
    Returns when the daemon has closed the service, which it does after a failure of its own as
    well: its exit status tells. Raises StepFailed (`pages-lost`) when either side goes before.
    """
    target = _Target(connection, daemon, unpacker, base, most_pages)
    with _translated():
        target.run()
    return target.relayed


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise lost(f"{type(error).__name__}: {error}") from error


class _Requests:
    """Cuts a stream into requests."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, data: bytes) -> Iterator[tuple[int, int, int, int]]:
        data = self._rest + data
        whole = len(data) - len(data) % IOV.size
        self._rest = data[whole:]
        return IOV.iter_unpack(data[:whole])


class _Source:
    def __init__(
        self,
        connection: socket.socket,
        page_server: socket.socket,
        packer: Pack | None,
        pace: Pace | None,
        base: PageBase | None,
        count: Count | None,
    ) -> None:
        self.served = Served()
        self._connection, self._server = connection, page_server
        self._packer, self._pace, self._base, self._count = packer, pace, base, count
        self._requests = _Requests()
        self._asked = 0  # requests that the page server has not answered
        self._ended = False
        self._buffer = bytearray(PIECE * PAGE)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._buffer))
        _prompt(page_server)

    def run(self) -> None:
        if self._base is not None:
            self._send(HEAD.pack(BASE, 0, 4) + self._base.fingerprint().to_bytes(4, "little"))
        wait = _Wait(self._connection, self._server)
        while not self._ended:
            from_target, from_server = wait()
            if from_target:
                self._pass_requests()
            if from_server:
                self._pass_answer()

    def _pass_requests(self) -> None:
        data = _at_hand(self._connection)
        if data is None:
            return
        if not data:
            raise lost("the target hung up")
        for request in self._requests.of(data):
            if request[0] == GONE:
                raise lost("CRIU's lazy-pages daemon ended on the target")
            self._asked += request[0] == GET
            self._server.sendall(IOV.pack(*request))

    def _pass_answer(self) -> None:
        try:
            if self._asked:
                answer = _exactly(self._server, IOV.size)
            else:
                status = _exactly(self._server, STATUS_SIZE)
        except (OSError, StepFailed) as error:
            self._send(HEAD.pack(LOST, 0, 0))
            raise lost("CRIU's page server ended on the source") from error
        if self._asked:
            self._pass_pages(answer)
        else:
            self._send(HEAD.pack(STATUS, 0, STATUS_SIZE) + status)
            self._ended = True

    def _pass_pages(self, answer: bytes) -> None:
        self._asked -= 1
        _, left, vaddr, pid = IOV.unpack(answer)
        self.served.requests += 1
        self.served.pages += left
        before = HEAD.pack(ANSWER, 0, IOV.size) + answer
        while left:
            pages = min(left, PIECE)
            _fill(self._server, memoryview(self._buffer)[: pages * PAGE])
            for first, run, same in self._runs(pid, vaddr, pages):
                self._send_pages(before, first, run, same)
                before = b""
            left -= pages
            vaddr += pages * PAGE

    def _runs(self, pid: int, vaddr: int, pages: int) -> Iterator[tuple[int, int, bool]]:
        """(first, pages, whether the base has the same) for each run of what is in the buffer."""
        if self._base is None:
            yield 0, pages, False
            return
        start = done = 0
        for held in self._base.find(pid, vaddr, pages):
            changed = [(0, held.pages)]
            if held.stored is not None:
                changed = changed_runs(self._address + start * PAGE, held.address, held.pages)
            for first, run in changed:
                if start + first > done:
                    yield done, start + first - done, True
                yield start + first, run, False
                done = start + first + run
            start += held.pages
        if pages > done:
            yield done, pages - done, True

    def _send_pages(self, before: bytes, first: int, pages: int, same: bool) -> None:
        if same:
            self.served.pages_same += pages
            self._send(before + HEAD.pack(SAME, pages, 0))
            return
        data: memoryview | bytes = memoryview(self._buffer)[first * PAGE : (first + pages) * PAGE]
        kind = PLAIN
        if self._packer is not None:
            packed = self._packer(memoryview(data))
            if len(packed) < len(data):
                kind, data = PACKED, packed
        self._send(before + HEAD.pack(kind, pages, len(data)), data)

    def _send(self, head: bytes, data: memoryview | bytes = b"") -> None:
        size = len(head) + len(data)
        if self._pace is not None:
            self._pace(size)
        if size <= JOINED:
            self._connection.sendall(head + data)
        else:
            self._connection.sendall(head)
            self._connection.sendall(data)
        self.served.wire_bytes += size
        if self._count is not None:
            self._count(size)


class _Target:
    def __init__(
        self,
        connection: socket.socket,
        daemon: socket.socket,
        unpacker: Unpack | None,
        base: PageBase | None,
        most_pages: int | None,
    ) -> None:
        self.relayed = Relayed()
        self._connection, self._daemon = connection, daemon
        self._unpacker, self._base, self._most = unpacker, base, most_pages
        self._requests = _Requests()
        self._asked: deque[tuple[int, float]] = deque()  # (pages, when) of what is not answered
        self._left = self._vaddr = self._pid = 0  # of the answer that is under way
        self._ended = False
        self._plain = bytearray(PIECE * PAGE)
        self._packed = bytearray(PIECE * PAGE)
        _prompt(daemon)

    def run(self) -> None:
        wait = _Wait(self._connection, self._daemon)
        while not self._ended:
            from_source, from_daemon = wait()
            if from_daemon:
                self._pass_requests()
            if from_source:
                self._pass_frame()

    def _pass_requests(self) -> None:
        data = _at_hand(self._daemon)
        if data is None:
            return
        if not data:
            self._connection.sendall(IOV.pack(GONE, 0, 0, 0))
            raise lost("CRIU's lazy-pages daemon ended")
        now = time.monotonic()
        for command, pages, vaddr, pid in self._requests.of(data):
            asked = min(pages, self._most or pages)
            if command == GET:
                self._asked.append((asked, now))
            self._connection.sendall(IOV.pack(command, asked, vaddr, pid))

    def _pass_frame(self) -> None:
        kind, pages, length = HEAD.unpack(_exactly(self._connection, HEAD.size))
        if kind in (PLAIN, PACKED, SAME):
            self._pass_pages(kind, pages, length)
        elif kind == ANSWER:
            self._begin(_exactly(self._connection, IOV.size))
        elif kind == STATUS:
            self._daemon.sendall(_exactly(self._connection, STATUS_SIZE))
            self._ended = True
        elif kind == BASE:
            self._check_base(_exactly(self._connection, 4))
        elif kind == LOST:
            raise lost("CRIU's page server ended on the source")
        else:
            raise _broken(f"no such frame: {kind}")

    def _check_base(self, fingerprint: bytes) -> None:
        ours = self._base.fingerprint() if self._base else None
        if ours != int.from_bytes(fingerprint, "little"):
            raise _broken("the two hosts hold different images to compare with")

    def _begin(self, answer: bytes) -> None:
        if self._left or not self._asked:
            raise _broken("an answer that nobody asked for")
        _, self._left, self._vaddr, self._pid = IOV.unpack(answer)
        self._daemon.sendall(answer)

    def _pass_pages(self, kind: int, pages: int, length: int) -> None:
        plain = pages * PAGE
        if not 0 < pages <= self._left or length != {PLAIN: plain, SAME: 0}.get(kind, length):
            raise _broken("a frame of another size")
        if kind == SAME:
            self._fill_in(pages)
        elif max(plain, length) > len(self._plain):
            raise _broken("a frame longer than any")
        else:
            self._daemon.sendall(self._received(kind, plain, length))
        self.relayed.pages += pages
        self._vaddr += plain
        self._left -= pages
        if not self._left:
            self._note()

    def _received(self, kind: int, plain: int, length: int) -> memoryview:
        into = memoryview(self._plain)[:plain]
        if kind == PLAIN:
            _fill(self._connection, into)
        elif self._unpacker is None:
            raise _broken("a packed frame, and none was agreed on")
        else:
            packed = memoryview(self._packed)[:length]
            _fill(self._connection, packed)
            self._unpacker(packed, into)
        return into

    def _fill_in(self, pages: int) -> None:
        """Give the daemon pages that we have ourselves."""
        for held in self._base.find(self._pid, self._vaddr, pages) if self._base else ():
            if held.stored is None:
                raise _broken(f"no page at {held.vaddr:#x} to compare with")
            self._daemon.sendall(held.view())
        self.relayed.pages_same += pages

    def _note(self) -> None:
        pages, since = self._asked.popleft()
        self.relayed.requests += 1
        if pages == 1:
            waited = time.monotonic() - since
            self.relayed.faults += 1
            self.relayed.faults_wait_s += waited
            self.relayed.longest_wait_s = max(self.relayed.longest_wait_s, waited)


def _broken(what: str) -> StepFailed:
    return StepFailed(f"pages on request: {what}", code="channel-broken")


class _Wait:
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


def _at_hand(connection: socket.socket) -> bytes | None:
    """What can be read without waiting; None: nothing, which TLS's own messages end in."""
    limit = connection.gettimeout()
    connection.settimeout(0)
    try:
        return connection.recv(REQUESTS)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    finally:
        connection.settimeout(limit)


def _prompt(local: socket.socket) -> None:
    if local.family in (socket.AF_INET, socket.AF_INET6):
        local.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    _fill(connection, memoryview(data))
    return bytes(data)


def _fill(connection: socket.socket, into: memoryview) -> None:
    while into:
        got = connection.recv_into(into)
        if not got:
            raise lost("a connection ended in the middle")
        into = into[got:]
