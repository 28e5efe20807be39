"""A Redis of the test's own, on a unix socket."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NotYet

from tests.fakes import wait_until


@contextmanager
def redis_server() -> Iterator[str]:
    """Its URL."""
    with tempfile.TemporaryDirectory(prefix="lab-redis-") as folder:
        socket = Path(folder) / "s"  # short: a socket's path has 107 characters at most
        argv = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", ""]
        process = subprocess.Popen(
            [*argv, "--dir", folder], executable=program(), stdout=subprocess.DEVNULL
        )
        try:
            url = f"unix://{socket}"
            assert wait_until(lambda: answers(url))
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except NotYet:
        return False


def program() -> str | None:
    """Debian's redis-tools has the server under another name; it goes by what it is called."""
    return shutil.which("redis-server") or shutil.which("redis-check-rdb")


def is_installed() -> bool:
    return program() is not None
