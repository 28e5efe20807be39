"""Processes of this host: looking at them through /proc, and signalling whole trees."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..errors import StepTimedOut
from ..tools import procfs

SETTLED_S = 5.0


def parents() -> dict[int, int]:
    """Each process's parent, by pid."""
    found = {}
    for folder in Path("/proc").iterdir():
        stat = stat_of(int(folder.name)) if folder.name.isdigit() else None
        if stat:
            found[stat.pid] = stat.parent
    return found


def numbers_in_use() -> set[int]:
    """Every number that a new process can't have: pids, and ids of groups and sessions."""
    stats = filter(None, map(stat_of, parents()))
    return {number for stat in stats for number in (stat.pid, stat.group, stat.session)}


def stat_of(pid: int) -> procfs.Stat | None:
    """None when there is no such process."""
    try:
        return procfs.parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except OSError:
        return None


def identity(pid: int) -> list[int]:
    """A pid and its start: together they name one process, also when the pid is used again."""
    stat = stat_of(pid)
    return [pid, stat.start_ticks if stat else 0]


def now_ticks() -> int:
    """This moment as a process's start is counted."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def lives(identity_of: Sequence[int]) -> bool:
    """Whether the process that `identity` named is still there."""
    pid, ticks = identity_of
    stat = stat_of(pid)
    return stat is not None and stat.start_ticks == ticks and stat.state not in "ZX"


def link(path: str) -> str | None:
    """Where a symbolic link points; None when it is gone or none."""
    try:
        return str(Path(path).readlink())
    except OSError:
        return None


def _descriptors(pid: int) -> list[str]:
    try:
        links = (link(str(entry)) for entry in Path(f"/proc/{pid}/fd").iterdir())
        return [one for one in links if one]
    except OSError:
        return []


def on_terminal(pid: int) -> bool:
    return any(one.startswith(("/dev/pts/", "/dev/tty")) for one in _descriptors(pid))


def open_files(pids: list[int]) -> list[str]:
    """Regular files that the tree has open, each once: they have to be the same on the target."""
    links = {one for pid in pids for one in _descriptors(pid) if one.startswith("/")}
    return sorted(one for one in links if Path(one).is_file())


def mapped_files(pids: list[int]) -> list[str]:
    """Programs and libraries of the tree, each once."""
    maps = (map_text(pid) for pid in pids)
    return sorted({path for text in maps for path in procfs.parse_mapped_files(text)})


def map_text(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return ""


def memory_bytes(pids: list[int]) -> int:
    """What lies in memory of these processes; what they share counts for each."""
    pages = (_resident(pid) for pid in pids)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0


def huge_bytes(pids: list[int]) -> int:
    """What of their memory lies in huge pages that the kernel gave by itself."""
    return sum(map(_huge, pids))


def _huge(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    kib = [int(line.split()[1]) for line in lines if line.startswith("AnonHugePages:")]
    return sum(kib) << 10


def size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def own_size(path: Path) -> int | None:
    """Of a link its own size: one that leads nowhere is in the way, too."""
    try:
        return path.lstat().st_size
    except OSError:
        return None


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def let_continue(pids: list[int]) -> None:
    """Let stopped processes go on: children first, as a shell watches its own."""
    _signal(reversed(pids), signal.SIGCONT)


def keep_stopped(pids: list[int]) -> None:
    """Processes that stand still for a tracer go on standing still when it lets go of them."""
    _signal(pids, signal.SIGSTOP)


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill(pids: list[int]) -> None:
    """Return when their pids are free again, or they are dead and their parent does not look.

    A parent that stands still, as a program of ours may, would never free them.
    """
    _signal(pids, signal.SIGKILL)
    deadline = time.monotonic() + SETTLED_S
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > deadline:
            return _require_dead(pids)
        time.sleep(0.001)
    return None


def _require_dead(pids: list[int]) -> None:
    stats = filter(None, map(stat_of, pids))
    if alive := [stat.pid for stat in stats if stat.state not in "ZX"]:
        raise StepTimedOut(f"processes {alive} did not end", code="kill-failed")


def end(identities: Iterable[Sequence[int]]) -> list[int]:
    """End these very processes, and everything below them; their pids."""
    roots = [one[0] for one in identities if lives(one)]
    _signal(roots, signal.SIGSTOP)  # at once; looking for children takes a while
    above = parents()
    pids = list(dict.fromkeys(pid for root in roots for pid in procfs.tree_of(root, above)))
    kill(pids)
    return pids


def subtree(root: int) -> list[int]:
    """A process and everything below it, as it is now; empty when it is gone."""
    above = parents()
    return procfs.tree_of(root, above) if root in above else []


def naming(words: list[str]) -> list[int]:
    """Processes that have each of these words in their command line."""
    marks = [word.encode() for word in words]
    return [pid for pid in parents() if all(mark in command_line(pid) for mark in marks)]


def kill_all_naming(words: list[str]) -> list[int]:
    """End the processes that name these words, with everything below them; their pids."""
    above = parents()
    pids = [pid for root in naming(words) for pid in procfs.tree_of(root, above)]
    kill(pids)
    return pids


def wait_for_none(look: Callable[[], list[int]], limit_s: float) -> None:
    """Until look finds no process. Raises StepTimedOut with code `still-under-way`."""
    deadline = time.monotonic() + limit_s
    while pids := look():
        if time.monotonic() > deadline:
            raise StepTimedOut(f"processes {pids} are still at it", code="still-under-way")
        time.sleep(0.01)
