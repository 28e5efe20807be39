"""The first keys of a redis workload: what they hold, and how they come in when it was started.

Every value says which write it is of, and has the digest of that beside it: another write's value,
or a damaged one, is known by itself.
"""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import containers, silence
from .calls import archive
from .fields import Fields
from .resp import Replies, Reply, command
from .run import Runner, failed

MOST_KEYS, MOST_BYTES, LEAST_BYTES = 1_000_000, 4096, 64
BATCH = 1000  # commands that are on their way at once
START_S = 30.0  # until it listens
FILL = "redis-fill"


def value_of(write: bytes, size: int) -> bytes:
    """The value of a write called by this name; size: bytes, 64 or more."""
    digest = hashlib.sha256(write).hexdigest().encode()
    return (write + b" " + digest * (size // len(digest) + 1))[:size]


def first(number: int, size: int) -> tuple[bytes, bytes]:
    """The key and the value that are there from the start."""
    key = b"first:%d" % number
    return key, value_of(key, size)


def fill(link: socket.socket, keys: int, size: int) -> None:
    """Set them, a batch at a time. Raises ValueError when one is refused, OSError."""
    replies = Replies()
    for begin in range(0, keys, BATCH):
        numbers = range(begin, min(begin + BATCH, keys))
        link.sendall(b"".join(command(b"SET", *first(number, size)) for number in numbers))
        _all_set(link, replies, len(numbers))


def _all_set(link: socket.socket, replies: Replies, count: int) -> None:
    found: list[Reply] = []
    while len(found) < count:
        data = link.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        found += replies.take(data)
    refused = [reply for reply in found if reply != b"OK"]
    if refused:
        raise ValueError(f"a key was not set: {refused[0]!r}")


def main(port: str, keys: str, size: str) -> None:
    """In the workload's own network, where it is at home under this address."""
    with _connected(int(port)) as link:
        fill(link, int(keys), int(size))


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), START_S)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def redis_fill(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Give a container its first `keys`, each of `value_bytes`.

    Raises StepFailed with code `workload-start-failed`, NotPossible with `workload-absent`.
    """
    numbers = [
        fields.integer("port", 1, 65535),
        fields.integer("keys", 1, MOST_KEYS),
        fields.integer("value_bytes", LEAST_BYTES, MOST_BYTES),
    ]
    pid = containers.existing(fields.name(), runner).pid
    inside = ["nsenter", f"--net={silence.of_process(pid or 0)}"]
    argv = [*inside, "python3", "-I", "-B", archive(), FILL, *map(str, numbers)]
    ran = runner(argv, check=False, limit_s=fields.seconds())
    if ran.status != 0:
        raise failed(ran, code="workload-start-failed")
    return {"keys": numbers[1]}


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"redis_fill": redis_fill}
