"""A grid from JSON: every part checked, sizes before anything else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.plan import LINK, Strategy, WorkloadKind

from .grid import UNSHAPED, Axis, Counts, Grid

MOST_JOBS = 2000  # of an experiment: some hours, and a page that can still be read
MOST_REPETITIONS = 1000
MOST_COOL_DOWN_S = 3600
# What a run leaves on the hosts when it is over would pile up: not for experiments.
FORBIDDEN_OPTIONS = frozenset({"keep_images", "leave_running", *LINK})


class GridRefused(Exception):
    """`code` is one of services.codes.Code, with its `values`."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(f"{code} {values}")
        self.code = code
        self.values = values


_KEYS = ("workloads", "strategies", "options", "links", "pairs", "trials", "warm_ups", "controls")


def parsed(data: Any) -> Grid:
    """A grid from JSON, checked; options are left to services.options. Raises GridRefused.

    Sizes are looked at first: what is too large is refused before anything else is done with it.
    """
    if not isinstance(data, dict):
        raise GridRefused("grid-unreadable", part="grid")
    unknown = set(data) - set(_KEYS)
    if unknown:
        raise GridRefused("grid-unreadable", part=min(map(str, unknown)))
    grid = _shaped(data)
    require_size(grid.counts())
    return grid


def require_size(counts: Counts) -> None:
    """Raises GridRefused for a grid that is empty or larger than an experiment may be."""
    if counts.trials == 0:
        raise GridRefused("grid-empty")
    if counts.jobs > MOST_JOBS:
        raise GridRefused("grid-too-large", jobs=f"{counts.jobs}", most=f"{MOST_JOBS}")


def _shaped(data: Mapping[str, Any]) -> Grid:
    """The counts are known when the lists' lengths are: refuse what is far too large at once."""
    lists = [_list(data, name) for name in ("workloads", "strategies", "pairs")]
    links = _list(data, "links") if "links" in data else [UNSHAPED]
    axes, strategies, pairs = lists
    if math.prod(map(len, (*lists, links))) > MOST_JOBS:
        jobs = math.prod(map(len, (*lists, links)))
        raise GridRefused("grid-too-large", jobs=f"{jobs}", most=f"{MOST_JOBS}")
    return Grid(
        workloads=_once(tuple(map(_axis, axes)), "workloads"),
        strategies=_once(tuple(map(_strategy, strategies)), "strategies"),
        options=_options(data.get("options", {})),
        links=_once(tuple(map(_link, links)), "links"),
        pairs=_once(tuple(map(_pair, pairs)), "pairs"),
        trials=_number(data, "trials", 1, default=5),
        warm_ups=_number(data, "warm_ups", 0),
        controls=_number(data, "controls", 0),
    )


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    if not isinstance(value, list):
        raise GridRefused("grid-unreadable", part=name)
    if not value:
        raise GridRefused("grid-empty-factor", part=name)
    return value


def _once(values: tuple[Any, ...], part: str) -> tuple[Any, ...]:
    """The values; the same twice would be one cell under two numbers."""
    if len({json.dumps(_plain(value), sort_keys=True) for value in values}) != len(values):
        raise GridRefused("grid-twice", part=part)
    return values


def _plain(value: Any) -> Any:
    return [value.type_name, value.kind] if isinstance(value, Axis) else value


def _axis(data: Any) -> Axis:
    if not isinstance(data, dict) or not set(data) <= {"type", "kind", "parameters"}:
        raise GridRefused("grid-unreadable", part="workloads")
    type_name, kind = data.get("type"), data.get("kind")
    if not isinstance(type_name, str) or type_name not in CATALOGUE:
        raise GridRefused("unknown-workload-type", type=str(type_name))
    if kind not in list(WorkloadKind):
        raise GridRefused("grid-unreadable", part="kind")
    if kind not in CATALOGUE[type_name].kinds:
        raise GridRefused("bad-parameter", detail=f"{type_name} is no {kind}")
    return Axis(type_name, str(kind), _parameters(type_name, data.get("parameters", {})))


def _parameters(type_name: str, given: Any) -> dict[str, tuple[int, ...]]:
    """Every parameter of the type, by default where it is not given."""
    if not isinstance(given, dict):
        raise GridRefused("grid-unreadable", part="parameters")
    known = {one.name: one for one in CATALOGUE[type_name].parameters}
    if set(given) - set(known):
        raise GridRefused("bad-parameter", detail=min(map(str, set(given) - set(known))))
    lists = {name: _values(given, name, [one.default]) for name, one in known.items()}
    for name, values in lists.items():
        for value in values:
            one = known[name]
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not one.minimum <= value <= one.maximum:
                raise GridRefused("bad-parameter", detail=f"{name}: {value}")
    return lists


def _values(given: Mapping[str, Any], name: str, default: list[Any]) -> tuple[Any, ...]:
    """The values of a factor; one value may stand by itself."""
    value = given.get(name, default)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise GridRefused("grid-empty-factor", part=name)
    if len(values) > MOST_JOBS:
        raise GridRefused("grid-too-large", jobs=f"{len(values)}", most=f"{MOST_JOBS}")
    return _once(tuple(values), name)


def _strategy(value: Any) -> str:
    if value not in list(Strategy):
        raise GridRefused("unknown-strategy", strategy=str(value))
    return str(value)


def _options(given: Any) -> dict[str, tuple[Any, ...]]:
    if not isinstance(given, dict):
        raise GridRefused("grid-unreadable", part="options")
    for name in given:
        if name in FORBIDDEN_OPTIONS:
            raise GridRefused("unknown-option", option=str(name))
    return {str(name): _values(given, name, []) for name in given}


def _link(data: Any) -> dict[str, float | None]:
    if not isinstance(data, dict) or set(data) - set(LINK):
        raise GridRefused("grid-unreadable", part="links")
    return {**UNSHAPED, **data}


def _pair(data: Any) -> tuple[int, int]:
    whole = isinstance(data, list | tuple) and all(type(one) is int for one in data)
    if not whole or len(data) != 2:
        raise GridRefused("grid-unreadable", part="pairs")
    if data[0] == data[1]:
        raise GridRefused("grid-pair-of-one-host")
    return (data[0], data[1])


def _number(data: Mapping[str, Any], name: str, low: int, default: int = 0) -> int:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise GridRefused("grid-unreadable", part=name)
    if not low <= value <= MOST_REPETITIONS:
        raise GridRefused(
            "grid-number-out-of-range", part=name, low=f"{low}", high=f"{MOST_REPETITIONS}"
        )
    return value
