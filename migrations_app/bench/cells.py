"""What is measured: who moves which workload under which circumstances."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from migrations_app.engine import Strategy, WorkloadKind
from migrations_app.lab import DockerKind

MBIT_PER_GBIT = 1000
UNSHAPED = "unshaped"


class Contender(StrEnum):
    DOCKER_BY_HAND = "docker by hand"
    PODMAN_BY_HAND = "podman by hand"
    CRIU_BY_HAND = "criu by hand"  # the floor for processes
    COLD = "cold"
    STOP_AND_COPY = "stop-and-copy"
    STOP_AND_COPY_PLAIN = "stop-and-copy plain"  # without encryption, to see what that costs
    PRE_COPY = "pre-copy"
    POST_COPY = "post-copy"
    HYBRID = "hybrid"

    @property
    def strategy(self) -> Strategy | None:
        """Which strategy of ours it is; None by hand."""
        return None if self in BY_HAND else Strategy(self.removesuffix(" plain"))

    @property
    def encrypted(self) -> bool:
        return self is not Contender.STOP_AND_COPY_PLAIN

    @property
    def kinds(self) -> tuple[WorkloadKind, ...]:
        """What it can move at all."""
        return BY_HAND.get(self, tuple(WorkloadKind))


BY_HAND: dict[Contender, tuple[WorkloadKind, ...]] = {
    Contender.DOCKER_BY_HAND: (WorkloadKind.CONTAINER,),
    Contender.PODMAN_BY_HAND: (WorkloadKind.CONTAINER,),
    Contender.CRIU_BY_HAND: (WorkloadKind.PROCESS,),
}
# `docker start --checkpoint` is broken from 28 on, and with it both that build on it.
NEEDS_DOCKERS_OWN_RESTORE = (Contender.DOCKER_BY_HAND, Contender.COLD)


@dataclass(frozen=True)
class Cell:
    """The circumstances."""

    docker: DockerKind
    link_mbit_s: int | None  # None: unshaped
    memory_mib: int
    dirty_pages_per_s: int

    @property
    def link(self) -> str:
        return link_name(self.link_mbit_s)

    @property
    def sort_key(self) -> tuple[str, int, int, int]:
        return (self.docker, self.link_mbit_s or 0, self.memory_mib, self.dirty_pages_per_s)

    def __str__(self) -> str:
        return (
            f"{self.memory_mib} MiB, {self.dirty_pages_per_s} pages/s, "
            f"{self.link}, Docker {self.docker}"
        )


@dataclass(frozen=True)
class Entry:
    """A contender in a cell: what one line of the table is about."""

    cell: Cell
    contender: Contender
    kind: WorkloadKind

    @property
    def possible(self) -> bool:
        """Whether this Docker lets it; what is not possible is shown and not tried."""
        return not (
            self.kind is WorkloadKind.CONTAINER
            and self.contender in NEEDS_DOCKERS_OWN_RESTORE
            and self.cell.docker is DockerKind.DOCKER_28
        )

    def __str__(self) -> str:
        return f"{self.contender} ({self.kind}; {self.cell})"


def link_name(mbit_s: int | None) -> str:
    """`unshaped`, `1gbit`, `100mbit`: as in the options and in the JSON."""
    if mbit_s is None:
        return UNSHAPED
    if mbit_s % MBIT_PER_GBIT == 0:
        return f"{mbit_s // MBIT_PER_GBIT}gbit"
    return f"{mbit_s}mbit"


def parse_link(name: str) -> int | None:
    """Mbit/s; None for unshaped. Raises ValueError for a name that is none."""
    for unit, factor in (("gbit", MBIT_PER_GBIT), ("mbit", 1)):
        number = name.removesuffix(unit)
        if number != name and number.isdecimal() and int(number) > 0:
            return int(number) * factor
    if name == UNSHAPED:
        return None
    raise ValueError(f"not a link: {name!r} ({UNSHAPED}, 1gbit, 100mbit)")


def in_order(entries: Sequence[Entry], trials: int, seed: int) -> list[tuple[int, Entry]]:
    """Every trial of every entry, in the order in which they run: (number of the trial, entry).

    Trial by trial through all cells, so that whatever drifts meets all alike; the contenders of a
    cell in an order of their own each time, which follows from the seed.
    """
    cells = sorted({entry.cell for entry in entries}, key=lambda cell: cell.sort_key)
    order = []
    for trial in range(1, trials + 1):
        for cell in cells:
            there = [entry for entry in entries if entry.cell == cell and entry.possible]
            random.Random(f"{seed}/{trial}/{cell}").shuffle(there)  # noqa: S311  no secret
            order += [(trial, entry) for entry in there]
    return order
