"""Is it the same workload, and did it lose nothing: the proof, from the workload's own output.

Pure: lines in, a Proof out. A numbered line is `N …`; before it a container's line has Docker's
time stamp; after it the memory program writes its own (nanoseconds of the wall clock).
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .plan import ProofKind, WorkloadKind
from .report import Proof

LINES_WANTED = 2  # after the restore: one shows where it goes on, two that it goes on
_NUMBERED = re.compile(r"(\d{1,18})(?: (\d{15,20}))?$")
_DOCKER = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z (.*)$")
_CHECK = re.compile(r"check (\d+) (ok|bad) (\d+) (\d+) (\w+)$")


@dataclass(frozen=True)
class Line:
    number: int
    stamp_ns: int | None  # wall clock of the host it was written on


@dataclass(frozen=True)
class MemoryCheck:
    ok: bool
    pages: int
    bad: int


def _split(raw: str, kind: WorkloadKind) -> tuple[int | None, str]:
    """(Docker's stamp in ns, text) of a container's line; (None, line) of a process's."""
    found = _DOCKER.match(raw) if kind is WorkloadKind.CONTAINER else None
    if not found:
        return None, raw
    second = datetime.datetime.fromisoformat(found.group(1)).replace(tzinfo=datetime.UTC)
    fraction = (found.group(2) or ".0")[1:10].ljust(9, "0")
    return int(second.timestamp()) * 10**9 + int(fraction), found.group(3)


def numbered(raw: Sequence[str], kind: WorkloadKind) -> list[Line]:
    """The numbered lines in their order; the workload's own stamp counts before Docker's."""
    lines = []
    for one in raw:
        stamp, text = _split(one, kind)
        found = _NUMBERED.match(text)
        if found:
            own = int(found.group(2)) if found.group(2) else stamp
            lines.append(Line(int(found.group(1)), own))
    return lines


def memory_check(raw: Sequence[str], kind: WorkloadKind, *, after: int) -> MemoryCheck | None:
    """The workload's last check of its memory that came after line number `after`."""
    for one in reversed(raw):
        found = _CHECK.match(_split(one, kind)[1])
        if found and int(found.group(1)) > after:
            return MemoryCheck(found.group(2) == "ok", int(found.group(3)), int(found.group(4)))
    return None


def split_at(raw: Sequence[str], boundary_ns: int) -> tuple[list[str], list[str]]:
    """A container's log that went on, before and after a moment of its host's wall clock."""
    before = [one for one in raw if (_split(one, WorkloadKind.CONTAINER)[0] or 0) < boundary_ns]
    return before, list(raw[len(before) :])


def first_break(numbers: Sequence[int]) -> tuple[int, int] | None:
    """The first neighbours that are not n and n + 1."""
    for one, two in itertools.pairwise(numbers):
        if two != one + 1:
            return one, two
    return None


def sequence_proof(kind: ProofKind, before: Sequence[Line], after: Sequence[Line]) -> Proof:
    """Whether the numbers go on over the migration without gap or repeat.

    before: the end of the output on the source; after: everything that came since. The result
    does not pass when there is nothing before or nothing after: silence proves nothing.
    """
    if not before or not after:
        where = "before" if not before else "after"
        return Proof(str(kind), False, f"no numbered output {where} the migration")
    numbers = [line.number for line in (*before, *after)]
    broken = first_break(numbers)
    detail = (
        f"{broken[0]} was followed by {broken[1]}"
        if broken
        else f"went on from {before[-1].number} to {after[0].number}, without gap or repeat"
    )
    return Proof(
        kind=str(kind),
        passed=broken is None,
        detail=detail,
        last_before=before[-1].number,
        first_after=after[0].number,
        lines_checked=len(numbers),
    )


def observed_gap_ms(
    before: Sequence[Line], after: Sequence[Line], wall_offset_ms: float
) -> float | None:
    """Last line on the source to first on the target, target's clock set back to the source's.

    None when the workload's output carries no time.
    """
    if not before or not after:
        return None
    last, first = before[-1].stamp_ns, after[0].stamp_ns
    if last is None or first is None:
        return None
    return (first - last) / 1e6 - wall_offset_ms
