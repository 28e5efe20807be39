"""Entry of the zipapp: a session on standard input and output."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import EngineError
from .bundle_network import attach
from .session import Session
from .verbs import VERBS


def main() -> None:
    """A session; or, called by our OCI runtime, one step of arming."""
    os.umask(0o077)
    if sys.argv[1:2] == ["bundle-network"]:
        attach_network(*sys.argv[2:4])
        return
    os.environ["LC_ALL"] = "C"  # messages are read by patterns
    Session(VERBS, sys.stdout).serve(sys.stdin)


def attach_network(bundle: str, container: str) -> None:
    """Say which file holds the network namespace, where one was made."""
    try:
        print(attach(Path(bundle), container) or "")  # noqa: T201  runtime.sh reads it
    except EngineError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
