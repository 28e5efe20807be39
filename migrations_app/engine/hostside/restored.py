"""What a job restores on this host: known by number and start, so that nobody else is ended.

The numbers are the source's, and known before; the starts only when the tasks are there. Later,
when the job is settled, other tasks may have the same numbers: those of another job, say.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import jobs, tree


def expect(folder: Path, pids: Iterable[int], *, durable: bool = True, **more: Any) -> list[int]:
    """Before a restore: which numbers it will take; those that are taken are somebody else's."""
    free = [pid for pid in pids if tree.stat_of(pid) is None]
    jobs.note(folder, durable=durable, target_pids=free, target_since=tree.now_ticks(), **more)
    return free


def found(folder: Path, pids: Iterable[int]) -> list[list[int]]:
    """They run: what they are from now on."""
    tasks = [tree.identity(pid) for pid in pids if tree.stat_of(pid) is not None]
    jobs.note(folder, durable=False, tasks=tasks)
    return tasks


def over(folder: Path) -> None:
    """The restore has ended without a success: what starts from now on is not its."""
    jobs.note(folder, durable=False, target_until=tree.now_ticks())


def end(folder: Path) -> list[int]:
    """End what this job has restored here, and nobody else; the pids. Nothing without a journal."""
    journal = jobs.read(folder)
    if "tasks" in journal:
        return tree.end(journal["tasks"])
    since, until = journal.get("target_since", 0), journal.get("target_until")
    tasks = [tree.identity(pid) for pid in journal.get("target_pids", [])]
    # A tick is 10 ms, and both moments are rounded down.
    return tree.end(
        [one for one in tasks if since <= one[1] and (until is None or one[1] <= until)]
    )
