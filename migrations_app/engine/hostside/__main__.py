"""Entry of the zipapp: a session on standard input and output."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import EngineError
from . import client_kinds, redis_data
from .bundle_network import CONNECTIONS, SILENT, attach
from .late_network import ADDRESSES
from .session import Session
from .verbs import VERBS


def main() -> None:
    """A session; a step of arming, for our OCI runtime; a client of a workload; its first data."""
    os.umask(0o077)
    if sys.argv[1:2] == ["bundle-network"]:
        attach_network(*sys.argv[2:4])
        return
    if sys.argv[1:2] == ["client"]:
        client_kinds.main(*sys.argv[2:])
        return
    if sys.argv[1:2] == [redis_data.FILL]:
        redis_data.main(*sys.argv[2:5])
        return
    os.environ["LC_ALL"] = "C"  # messages are read by patterns
    # At once: the main thread waits for input that never ends.
    Session(VERBS, sys.stdout, when_replaced=lambda: os._exit(0)).serve(sys.stdin)


def attach_network(bundle: str, container: str) -> None:
    """Say which file holds the network namespace, where one was made."""
    try:
        silent = os.environ.get(SILENT) or None
        addresses = os.environ.get(ADDRESSES, "").split()
        must = bool(os.environ.get(CONNECTIONS))
        print(attach(Path(bundle), container, silent, addresses, must=must) or "")  # noqa: T201  runtime.sh reads it
    except EngineError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
