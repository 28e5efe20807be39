"""Stands alone, is read by guard.py and run with `python3 -c`: imports nothing of ours.

Arguments: a mark, the job, the number of a pipe to read from. Another descriptor is inherited, and
is only held. On the pipe come lines `pid start` of tasks, and `done`.
"""

import os
import signal
import sys


def stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; empty when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123  pathlib takes long to import
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def with_children(pids: set[int]) -> set[int]:
    """These processes and everything below them."""
    every = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    parents = {pid: int(fields[1]) for pid in every if (fields := stat(pid))}
    while more := {pid for pid in parents if parents[pid] in pids} - pids:
        pids |= more
    return pids


def send(pids: set[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end(tasks: list[tuple[int, int]]) -> None:
    roots = {pid for pid, start in tasks if stat(pid)[19:20] == [str(start)]}
    send(roots, signal.SIGSTOP)  # at once; looking for children takes a while
    send(with_children(roots), signal.SIGKILL)


def main() -> None:
    tasks: list[tuple[int, int]] = []
    with open(int(sys.argv[3])) as words:  # noqa: PTH123
        for line in words:
            if line.strip() == "done":
                return
            pid, start = line.split()
            tasks.append((int(pid), int(start)))
    end(tasks)
    while not tasks:  # what was restored is not known, and must not run on: see guard.py
        signal.pause()


main()
