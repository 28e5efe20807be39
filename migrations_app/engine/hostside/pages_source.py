"""Pages on request, the source's side: pages are sent ahead, and first of all what is asked for."""

from __future__ import annotations

import contextlib
import ctypes
import socket
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..tools.pagemap import LAZY, PAGE, parse
from . import pages_wire as wire
from .mapped import PageBase, changed_runs
from .packing import Pack
from .pages_wire import HEAD, IOV, PIECE, lost

DEPTH = 2  # requests that the page server has at once: it reads on while an answer is sent
JOINED = 16 << 10  # bytes up to which head and pages go out in one call
WINDOW = 4 * PIECE  # pages sent ahead that the target has not got yet: all that others wait behind

Pace = Callable[[int], None]
Count = Callable[[int], None]


@dataclass
class Served:
    """What the source has given."""

    pages: int = 0
    pages_asked: int = 0  # of these: asked for before their turn came
    pages_same: int = 0  # not sent, for they are in the base
    wire_bytes: int = 0


class Run(NamedTuple):
    pid: int
    vaddr: int
    pages: int


class Ahead:
    """The pages that were not sent yet: runs of addresses per task, in order."""

    def __init__(self, images: Path) -> None:
        self._starts: dict[int, list[int]] = {}
        self._ends: dict[int, list[int]] = {}
        for path in images.glob("pagemap-*.img"):
            number = path.name[len("pagemap-") : -len(".img")]
            if number.isdigit():  # shared memory is never lazy
                lazy = [e for e in parse(path.read_bytes()).entries if e.flags & LAZY]
                self._starts[int(number)] = [entry.vaddr for entry in lazy]
                self._ends[int(number)] = [entry.end for entry in lazy]

    def next(self) -> Run | None:
        """At most a frame's worth of the lowest pages."""
        for pid, starts in self._starts.items():
            if starts:
                pages = (self._ends[pid][0] - starts[0]) // PAGE
                return self.take(pid, starts[0], min(pages, PIECE))[0]
        return None

    def take(self, pid: int, vaddr: int, pages: int) -> list[Run]:
        """Which of these pages were not taken before."""
        starts, ends = self._starts.get(pid, []), self._ends.get(pid, [])
        end = vaddr + pages * PAGE
        first = bisect_right(ends, vaddr)
        last = bisect_right(starts, end - 1)
        found = list(zip(starts[first:last], ends[first:last], strict=True))
        if found:
            left = [(found[0][0], vaddr), (end, found[-1][1])]
            left = [(start, stop) for start, stop in left if start < stop]
            starts[first:last] = [start for start, _ in left]
            ends[first:last] = [stop for _, stop in left]
        cut = [(max(start, vaddr), min(stop, end)) for start, stop in found]
        return [Run(pid, start, (stop - start) // PAGE) for start, stop in cut]


class Source:
    def __init__(
        self,
        connection: socket.socket,
        page_server: socket.socket,
        packer: Pack | None,
        pace: Pace | None,
        base: PageBase | None,
        count: Count | None,
        images: Path | None,
    ) -> None:
        self.served = Served()
        self._connection, self._server = connection, page_server
        self._packer, self._pace, self._base, self._count = packer, pace, base, count
        self._ahead = None if images is None else Ahead(images)
        self._requests = wire.Requests()
        self._urgent: deque[Run] = deque()  # single pages: a task of the target waits for them
        self._wanted: deque[Run] = deque()  # what else the daemon has asked for
        self._asked: deque[Run] = deque()  # what the page server has not answered
        self._flying = 0  # pages that the target has not got yet
        self._running = False  # whether the target's tasks do, as far as is known
        self._closing = self._ended = False
        self._buffer = bytearray(PIECE * PAGE)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._buffer))
        wire.prompt(page_server)

    def run(self) -> None:
        if self._base is not None:
            fingerprint = self._base.fingerprint().to_bytes(4, "little")
            self._send(HEAD.pack(wire.BASE, 0, len(fingerprint), 0, 0) + fingerprint)
        wait = wire.Wait(self._connection, self._server)
        while not self._ended:
            self._ask_on()
            from_target, from_server = wait()
            if from_target:
                self._take_requests()
            if from_server:
                self._pass_answer()

    def _ask_on(self) -> None:
        """Keep the page server at work: with what the target waits for, else with what is left."""
        while not self._closing and len(self._asked) < DEPTH:
            run = self._next()
            if run is None:
                return
            self._asked.append(run)
            self._flying += run.pages
            with self._server_needed():
                self._server.sendall(IOV.pack(wire.GET, run.pages, run.vaddr, run.pid))

    def _next(self) -> Run | None:
        if self._urgent:
            return self._urgent.popleft()
        return self._wanted.popleft() if self._wanted else self._next_ahead()

    def _next_ahead(self) -> Run | None:
        # Not before the first request: the restore has better use for the target's processors.
        if self._ahead is None or not self._running or self._flying >= WINDOW:
            return None
        return self._ahead.next()

    def _take_requests(self) -> None:
        data = wire.at_hand(self._connection)
        if data is None:
            return
        if not data:
            raise lost("the target hung up")
        for command, pages, vaddr, pid in self._requests.of(data):
            if command == wire.GONE:
                raise lost("CRIU's lazy-pages daemon ended on the target")
            if command == wire.GOT:
                self._flying -= pages
            elif command in (wire.CLOSE, wire.FORCE_CLOSE):
                self._closing = True
                with self._server_needed():
                    self._server.sendall(IOV.pack(command, pages, vaddr, pid))
            else:
                self._hurry(Run(pid, vaddr, pages), again=command == wire.AGAIN)

    def _hurry(self, run: Run, *, again: bool) -> None:
        """What is under way already needs no second request."""
        self._running = True
        runs = [run] if again or self._ahead is None else self._ahead.take(*run)
        for pid, vaddr, pages in runs:
            self.served.pages_asked += pages
            queue = self._urgent if run.pages == 1 else self._wanted
            for first in range(0, pages, PIECE):
                part = min(PIECE, pages - first)
                queue.append(Run(pid, vaddr + first * PAGE, part))

    def _pass_answer(self) -> None:
        if not self._asked:
            with self._server_needed():
                status = wire.exactly(self._server, wire.STATUS_SIZE)
            self._send(HEAD.pack(wire.STATUS, 0, len(status), 0, 0) + status)
            self._ended = True
            return
        asked = self._asked.popleft()
        with self._server_needed():
            _, pages, vaddr, pid = IOV.unpack(wire.exactly(self._server, IOV.size))
            if (vaddr, pid) != (asked.vaddr, asked.pid) or not 0 < pages <= asked.pages:
                raise lost("the page server answers what nobody asked")
            wire.fill(self._server, memoryview(self._buffer)[: pages * PAGE])
        if pages < asked.pages:  # its own runs of pages may end earlier
            rest = Run(pid, vaddr + pages * PAGE, asked.pages - pages)
            self._wanted.appendleft(rest)
            self._flying -= rest.pages
        self._pass_pages(Run(pid, vaddr, pages))

    @contextlib.contextmanager
    def _server_needed(self) -> Iterator[None]:
        """The target learns why nothing comes any more; frames were sent whole so far."""
        try:
            yield
        except Exception as error:
            with contextlib.suppress(OSError):
                self._send(HEAD.pack(wire.LOST, 0, 0, 0, 0))
            raise lost("CRIU's page server ended on the source") from error

    def _pass_pages(self, run: Run) -> None:
        self.served.pages += run.pages
        for first, pages, same in self._same_or_not(run):
            vaddr = run.vaddr + first * PAGE
            if same:
                self.served.pages_same += pages
                self._send(HEAD.pack(wire.SAME, pages, 0, run.pid, vaddr))
            else:
                self._send_pages(Run(run.pid, vaddr, pages), first * PAGE)

    def _same_or_not(self, run: Run) -> Iterator[tuple[int, int, bool]]:
        """(first, pages, whether the base has the same) for each run of what is in the buffer."""
        if self._base is None:
            yield 0, run.pages, False
            return
        start = done = 0
        for held in self._base.find(*run):
            changed = [(0, held.pages)]
            if held.stored is not None:
                changed = changed_runs(self._address + start * PAGE, held.address, held.pages)
            for first, pages in changed:
                if start + first > done:
                    yield done, start + first - done, True
                yield start + first, pages, False
                done = start + first + pages
            start += held.pages
        if run.pages > done:
            yield done, run.pages - done, True

    def _send_pages(self, run: Run, at: int) -> None:
        plain = memoryview(self._buffer)[at : at + run.pages * PAGE]
        kind, data = wire.PLAIN, plain
        if self._packer is not None:
            packed = self._packer(plain)
            if len(packed) < len(plain):
                kind, data = wire.PACKED, memoryview(packed)
        self._send(HEAD.pack(kind, run.pages, len(data), run.pid, run.vaddr), data)

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
