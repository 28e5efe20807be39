"""Pages on request, the target's side: CRIU's daemon is answered from what has arrived."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from ..tools.pagemap import PAGE
from . import pages_wire as wire
from .mapped import PageBase
from .packing import Unpack
from .pages_wire import HEAD, IOV, PIECE, Request, broken, lost

ADD_F = 4 << 16 | 6  # with the flag PRESENT
# Pages asked of the source at once: the daemon wants up to 1024 in the background, and what a task
# waits for stands behind them. It asks again for those that it does not get.
MOST_ASKED = 4 * PIECE


@dataclass
class Relayed:
    """What the daemon got, and how long it waited for pages that a task stood still for."""

    requests: int = 0
    pages: int = 0
    pages_same: int = 0  # of what came: taken from the base
    faults: int = 0  # requests for one page: nearly all of them page faults
    faults_wait_s: float = 0.0  # sum
    longest_wait_s: float = 0.0


class Asked(NamedTuple):
    """What the daemon waits for; answers are due in the order of requests."""

    pid: int
    vaddr: int
    pages: int
    since: float


@dataclass
class Piece:
    """Pages that arrived together."""

    vaddr: int
    data: memoryview


@dataclass
class Arrived:
    """One task's pages that the daemon has not had yet; None where it has had them."""

    pages: dict[int, Piece | None] = field(default_factory=dict)  # by address
    coming: set[int] = field(default_factory=set)  # asked of the source

    def add(self, piece: Piece) -> None:
        addresses = range(piece.vaddr, piece.vaddr + len(piece.data), PAGE)
        self.pages.update(zip(addresses, repeat(piece)))
        self.coming.difference_update(addresses)

    def had(self, vaddr: int) -> bool:
        return self.pages.get(vaddr, self) is None

    def ask(self, vaddr: int, most: int) -> int:
        """How many pages from vaddr on are to be asked for; they are coming from now on."""
        stop = vaddr + most * PAGE
        known = (at for at in range(vaddr, stop, PAGE) if at in self.pages or at in self.coming)
        addresses = range(vaddr, next(known, stop), PAGE)
        self.coming.update(addresses)
        return len(addresses)

    def ask_again(self, vaddr: int) -> None:
        del self.pages[vaddr]
        self.coming.add(vaddr)

    def take(self, vaddr: int, most: int) -> list[memoryview]:
        """The pages from vaddr on that are there, at most so many."""
        found, at, end = [], vaddr, vaddr + most * PAGE
        while at < end and (piece := self.pages.get(at)) is not None:
            start = at - piece.vaddr
            data = piece.data[start : start + end - at]
            found.append(data)
            # A part may have been had before, by a task's child: it is as good a second time.
            self.pages.update(zip(range(at, at + len(data), PAGE), repeat(None)))
            at += len(data)
        return found


class Target:
    def __init__(
        self,
        connection: socket.socket,
        daemon: socket.socket,
        unpacker: Unpack | None,
        base: PageBase | None,
    ) -> None:
        self.relayed = Relayed()
        self._connection, self._daemon = connection, daemon
        self._unpacker, self._base = unpacker, base
        self._requests = wire.Requests()
        self._asked: deque[Asked] = deque()
        self._arrived: dict[int, Arrived] = {}
        self._closing = self._ended = False
        self._packed = bytearray(PIECE * PAGE)
        wire.prompt(daemon)

    def run(self) -> None:
        wait = wire.Wait(self._connection, self._daemon)
        try:
            while not self._ended:
                from_source, from_daemon = wait()
                if from_daemon:
                    self._take_requests()
                if from_source:
                    self._take_frame()
                self._answer()
        except Exception:
            if self._closing:
                # The daemon asked for the end, so it has every page; should it have failed
                # instead, its exit status tells. What breaks from now on is of no consequence.
                with contextlib.suppress(OSError):
                    self._daemon.sendall(bytes(wire.STATUS_SIZE))
                return
            with contextlib.suppress(OSError):
                self._connection.sendall(IOV.pack(wire.GONE, 0, 0, 0))
            raise

    def _take_requests(self) -> None:
        try:
            data = wire.at_hand(self._daemon)
        except OSError:
            data = b""
        if data == b"":
            raise lost("CRIU's lazy-pages daemon ended")
        for request in self._requests.of(data or b""):
            if request[0] == wire.GET:
                self._note(request)
            else:
                self._closing = True
                self._connection.sendall(IOV.pack(*request))

    def _note(self, request: Request) -> None:
        _, pages, vaddr, pid = request
        self._asked.append(Asked(pid, vaddr, pages, time.monotonic()))
        self._hurry(self._asked[-1])

    def _hurry(self, asked: Asked) -> None:
        """Ask the source for what is not there."""
        arrived = self._arrived.setdefault(asked.pid, Arrived())
        if arrived.had(asked.vaddr):
            arrived.ask_again(asked.vaddr)
            self._connection.sendall(IOV.pack(wire.AGAIN, 1, asked.vaddr, asked.pid))
        elif pages := arrived.ask(asked.vaddr, min(asked.pages, MOST_ASKED)):
            self._connection.sendall(IOV.pack(wire.GET, pages, asked.vaddr, asked.pid))

    def _answer(self) -> None:
        while self._asked:
            asked = self._asked[0]
            arrived = self._arrived[asked.pid]
            # Not more at once, or the next one waits until CRIU has put all into their places.
            found = arrived.take(asked.vaddr, min(asked.pages, PIECE))
            if not found:
                if arrived.had(asked.vaddr):  # by the request before this one
                    self._hurry(asked)
                return
            pages = sum(map(len, found)) // PAGE
            head = IOV.pack(ADD_F, pages, asked.vaddr, asked.pid)
            if pages == 1:
                self._daemon.sendall(head + found[0])
            else:
                self._daemon.sendall(head)
                for data in found:
                    self._daemon.sendall(data)
            self._count(self._asked.popleft(), pages)

    def _count(self, asked: Asked, pages: int) -> None:
        self.relayed.requests += 1
        self.relayed.pages += pages
        if asked.pages == 1:
            waited = time.monotonic() - asked.since
            self.relayed.faults += 1
            self.relayed.faults_wait_s += waited
            self.relayed.longest_wait_s = max(self.relayed.longest_wait_s, waited)

    def _take_frame(self) -> None:
        head = HEAD.unpack(wire.exactly(self._connection, HEAD.size))
        kind, pages, length, pid, vaddr = head
        if kind in (wire.PLAIN, wire.PACKED, wire.SAME):
            if kind == wire.SAME:
                self._fill_in(pages, pid, vaddr)
            else:
                self._take_pages(kind, pages, length, pid, vaddr)
            if not self._closing:  # CLOSE is our last word
                self._connection.sendall(IOV.pack(wire.GOT, pages, 0, 0))
        elif kind == wire.STATUS:
            self._daemon.sendall(wire.exactly(self._connection, wire.STATUS_SIZE))
            self._ended = True
        elif kind == wire.BASE:
            self._check_base(wire.exactly(self._connection, 4))
        elif kind == wire.LOST:
            raise lost("CRIU's page server ended on the source")
        else:
            raise broken(f"no such frame: {kind}")

    def _check_base(self, fingerprint: bytes) -> None:
        ours = self._base.fingerprint() if self._base else None
        if ours != int.from_bytes(fingerprint, "little"):
            raise broken("the two hosts hold different images to compare with")

    def _take_pages(self, kind: int, pages: int, length: int, pid: int, vaddr: int) -> None:
        size = pages * PAGE
        if not 0 < pages <= PIECE or length > size or (kind == wire.PLAIN and length != size):
            raise broken("a frame of another size")
        data = memoryview(bytearray(size))
        if kind == wire.PLAIN:
            wire.fill(self._connection, data)
        elif self._unpacker is None:
            raise broken("a packed frame, and none was agreed on")
        else:
            packed = memoryview(self._packed)[:length]
            wire.fill(self._connection, packed)
            self._unpacker(packed, data)
        self._arrived.setdefault(pid, Arrived()).add(Piece(vaddr, data))

    def _fill_in(self, pages: int, pid: int, vaddr: int) -> None:
        """Pages that we have ourselves."""
        if self._base is None:
            raise broken("pages to fill in, and nothing to take them from")
        for held in self._base.find(pid, vaddr, pages):
            if held.stored is None:
                raise broken(f"no page at {held.vaddr:#x} to compare with")
            self._arrived.setdefault(pid, Arrived()).add(Piece(held.vaddr, held.view()))
        self.relayed.pages_same += pages
