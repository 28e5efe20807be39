"""The stop time, read from the workload's own output: the same way for every contender.

The memory program prints "NUMBER NANOSECONDS" every millisecond, the nanoseconds of the wall
clock. Lab hosts share their machine's clock, so stamps of two hosts can be compared as they are.
Around such a line stands what keeps it: nothing in a process's file, JSON in Docker's log, a
time and a stream in podman's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

_LINE = re.compile(r"""(?:^|[ "])(\d{1,15}) (\d{19})(?=$|\\n)""", re.MULTILINE)
_CHECK = re.compile(r"""(?:^|[ "])check (\d+) (ok|bad) (\d+) (\d+) \w+(?=$|\\n)""", re.MULTILINE)


class NotProven(Exception):
    """What the workload wrote does not show that the same one went on, and lost nothing."""


@dataclass(frozen=True)
class Crossing:
    """How the workload's output went over from one host to the other."""

    last_before: int  # number of the last line on the source
    first_after: int
    stop_ms: float  # between these two
    longest_ms: float  # the longest gap between any two lines; more than stop_ms if it stood
    # still longer at another time: in a round before, or waiting for pages after


def stamps(text: str) -> dict[int, int]:
    """Nanoseconds by line number. Raises NotProven when a number came twice."""
    found: dict[int, int] = {}
    for number, stamp in _LINE.findall(text):
        if found.setdefault(int(number), int(stamp)) != int(stamp):
            raise NotProven(f"line {number} was written twice")
    return found


def crossing(source: str, target: str) -> Crossing:
    """Where the output of the source ends and the target's goes on.

    The target's may begin with lines of the source: some contenders bring the file along.
    Raises NotProven for a gap or a repeat, and when either side shows nothing of its own.
    """
    before, after = stamps(source), stamps(target)
    if not before:
        raise NotProven("no output on the source")
    last = max(before)
    if last + 1 not in after:
        later = [number for number in after if number > last]
        what = f"goes on with {min(later)}" if later else "shows nothing"
        raise NotProven(f"the source ended with {last}, the target {what}")
    _require_same(before, after, last)
    gaps = _gaps(before | after)
    stop = (after[last + 1] - before[last]) / 1e6
    return Crossing(last, last + 1, stop, max(gaps))


def memory_is_whole(target: str) -> bool | None:
    """What the workload found when it was asked to check its memory; None before it has said."""
    answers = _CHECK.findall(target)
    return answers[-1][1] == "ok" if answers else None


def _require_same(before: Mapping[int, int], after: Mapping[int, int], last: int) -> None:
    for number, stamp in after.items():
        if number <= last and before.get(number, stamp) != stamp:
            raise NotProven(f"line {number} was written on both hosts")


def _gaps(lines: Mapping[int, int]) -> list[float]:
    """Milliseconds between neighbours. Raises NotProven where one is missing."""
    numbers = sorted(lines)
    for one, two in pairwise(numbers):
        if two != one + 1:
            raise NotProven(f"line {one} was followed by {two}")
    return [(lines[two] - lines[one]) / 1e6 for one, two in pairwise(numbers)]
