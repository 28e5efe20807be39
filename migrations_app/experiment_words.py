"""A cell of a grid in a few words: only what tells it from the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from django.utils.translation import gettext as _

from migrations_app.grids import UNSHAPED
from migrations_app.option_words import link_words, short_options
from migrations_app.words import (
    KINDS,
    PARAMETERS,
    STRATEGIES,
    WORKLOAD_TYPES,
    title_of,
)

Factors = Mapping[str, Any]
Hosts = Mapping[Any, str]  # what a host is called, by what the factors name it with


class HasFactors(Protocol):
    @property
    def factors(self) -> Factors: ...


def flat(factors: Factors) -> dict[str, Any]:
    """Every factor by one name: parameters by theirs, options as one, hosts as a pair."""
    return {
        "type": factors["type"],
        "kind": factors["kind"],
        **factors["parameters"],
        "strategy": factors["strategy"],
        "options": factors["options"] or {},
        "link": factors["link"] or dict(UNSHAPED),
        "pair": [factors["source"], factors["target"]],
    }


def varying(all_factors: Iterable[Factors]) -> set[str]:
    """Names of those that have more than one value; the strategy in any case."""
    seen: dict[str, set[str]] = {}
    for factors in all_factors:
        for name, value in flat(factors).items():
            seen.setdefault(name, set()).add(json.dumps(value, sort_keys=True))
    return {name for name, values in seen.items() if len(values) > 1} | {"strategy"}


def short_cell(cell: HasFactors, differing: set[str], names: Hosts) -> str:
    """What differs, with dots between: “cold · 64 MiB · lab-a → lab-b”."""
    words = list(_words(cell, differing, names))
    return " · ".join(word for word in words if word)


def _words(cell: HasFactors, differing: set[str], names: Hosts) -> Iterator[str]:
    factors = cell.factors
    yield _strategy(factors)
    if "type" in differing:
        yield str(WORKLOAD_TYPES[factors["type"]].title)
    if "kind" in differing:
        yield str(title_of(KINDS, factors["kind"]))
    for name in [name for name in factors["parameters"] if name in differing]:
        yield _parameter(name, factors["parameters"][name])
    if "options" in differing:
        yield short_options(factors["options"] or {})
    if "link" in differing and factors["strategy"] is not None:
        yield link_words(factors["link"] or UNSHAPED)
    if "pair" in differing:
        yield _hosts(factors, names)


def _strategy(factors: Factors) -> str:
    if factors["strategy"] is None:
        return _("control run")
    return str(title_of(STRATEGIES, factors["strategy"]))


def _parameter(name: str, value: int) -> str:
    if name == "memory_mib":
        return _("%(memory)s MiB") % {"memory": value}
    return _("%(option)s: %(value)s") % {"option": title_of(PARAMETERS, name), "value": value}


def _hosts(factors: Factors, names: Hosts) -> str:
    source = names.get(factors["source"], "?")
    if factors["target"] is None:
        return source
    return f"{source} → {names.get(factors['target'], '?')}"
