"""Which port the web server gets: the one asked for, the one it had, or the first free one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from .errors import OperateError

FIRST_PORT = 8000
PORTS_TRIED = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(
    asked: int | None, remembered: int | None, free: Callable[[int], bool] = is_free
) -> int:
    """Raises OperateError when the port asked for is taken, or every port is."""
    if asked is not None:
        if not free(asked):
            raise OperateError(f"port {asked} is in use by another program")
        return asked
    candidates: Iterable[int] = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    if remembered is not None:
        candidates = [remembered, *candidates]
    for port in candidates:
        if free(port):
            return port
    raise OperateError(f"no free port from {FIRST_PORT} on; name one with --port")


def read_port(path: Path) -> int | None:
    text = path.read_text().strip() if path.exists() else ""
    return int(text) if text.isdigit() else None
