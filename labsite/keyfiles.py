"""Secrets that live in files of the data directory, made on first use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def read_or_make(path: Path, make: Callable[[], str]) -> str:
    """The file's content; where there is no file yet, what `make` returns is written (0600).

    Two processes that start at once agree on one content: the file gets its name by link(2),
    which is atomic and never replaces a file that is there.
    """
    if not path.exists():
        _write_once(path, make())
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first: its content counts
    finally:
        draft.unlink()
