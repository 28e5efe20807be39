"""The client of a tcp-stream workload: it holds one connection and sends each number back."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from .outside_client import Client, State


@dataclass
class StreamState(State):
    """`lost`: numbers that were left out."""

    doubled: int = 0  # numbers that came again, or out of order


class Numbers:
    """The stream's text, cut anywhere, as numbers; counts what is not the next one. Pure."""

    def __init__(self, state: StreamState) -> None:
        self.state = state
        self._rest, self._next = b"", 0

    def take(self, data: bytes) -> bytes:
        """The lines that are whole now, to be sent back."""
        whole, newline, self._rest = (self._rest + data).rpartition(b"\n")
        if not newline:
            return b""
        for line in whole.split(b"\n"):
            self._count(int(line))
        return whole + newline

    def _count(self, number: int) -> None:
        self.state.received += 1
        if number < self._next:
            self.state.doubled += 1
            return
        self.state.lost += number - self._next
        self._next = number + 1


class StreamClient(Client):
    def __init__(self, address: str, port: int, folder: Path) -> None:
        self.state = StreamState()
        super().__init__(address, port, folder, self.state)

    def follow(self, link: socket.socket) -> None:
        """Numbers begin anew with each connection."""
        numbers = Numbers(self.state)
        while True:
            data, before = self.receive(link), self.state.received
            link.sendall(numbers.take(data))
            self.heard(self.state.received - before)
