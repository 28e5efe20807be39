"""How fast it has to be: each target as a line with what was measured, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from migrations_app.engine import WorkloadKind
from migrations_app.lab import DockerKind

from .cells import MBIT_PER_GBIT, Cell, Contender, Entry
from .results import Result, find, ratio

Found = Sequence[Result]
REMAINDER_MS = {WorkloadKind.CONTAINER: 100.0, WorkloadKind.PROCESS: 30.0}
FLOOR_FACTOR = 2.0  # of CRIU's own dump and restore, for a process of 1 MiB


class Verdict(StrEnum):
    HOLDS = "holds"
    DOES_NOT_HOLD = "does-not-hold"
    NOT_MEASURED = "not-measured"


@dataclass(frozen=True)
class Line:
    words: str
    limit: float
    value: float | None  # None: not measured in this run
    unit: str = ""  # of limit and value; "": a ratio

    @property
    def verdict(self) -> Verdict:
        if self.value is None:
            return Verdict.NOT_MEASURED
        return Verdict.HOLDS if self.value <= self.limit else Verdict.DOES_NOT_HOLD

    @property
    def limit_text(self) -> str:
        return self._text(self.limit)

    @property
    def value_text(self) -> str:
        return "–" if self.value is None else self._text(self.value)

    def _text(self, number: float) -> str:
        return f"{number:.0f} {self.unit}" if self.unit else f"{number:.3f}"


@dataclass(frozen=True)
class _Figure:
    """A contender with containers, unshaped unless it says otherwise."""

    contender: Contender
    memory_mib: int
    dirty: int = 0
    link: int | None = None

    def result_in(self, results: Found, docker: DockerKind) -> Result | None:
        cell = Cell(docker, self.link, self.memory_mib, self.dirty)
        return find(results, Entry(cell, self.contender, WorkloadKind.CONTAINER))


def _against(over: _Figure, other: Contender) -> _Figure:
    return _Figure(other, over.memory_mib, over.dirty, over.link)


_C = Contender
# Ours, at most this against Docker by hand, at most this against podman by hand.
_BY_HAND: dict[DockerKind, list[tuple[_Figure, float | None, float]]] = {
    DockerKind.DOCKER_26: [
        (_Figure(_C.STOP_AND_COPY, 1), 0.50, 0.60),
        (_Figure(_C.STOP_AND_COPY, 256), 0.08, 0.18),
        (_Figure(_C.PRE_COPY, 256, 1000), 0.07, 0.16),
        (_Figure(_C.POST_COPY, 256, 1000), 0.025, 0.055),
    ],
    DockerKind.DOCKER_28: [(_Figure(_C.POST_COPY, 256, 1000), None, 0.04)],
}
_AMONG_OURS = [
    (_Figure(_C.POST_COPY, 1024), _Figure(_C.POST_COPY, 1), 1.3),
    (
        _Figure(_C.PRE_COPY, 256, 0, MBIT_PER_GBIT),
        _Figure(_C.STOP_AND_COPY, 256, 0, MBIT_PER_GBIT),
        0.35,
    ),
    (
        _Figure(_C.PRE_COPY, 256, 1000, MBIT_PER_GBIT),
        _Figure(_C.STOP_AND_COPY, 256, 1000, MBIT_PER_GBIT),
        0.35,
    ),
    (_Figure(_C.STOP_AND_COPY, 256), _Figure(_C.STOP_AND_COPY_PLAIN, 256), 1.15),
]


def target_lines(results: Found) -> list[Line]:
    """For every kind of Docker that was measured."""
    lines: list[Line] = []
    for docker in DockerKind:
        there = [one for one in results if one.entry.cell.docker is docker]
        if there:
            lines += _by_hand_lines(there, docker) + _own_lines(there, docker)
    return lines


def _by_hand_lines(results: Found, docker: DockerKind) -> list[Line]:
    lines = []
    for ours, docker_limit, podman_limit in _BY_HAND[docker]:
        limits = ((_C.DOCKER_BY_HAND, docker_limit), (_C.PODMAN_BY_HAND, podman_limit))
        lines += [
            _ratio_line(results, docker, ours, _against(ours, other), limit)
            for other, limit in limits
            if limit is not None
        ]
    return lines


def _own_lines(results: Found, docker: DockerKind) -> list[Line]:
    lines = [_ratio_line(results, docker, *one) for one in _AMONG_OURS]
    return [*lines, _floor_line(results, docker), *_remainder_lines(results, docker)]


def _ratio_line(
    results: Found, docker: DockerKind, over: _Figure, under: _Figure, limit: float
) -> Line:
    one, two = over.result_in(results, docker), under.result_in(results, docker)
    value = ratio(one.stop if one else None, two.stop if two else None)
    return Line(f"Docker {docker}: {_words(over, under)}", limit, value)


def _words(over: _Figure, under: _Figure) -> str:
    link = f", {over.link // MBIT_PER_GBIT} Gbit/s" if over.link else ""
    dirty = f", {over.dirty} pages/s" if over.dirty else ""
    memory = f" at {under.memory_mib} MiB" if under.memory_mib != over.memory_mib else ""
    return f"{over.contender}, {over.memory_mib} MiB{dirty}{link} ÷ {under.contender}{memory}"


def _floor_line(results: Found, docker: DockerKind) -> Line:
    cell = Cell(docker, None, 1, 0)
    result = find(results, Entry(cell, _C.STOP_AND_COPY, WorkloadKind.PROCESS))
    value = ratio(result.stop, result.of(lambda trial: trial.criu_ms)) if result else None
    words = f"Docker {docker}: process, stop-and-copy, 1 MiB ÷ dump and restore as CRIU has them"
    return Line(words, FLOOR_FACTOR, value)


def _remainder_lines(results: Found, docker: DockerKind) -> list[Line]:
    lines = []
    for kind, limit in REMAINDER_MS.items():
        worst = _worst([one for one in results if one.entry.kind is kind])
        of = f" ({worst[1]})" if worst else ""
        words = f"Docker {docker}: unexplained remainder, {kind}, worst median{of}"
        lines.append(Line(words, limit, worst[0] if worst else None, "ms"))
    return lines


def _worst(results: Found) -> tuple[float, str] | None:
    """The largest median of the remainder, and whose it is: of those that the hosts hand over."""
    found = []
    for result in results:
        strategy = result.entry.contender.strategy
        remainder = result.of(lambda trial: trial.remainder_ms)
        if remainder and strategy and strategy.by_hand_over:
            cell = result.entry.cell
            where = f"{cell.memory_mib} MiB, {cell.dirty_pages_per_s} pages/s, {cell.link}"
            found.append((remainder.median, f"{result.entry.contender}, {where}"))
    return max(found, default=None)
