"""Which entries a run measures: the usual ones, a quick few, or those that are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from migrations_app.engine import WorkloadKind
from migrations_app.lab import DockerKind

from .cells import MBIT_PER_GBIT, Cell, Contender, Entry

MEMORY_MIB = (1, 64, 256, 1024)
DIRTY_PAGES_PER_S = (0, 1000)
LINKS_MBIT_S = (None, MBIT_PER_GBIT)
TYPICAL_MIB = 256
LARGE_MIB = 1024  # by hand it takes a minute
_C, _P = WorkloadKind.CONTAINER, WorkloadKind.PROCESS
DOCKER, PODMAN, CRIU = (
    Contender.DOCKER_BY_HAND,
    Contender.PODMAN_BY_HAND,
    Contender.CRIU_BY_HAND,
)
COLD, STOP, PLAIN = Contender.COLD, Contender.STOP_AND_COPY, Contender.STOP_AND_COPY_PLAIN
PRE, POST, HYBRID = Contender.PRE_COPY, Contender.POST_COPY, Contender.HYBRID
FAST = (STOP, PRE, POST, HYBRID)
# (memory in MiB, pages dirtied a second, link): contenders with containers, with processes.
Rows = dict[tuple[int, int, int | None], tuple[tuple[Contender, ...], tuple[Contender, ...]]]
QUICK: Rows = {
    (1, 0, None): ((DOCKER, PODMAN, STOP, POST), (CRIU, STOP)),
    (TYPICAL_MIB, 0, None): ((DOCKER, PODMAN, STOP, PLAIN), (CRIU, STOP)),
    (TYPICAL_MIB, 1000, None): ((DOCKER, PODMAN, PRE, POST, HYBRID), ()),
    (TYPICAL_MIB, 1000, MBIT_PER_GBIT): ((STOP, PRE), ()),
}


@dataclass(frozen=True)
class Wish:
    """What the options name; None: they don't say."""

    contenders: tuple[Contender, ...] | None = None
    kinds: tuple[WorkloadKind, ...] | None = None
    memory_mib: tuple[int, ...] | None = None
    dirty_pages_per_s: tuple[int, ...] | None = None
    links_mbit_s: tuple[int | None, ...] | None = None
    quick: bool = False
    everything: bool = False
    plain: bool = False  # without encryption as well, wherever stop-and-copy is

    @property
    def names_something(self) -> bool:
        named = (self.contenders, self.kinds, self.memory_mib, self.dirty_pages_per_s)
        return any(one is not None for one in (*named, self.links_mbit_s))


def select(wish: Wish, dockers: Sequence[DockerKind]) -> list[Entry]:
    """The entries of a run, no doubles, in the order of the table."""
    chosen: list[Entry] = []
    for docker in dockers:
        chosen += _of_one_docker(wish, docker)
    if wish.plain:
        stop = [one for one in chosen if one.contender is STOP]
        chosen += [Entry(one.cell, PLAIN, one.kind) for one in stop]
    return sorted(set(chosen), key=_table_order)


def _of_one_docker(wish: Wish, docker: DockerKind) -> Iterable[Entry]:
    if wish.quick:
        return [one for one in _entries(QUICK, docker) if _is_wished(wish, one)]
    if wish.names_something or wish.everything:
        return _grid(wish, docker)
    return _entries(_usual(), docker)


def _is_wished(wish: Wish, entry: Entry) -> bool:
    cell = entry.cell
    asked = (
        (wish.contenders, entry.contender),
        (wish.kinds, entry.kind),
        (wish.memory_mib, cell.memory_mib),
        (wish.dirty_pages_per_s, cell.dirty_pages_per_s),
        (wish.links_mbit_s, cell.link_mbit_s),
    )
    return all(values is None or value in values for values, value in asked)


def _grid(wish: Wish, docker: DockerKind) -> list[Entry]:
    """Every contender in every cell that the wish leaves open."""
    dimensions = product(
        wish.links_mbit_s or LINKS_MBIT_S,
        wish.memory_mib or MEMORY_MIB,
        wish.dirty_pages_per_s or DIRTY_PAGES_PER_S,
        wish.contenders or [one for one in Contender if one is not PLAIN],
        wish.kinds or WorkloadKind,
    )
    return [
        Entry(Cell(docker, link, memory, dirty), contender, kind)
        for link, memory, dirty, contender, kind in dimensions
        if kind in contender.kinds
    ]


def _entries(rows: Rows, docker: DockerKind) -> list[Entry]:
    return [
        Entry(Cell(docker, link, memory, dirty), contender, kind)
        for (memory, dirty, link), (containers, processes) in rows.items()
        for kind, contenders in ((_C, containers), (_P, processes))
        for contender in contenders
    ]


def _usual() -> Rows:
    """Ours in nearly every cell; by hand where it says something new, for it takes long."""
    rows: Rows = {}
    for link, memory, dirty in product(LINKS_MBIT_S, MEMORY_MIB, DIRTY_PAGES_PER_S):
        typical, still = memory == TYPICAL_MIB, dirty == 0
        if link is not None and not (typical or still):
            continue
        if link is None:
            by_hand = memory < LARGE_MIB or still
            processes = typical or still
        else:
            by_hand, processes = typical, typical and still
        containers = (*((DOCKER, PODMAN) if by_hand else ()), *FAST)
        if link is None and typical and still:
            containers = (*containers, COLD, PLAIN)
        rows[memory, dirty, link] = (containers, (CRIU, *FAST) if processes else ())
    return rows


def _table_order(entry: Entry) -> tuple[object, ...]:
    return (*entry.cell.sort_key, str(entry.kind), list(Contender).index(entry.contender))
