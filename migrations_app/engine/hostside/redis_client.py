"""The client of a redis workload: it writes numbered values, and knows what each key must hold.

Writes go round in a ring of keys. Each asks for the value that it replaces (SET … GET), so every
acknowledged write is looked at once more before it goes; beside that it reads one key back after
each write, and all of them when it is asked to by a file `check` in its folder.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .outside_client import Client, State
from .redis_data import first, value_of
from .resp import Refusal, Replies, Reply, command

RING = 10_000  # keys that are written to
PAUSE_S = 0.001  # between two rounds of a write and a read
BATCH = 500  # keys that are asked for at once in a check of all
CHECK = "check"
STRIDE = 7919  # a prime, so that reading gets everywhere


@dataclass
class RedisState(State):
    """`lost`: keys that are not there, or hold an older write."""

    written: int = 0  # writes that were acknowledged
    wrong: int = 0  # keys that hold what nobody wrote there
    kept: int | None = None  # keys that the last check of all found right
    checks: int = 0  # of all keys, ended


@dataclass(frozen=True)
class Held:
    """What a key must hold; `name` tells one write from another."""

    name: bytes
    key: bytes
    value: bytes


class Ledger:
    """What was written and acknowledged, and what that says of every key. Pure.

    `mark` makes the writes of one client unlike those of another before it.
    """

    def __init__(self, mark: bytes, keys: int, size: int, ring: int = RING) -> None:
        self._mark, self._keys, self._size, self._ring = mark, keys, size, ring
        self.acknowledged = 0  # also the number of the write that is under way
        self._sent = 0  # how often that one was
        self.lost: set[bytes] = set()
        self.wrong: set[bytes] = set()

    def first(self, number: int) -> Held:
        key, value = first(number % self._keys, self._size)
        return Held(key, key, value)

    def write(self, number: int) -> Held:
        name = b"%s %d" % (self._mark, number)
        return Held(name, b"write:%d" % (number % self._ring), value_of(name, self._size))

    def next_write(self) -> Held:
        """The one to send now; the same as before when that was not acknowledged."""
        self._sent += 1
        return self.write(self.acknowledged)

    def was_acknowledged(self, replaced: Reply) -> None:
        """The write under way; one that was sent twice may have replaced itself."""
        number, again = self.acknowledged, self._sent > 1
        if number >= self._ring:
            own = [self.write(number).value] if again else []
            self.judge(self.write(number - self._ring), replaced, *own)
        self.acknowledged, self._sent = number + 1, 0

    def next_read(self) -> Held:
        """By turns one of the first keys and an acknowledged write that is still there."""
        number = self.acknowledged
        if number % 2 or number == 0:
            return self.first(number * STRIDE)
        return self.write(number - 1 - (number * STRIDE) % min(number, self._ring))

    def all(self) -> Iterator[Held]:
        """Every key of which is known what it must hold."""
        yield from map(self.first, range(self._keys))
        yield from map(self.write, range(max(0, self.acknowledged - self._ring), self.acknowledged))

    def judge(self, held: Held, found: Reply, *also_right: bytes) -> bool:
        """Whether it is right; what is not is counted once, however often it is read."""
        if found == held.value or found in also_right:
            return True
        (self.lost if found is None or self._is_older(found) else self.wrong).add(held.name)
        return False

    def _is_older(self, found: Reply) -> bool:
        """Undamaged, of this client, and not the last that was acknowledged there."""
        if not isinstance(found, bytes) or not found.startswith(self._mark):
            return False
        return found == value_of(b" ".join(found.split(b" ", 2)[:2]), self._size)


class RedisClient(Client):
    def __init__(self, address: str, port: int, folder: Path, keys: int, size: int) -> None:
        self.state = RedisState()
        self.ledger = Ledger(secrets.token_hex(4).encode(), keys, size)
        super().__init__(address, port, folder, self.state)

    def follow(self, link: socket.socket) -> None:
        replies = Replies()
        while not self.stop.is_set():
            self._write(link, replies)
            self._read(link, replies)
            if (self.folder / CHECK).exists():
                self._check(link, replies)
            self._count()
            self.stop.wait(PAUSE_S)

    def _write(self, link: socket.socket, replies: Replies) -> None:
        held = self.ledger.next_write()
        replaced = self._ask(link, replies, b"SET", held.key, held.value, b"GET")
        self.ledger.was_acknowledged(replaced)

    def _read(self, link: socket.socket, replies: Replies) -> None:
        held = self.ledger.next_read()
        self.ledger.judge(held, self._ask(link, replies, b"GET", held.key))

    def _check(self, link: socket.socket, replies: Replies) -> None:
        """All keys; who asks sees the end of it by `checks`."""
        (self.folder / CHECK).unlink()
        right, held = 0, self.ledger.all()
        while batch := list(islice(held, BATCH)):
            found = self._ask(link, replies, b"MGET", *(one.key for one in batch))
            if not isinstance(found, list) or len(found) != len(batch):
                raise ValueError(f"no answer to MGET: {found!r}"[:200])
            right += sum(map(self.ledger.judge, batch, found))
        self.state.kept = right
        self.state.checks += 1
        self._count()
        self.note()

    def _ask(self, link: socket.socket, replies: Replies, *parts: bytes) -> Reply:
        """The reply to a command. Raises ValueError where it is an error, OSError."""
        link.sendall(command(*parts))
        found: list[Reply] = []
        while not found:
            found = replies.take(self.receive(link))
        self.state.received += 1
        self.heard(1)
        if isinstance(found[0], Refusal) or len(found) > 1:
            raise ValueError(f"refused: {found!r}"[:200])
        return found[0]

    def _count(self) -> None:
        ledger, state = self.ledger, self.state
        state.written = ledger.acknowledged
        state.lost, state.wrong = len(ledger.lost), len(ledger.wrong)
