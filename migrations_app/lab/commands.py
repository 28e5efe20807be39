"""Programs of this machine, called as lists of strings; the lab's only use of subprocess."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from .errors import LabCommandFailed, LabNotPossible

TAIL_LINES = 15  # of what a program wrote, kept in the error


def run(
    argv: Sequence[str],
    *,
    timeout_s: float = 30,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
    data: bytes | None = None,
) -> str:
    """What the program wrote to its standard output, or "" where `output` takes it.

    `data` is what it reads from its standard input.

    Raises LabCommandFailed when it fails or takes longer than `timeout_s`, LabNotPossible when
    it isn't there.
    """
    stdout = output or subprocess.PIPE
    stderr = subprocess.STDOUT if output else subprocess.PIPE
    try:
        done = subprocess.run(
            argv,
            input=data or b"",  # nothing is ever read from whoever called us
            stdout=stdout,
            stderr=stderr,
            env=env,
            timeout=timeout_s,
            check=True,
        )
    except FileNotFoundError as error:
        raise LabNotPossible(f"{argv[0]} is missing", code="lab-tools-missing") from error
    except subprocess.TimeoutExpired as error:
        raise LabCommandFailed(f"{argv[0]} took longer than {timeout_s:g} s") from error
    except subprocess.CalledProcessError as error:
        written = (error.stdout or b"") + (error.stderr or b"")
        tail = last_lines(written.decode(errors="replace"))
        raise LabCommandFailed(f"{argv[0]} ended with {error.returncode}: {tail}") from error
    return (done.stdout or b"").decode(errors="replace")


def succeeds(argv: Sequence[str]) -> bool:
    """Whether the program ends with 0."""
    try:
        run(argv)
    except LabCommandFailed:
        return False
    return True


def last_lines(text: str, count: int = TAIL_LINES) -> str:
    return "\n".join(text.strip().splitlines()[-count:])


def last_lines_of(path: Path, count: int = TAIL_LINES) -> str:
    """The end of a text file, or "" when there is none."""
    return last_lines(path.read_text(errors="replace"), count) if path.exists() else ""


def missing_programs(names: Iterable[str]) -> list[str]:
    return [name for name in names if shutil.which(name) is None]
