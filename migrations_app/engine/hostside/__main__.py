"""Entry of the zipapp: a session on standard input and output."""

from __future__ import annotations

import os
import sys

from .session import Session
from .verbs import VERBS


def main() -> None:
    os.umask(0o077)
    os.environ["LC_ALL"] = "C"  # messages are read by patterns
    Session(VERBS, sys.stdout).serve(sys.stdin)


if __name__ == "__main__":
    main()
