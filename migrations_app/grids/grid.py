"""What a grid is made of, and how large it is before it is expanded.

A grid is a product: workloads with their parameters × strategies × options × links × pairs of
hosts. One point of it is a cell; a cell is run `trials` times. Beside them:

- warm-up trials: before all others, for each workload, strategy and pair (what fills caches and
  brings images along depends on these), with the first value of everything else;
- control runs: each workload with its parameters on each source host, not migrated.

JSON as in `Grid.to_json`; hosts are ids.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from migrations_app.engine.plan import LINK

UNSHAPED: Mapping[str, float | None] = dict.fromkeys(LINK)


class Role(StrEnum):
    """As models.Trial.Role."""

    TRIAL = "trial"
    WARM_UP = "warm-up"
    CONTROL = "control"


@dataclass(frozen=True)
class Axis:
    """One kind of workload, with one or more values for each parameter."""

    type_name: str
    kind: str
    parameters: Mapping[str, Sequence[int]]

    @property
    def size(self) -> int:
        return math.prod(len(values) for values in self.parameters.values())

    def points(self) -> Iterator[dict[str, int]]:
        for values in itertools.product(*self.parameters.values()):
            yield dict(zip(self.parameters, values, strict=True))


@dataclass(frozen=True)
class Cell:
    """One point of the grid. A control run has no strategy, options, link or target."""

    type_name: str
    kind: str
    parameters: Mapping[str, int]
    source: int
    target: int | None = None
    strategy: str | None = None
    options: Mapping[str, Any] | None = None
    link: Mapping[str, float | None] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "type": self.type_name,
            "kind": self.kind,
            "parameters": dict(self.parameters),
            "strategy": self.strategy,
            "options": None if self.options is None else dict(self.options),
            "link": None if self.link is None else dict(self.link),
            "source": self.source,
            "target": self.target,
        }


@dataclass(frozen=True)
class Counts:
    cells: int
    trials: int
    warm_ups: int
    controls: int

    @property
    def jobs(self) -> int:
        """All that is run."""
        return self.trials + self.warm_ups + self.controls


@dataclass(frozen=True)
class Grid:
    workloads: tuple[Axis, ...]
    strategies: tuple[str, ...]
    options: Mapping[str, Sequence[Any]]  # by name, as services.options.DEFAULTS
    links: tuple[Mapping[str, float | None], ...]
    pairs: tuple[tuple[int, int], ...]  # (source, target)
    trials: int = 5
    warm_ups: int = 0
    controls: int = 0

    def counts(self) -> Counts:
        """Sizes only, so that a grid of a million cells costs nothing. Not checked."""
        points = sum(axis.size for axis in self.workloads)
        ways = math.prod(len(values) for values in self.options.values()) * len(self.links)
        cells = points * len(self.strategies) * ways * len(self.pairs)
        groups = len(self.workloads) * len(self.strategies) * len(self.pairs)
        return Counts(
            cells=cells,
            trials=cells * self.trials,
            warm_ups=groups * self.warm_ups,
            controls=points * len(self.sources) * self.controls,
        )

    @property
    def sources(self) -> list[int]:
        """Each host that is a source once, in the order given."""
        return list(dict.fromkeys(source for source, _target in self.pairs))

    def cells(self, role: Role = Role.TRIAL) -> list[Cell]:
        """Every cell of a role, always in the same order."""
        if role is Role.CONTROL:
            return list(self._control_cells())
        return list(self._cells(first_only=role is Role.WARM_UP))

    def _cells(self, *, first_only: bool) -> Iterator[Cell]:
        upto = 1 if first_only else None
        ways = list(itertools.product(*self.options.values()))[:upto]
        for axis in self.workloads:
            for parameters, strategy, way, link, (source, target) in itertools.product(
                itertools.islice(axis.points(), upto),
                self.strategies,
                ways,
                self.links[:upto],
                self.pairs,
            ):
                options = dict(zip(self.options, way, strict=True))
                yield Cell(
                    axis.type_name, axis.kind, parameters, source, target, strategy, options, link
                )

    def _control_cells(self) -> Iterator[Cell]:
        for axis in self.workloads:
            for parameters, source in itertools.product(axis.points(), self.sources):
                yield Cell(axis.type_name, axis.kind, parameters, source)

    def to_json(self) -> dict[str, Any]:
        return {
            "workloads": [
                {
                    "type": axis.type_name,
                    "kind": axis.kind,
                    "parameters": {name: list(values) for name, values in axis.parameters.items()},
                }
                for axis in self.workloads
            ],
            "strategies": list(self.strategies),
            "options": {name: list(values) for name, values in self.options.items()},
            "links": [dict(link) for link in self.links],
            "pairs": [list(pair) for pair in self.pairs],
            "trials": self.trials,
            "warm_ups": self.warm_ups,
            "controls": self.controls,
        }
