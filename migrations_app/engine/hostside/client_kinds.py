"""The clients outside, each by the name of the workload that it is a client of."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from .http_client import HttpClient
from .outside_client import Client
from .redis_client import RedisClient
from .stream_client import StreamClient

# Numbers of the workload that each is told: what they are called in the catalogue.
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "http": (),
    "redis": ("keys", "value_bytes"),
    "tcp-stream": (),
}
_CLIENTS: Mapping[str, Callable[..., Client]] = {
    "http": HttpClient,
    "redis": RedisClient,
    "tcp-stream": StreamClient,
}


def main(kind: str, address: str, port: str, folder: str, *numbers: str) -> None:
    client = _CLIENTS[kind](address, int(port), Path(folder), *map(int, numbers))
    with contextlib.suppress(KeyboardInterrupt):
        client.run()
