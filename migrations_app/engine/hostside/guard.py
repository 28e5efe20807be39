"""Outlives the hostside program by a moment, for the sake of what waits for its pages.

When that program is killed, the kernel closes its connection to CRIU's lazy-pages daemon; the
daemon ends, and the pages that are missing read as zeros. A process beside us holds the same
connection, so that the daemon learns nothing yet, and ends the restored tasks first. Before it
knows of any it just holds on: they wait for their pages until the job is settled, which ends
them, and then it.
"""

from __future__ import annotations

import contextlib
import os
import pkgutil
import sys
from collections.abc import Iterable, Sequence

from . import tree
from .run import start_beside

MARK = "migration-lab-guard"


def _program() -> str:
    found = pkgutil.get_data(__package__, "guard_alone.py")
    assert found is not None
    return found.decode()


class Guard:
    """Holds the descriptor `held` from now on."""

    def __init__(self, job: str, held: int) -> None:
        theirs, self._words = os.pipe()
        argv = [sys.executable, "-ISc", _program(), MARK, job, str(theirs)]
        try:
            self.child = start_beside(argv, keep=(theirs, held))
        finally:
            os.close(theirs)
        self._open = True

    def watch(self, tasks: Iterable[Sequence[int]]) -> None:
        """These, by tree.identity, are to be ended when we are killed."""
        self._say("".join(f"{pid} {start}\n" for pid, start in tasks))

    def dismiss(self) -> None:
        """It lets go, and ends nobody. Fine at any time, also twice."""
        if self._open:
            self._say("done\n")
            self._open = False
            os.close(self._words)

    def _say(self, words: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed it: then there is none
            os.write(self._words, words.encode())


def end(job: str) -> list[int]:
    """End a job's guard that holds on, once the job's tasks are ended; its pid."""
    return tree.kill_all_naming([f"{MARK}\0{job}\0"])
