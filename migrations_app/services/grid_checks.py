"""Whether a grid can be run: its options, and every way between hosts that it asks for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrations_app.adapters import option_problem_between, plan_problem
from migrations_app.engine.plan import LINK, Compression, Operation, Strategy
from migrations_app.grids import Grid, GridRefused, parsed
from migrations_app.models import Host, Workload

from .codes import Code, ExperimentRefused, Refused
from .obstacles import obstacle_between
from .options import columns_for


@dataclass(frozen=True)
class Blocked:
    """Why some cells of a grid can't be run."""

    kind: str
    strategy: str
    source: Host
    target: Host
    reason: Refused


def checked_grid(data: Any) -> Grid:
    """The grid in `data` (JSON). Contacts nothing and reads no row. Raises ExperimentRefused."""
    try:
        grid = parsed(data)
    except GridRefused as error:
        raise ExperimentRefused(error.code, **error.values) from error
    for options in _each_option(grid):
        columns_for(options, Operation.MIGRATE, Strategy.PRE_COPY)
    return grid


def _each_option(grid: Grid) -> Iterator[Mapping[str, object]]:
    """Every value of every option once, as if it alone were chosen."""
    for name, values in grid.options.items():
        yield from ({name: value} for value in values)
    yield from grid.links


def hosts_of(grid: Grid) -> dict[int, Host]:
    """By id. Raises ExperimentRefused for one that there is not."""
    wanted = set(itertools.chain.from_iterable(grid.pairs))
    found = Host.objects.in_bulk(wanted)
    for pk in wanted - set(found):
        raise ExperimentRefused(Code.UNKNOWN_HOST, host=str(pk))
    return found


def blocked_cells(grid: Grid, hosts: Mapping[int, Host]) -> list[Blocked]:
    """What the rows know to be impossible; empty: the grid can be run."""
    kinds = dict.fromkeys(axis.kind for axis in grid.workloads)
    found = []
    for kind, strategy, pair in itertools.product(kinds, grid.strategies, grid.pairs):
        source, target = (hosts[pk] for pk in pair)
        reason = why_not(kind, Strategy(strategy), source, target, grid)
        if reason:
            found.append(Blocked(kind, strategy, source, target, reason))
    return found


def why_not(
    kind: str, strategy: Strategy, source: Host, target: Host, grid: Grid | None = None
) -> Refused | None:
    """The first thing that stands in the way of this between two hosts, or None."""
    obstacle = obstacle_between(source, target, kind, strategy)
    if obstacle:
        return obstacle
    anything = Workload(kind=kind, host=source)
    problem = plan_problem(
        workload=anything, target=target, operation=Operation.MIGRATE, strategy=strategy
    )
    for options in () if grid is None or problem else _each_option(grid):
        problem = problem or option_problem_between(source, target, strategy, _of_plan(options))
    if problem is None:
        return None
    values = {name: str(value) for name, value in problem.values.items()}
    return ExperimentRefused(problem.code, **values)


def _of_plan(options: Mapping[str, object]) -> dict[str, Any]:
    """Those that are fields of a plan by themselves; rules of rounds need nothing of a host."""
    plain = ("encrypted", "bandwidth_limit_mbit_s", *LINK)
    chosen: dict[str, Any] = {name: value for name, value in options.items() if name in plain}
    if "compression" in options:
        chosen["compression"] = Compression(str(options["compression"]))
    return chosen
