"""An experiment's cells along one factor: what makes a line, and the theory beneath it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from migrations_app.charts import Theory
from migrations_app.charts.theory import ALL_MEMORY, floor_of
from migrations_app.experiment_words import short_cell, varying

MEMORY, BANDWIDTH = "memory_mib", "bandwidth_mbit_s"  # of charts.FACTORS
Factors = Mapping[str, Any]


class HasFactors(Protocol):
    @property
    def factors(self) -> Factors: ...


@dataclass(frozen=True)
class Rest:
    """A cell without the factor that it is drawn over."""

    factors: Factors


def factor_of(factors: Factors, name: str) -> float | None:
    """None: the cell does not fix it. Bandwidth is the least of shaped link and limit."""
    if name == MEMORY:
        found = factors["parameters"].get(MEMORY)
        return None if found is None else float(found)
    link, options = factors["link"] or {}, factors["options"] or {}
    limits = [link.get("link_rate_mbit_s"), options.get("bandwidth_limit_mbit_s")]
    return min((float(limit) for limit in limits if limit), default=None)


def without(factors: Factors, name: str) -> Factors:
    if name == MEMORY:
        left = {key: value for key, value in factors["parameters"].items() if key != MEMORY}
        return {**factors, "parameters": left}
    link = {**(factors["link"] or {}), "link_rate_mbit_s": None}
    options = {**(factors["options"] or {}), "bandwidth_limit_mbit_s": None}
    return {**factors, "link": link, "options": options}


def lines_over(
    cells: Sequence[HasFactors], name: str, hosts: Mapping[Any, str]
) -> dict[str, list[int]]:
    """Places of cells that differ in nothing but this factor, by what they have in common."""
    rests = [Rest(without(cell.factors, name)) for cell in cells]
    differing = varying(rest.factors for rest in rests)
    lines: dict[str, list[int]] = {}
    for place, (cell, rest) in enumerate(zip(cells, rests, strict=True)):
        if factor_of(cell.factors, name) is not None:
            lines.setdefault(short_cell(rest, differing, hosts), []).append(place)
    return lines


def theory_of(cells: Iterable[tuple[Factors, Sequence[float]]]) -> Theory | None:
    """The line through cells of one strategy, given with their stop times in ms.

    None where it is not known what has to be sent, or how fast it can be: memory that is packed,
    pages that follow or went ahead, a link as it is.
    """
    runs, last = [], None
    for factors, times in cells:
        memory, bandwidth = factor_of(factors, MEMORY), factor_of(factors, BANDWIDTH)
        packed = (factors["options"] or {}).get("compression", "none") != "none"
        if memory is None or bandwidth is None or packed or factors["strategy"] not in ALL_MEMORY:
            return None
        last = Theory(factors["strategy"], 0.0, memory, bandwidth)
        runs += [(last, time) for time in times]
    if last is None or not runs:
        return None
    return Theory(last.strategy, floor_of(runs), last.memory_mib, last.bandwidth_mbit_s)
