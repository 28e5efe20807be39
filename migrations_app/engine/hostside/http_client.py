"""The client of a http workload: a request every few milliseconds over one connection.

Beside the moment of each answer it notes when that one was asked for (file `asked`, as `seen`), so
that the time an answer took is known.
"""

from __future__ import annotations

import re
import socket
import time
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path

from .outside_client import Client, State

PAUSE_S = 0.004  # between an answer and the next request
ASKED = "asked"
REQUEST = b"GET / HTTP/1.1\r\nHost: workload\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,9})\r\n", re.IGNORECASE)
_TEXT = re.compile(
    rb"answer (\d{1,18}) of this connection, (\d{1,18}) of all\n.*\ncrc32 ([0-9a-f]{8})\n",
    re.DOTALL,
)


@dataclass
class HttpState(State):
    """`lost`: answers that were left out."""

    doubled: int = 0  # answers that came again, on a connection or of all
    wrong: int = 0  # with another text than their checksum says
    failed: int = 0  # requests that were never answered


class Answers:
    """What the server sends, cut anywhere, as the texts of whole answers. Pure."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[bytes]:
        """Raises ValueError for what is no answer, or one that says no."""
        self._rest += data
        found = []
        while (text := self._next()) is not None:
            found.append(text)
        return found

    def _next(self) -> bytes | None:
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end:
            return None
        length = _LENGTH.search(head + b"\r\n")
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise ValueError(f"no answer: {head[:80]!r}")
        size = int(length.group(1))
        if len(rest) < size:
            return None
        self._rest = rest[size:]
        return rest[:size]


class Counter:
    """Counts what is not the next answer, or not what its checksum says. Pure."""

    def __init__(self, state: HttpState) -> None:
        self._state = state
        self._next, self._last = 0, -1

    def connected(self) -> None:
        """Answers are numbered anew on each connection; those of all go on."""
        self._next = 0

    def take(self, text: bytes) -> None:
        found = _TEXT.fullmatch(text)
        if found is None or zlib.crc32(text[: found.start(3) - 6]) != int(found.group(3), 16):
            self._state.wrong += 1
            self._next += 1
            return
        here, of_all = int(found.group(1)), int(found.group(2))
        self._state.lost += max(0, here - self._next)
        self._state.doubled += here < self._next or of_all <= self._last
        self._next, self._last = max(here + 1, self._next), max(of_all, self._last)


class HttpClient(Client):
    def __init__(self, address: str, port: int, folder: Path) -> None:
        self.state = HttpState()
        self._counter = Counter(self.state)
        super().__init__(address, port, folder, self.state)

    def follow(self, link: socket.socket) -> None:
        answers = Answers()
        self._counter.connected()
        with (self.folder / ASKED).open("ab", buffering=0) as asked:
            while not self.stop.is_set():
                self.state.failed += 1  # until it is answered
                moment = time.monotonic_ns()
                text = self._ask(link, answers)
                self.state.failed -= 1
                self.state.received += 1
                self._counter.take(text)
                asked.write(array("Q", [moment]).tobytes())
                self.heard(1)
                self.stop.wait(PAUSE_S)

    def _ask(self, link: socket.socket, answers: Answers) -> bytes:
        """Raises ValueError for anything but one answer, OSError."""
        link.sendall(REQUEST)
        found: list[bytes] = []
        while not found:
            found = answers.take(self.receive(link))
        if len(found) > 1:
            raise ValueError("two answers to one request")
        return found[0]
