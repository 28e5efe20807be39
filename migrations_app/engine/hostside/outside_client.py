"""What every client outside does: it connects again and again, and notes when it was answered.

Called as `python3 ARCHIVE client KIND ADDRESS PORT FOLDER [NUMBER…]` on a host that has no part in
the migration; it goes on until it is ended. FOLDER has `seen`, eight bytes an answer (monotonic
clock of this host), and `state.json`, see State.
"""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
import time
from abc import ABC, abstractmethod
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import IO

RETRY_S = 0.05
CONNECT_S = 5.0
NOTE_S = 0.1
SEEN, STATE = "seen", "state.json"


@dataclass
class State:
    """What is known of all answers so far; each kind of client adds what it counts."""

    connections: int = 0  # made; more than one: a connection ended
    connected: bool = False
    received: int = 0  # answers
    lost: int = 0  # what should have come, or should be there, and does not, or is not
    ended_by: str | None = None  # why the last connection that ended did


class Client(ABC):
    def __init__(self, address: str, port: int, folder: Path, state: State) -> None:
        self._place, self.folder, self._state = (address, port), folder, state
        self._noted = 0.0
        self._seen: IO[bytes] | None = None
        self.moment = 0  # of the last answer
        self.stop = threading.Event()

    @abstractmethod
    def follow(self, link: socket.socket) -> None:
        """One connection until it ends. OSError and ValueError end it, too."""

    def run(self) -> None:
        """Connects and follows, again and again, until `stop` is set."""
        with (self.folder / SEEN).open("ab", buffering=0) as self._seen:
            while not self.stop.is_set():
                try:
                    with socket.create_connection(self._place, CONNECT_S) as link:
                        self._connected(link)
                        self.follow(link)
                except (OSError, ValueError) as error:
                    if self._state.connected:
                        self._state.ended_by = str(error)
                self._state.connected = False
                self.note()
                self.stop.wait(RETRY_S)

    def _connected(self, link: socket.socket) -> None:
        link.settimeout(None)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._state.connections += 1
        self._state.connected = True
        self.note()  # before the first answer: who sees one finds the state, too

    def receive(self, link: socket.socket) -> bytes:
        """What comes next, not empty; its moment is kept."""
        data = link.recv(65536)
        self.moment = time.monotonic_ns()
        if not data:
            raise ConnectionError("closed by the server")
        return data

    def heard(self, count: int) -> None:
        """So many answers were in what came last."""
        assert self._seen is not None
        self._seen.write(array("Q", [self.moment] * count).tobytes())
        if time.monotonic() - self._noted > NOTE_S:
            self.note()

    def note(self) -> None:
        self._noted = time.monotonic()
        fresh = self.folder / f"{STATE}.new"
        fresh.write_text(json.dumps(dataclasses.asdict(self._state)))
        fresh.replace(self.folder / STATE)
