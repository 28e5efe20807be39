"""A root shell on a lab host, as a person would have it; the bench's only use of subprocess."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .errors import StepByHandFailed

SCRIPTS = Path(__file__).parent / "scripts"
STEP_S = 60.0
TAIL_LINES = 4


@cache
def script(*names: str) -> str:
    """The text of scripts/NAME.sh, one after the other."""
    return "\n".join((SCRIPTS / f"{name}.sh").read_text() for name in names)


class Shell:
    """One SSH connection, opened with the first call and shared by all later ones."""

    def __init__(self, ssh_argv: Sequence[str], socket: Path) -> None:
        """ssh_argv signs in on the host without asking; socket: where the connection is shared."""
        self._argv = [*ssh_argv, "-o", "BatchMode=yes", "-o", f"ControlPath={socket}"]

    def open(self) -> Shell:
        """Raises StepByHandFailed."""
        # In the background it keeps what it writes to open: nobody may wait for the end of that.
        done = subprocess.run(
            [*self._argv, "-o", "ControlMaster=yes", "-o", "ControlPersist=yes", "-f", "-N"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=STEP_S,
            check=False,
        )
        if done.returncode != 0:
            raise StepByHandFailed(f"no SSH: {shlex.join(self._argv)} ended with {done.returncode}")
        return self

    def run(self, text: str, *arguments: str, timeout_s: float = STEP_S) -> str:
        """What a bash script with these arguments prints. Raises StepByHandFailed."""
        argv = [*self._argv, shlex.join(["bash", "-c", text, "bench", *arguments])]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise StepByHandFailed(f"it took longer than {timeout_s:g} s") from error
        if done.returncode != 0:
            raise StepByHandFailed(_why(done.returncode, done.stderr))
        return done.stdout.decode(errors="replace")

    def close(self) -> None:
        subprocess.run(
            [*self._argv, "-O", "exit"], capture_output=True, timeout=STEP_S, check=False
        )


def _why(status: int, written: bytes) -> str:
    lines = written.decode(errors="replace").strip().splitlines()
    return " / ".join(lines[-TAIL_LINES:]) or f"a command ended with {status}"
