"""Configurations in a few words: what tells them from each other, and always the strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.plan import Operation, Strategy
from migrations_app.models import Configuration
from migrations_app.option_words import short_options
from migrations_app.services.options import DEFAULTS
from migrations_app.words import KINDS, OPERATIONS, PARAMETERS, STRATEGIES, WORKLOAD_TYPES, title_of

BARE = ("memory_mib",)  # parameters whose value says what it is by its unit
Parts = dict[str, str]


def parts_of(configuration: Configuration) -> Parts:
    """Everything that makes it, in words, by name; what is off or usual is empty."""
    c = configuration
    known = WORKLOAD_TYPES.get(c.type_name)
    return {
        "strategy": str(title_of(STRATEGIES, c.strategy)),
        "type": str(known.title) if known else c.type_name,
        **{name: _parameter(c.type_name, name, value) for name, value in c.parameters.items()},
        "kind": str(title_of(KINDS, c.kind)),
        "operation": str(title_of(OPERATIONS, c.operation)),
        "options": short_options(all_options(c.options)),
    }


def all_options(kept: Mapping[str, Any]) -> dict[str, Any]:
    """As MigrationJob.options has them; a configuration keeps only those that are on."""
    off = {name: False for name, value in DEFAULTS.items() if isinstance(value, bool)}
    return {**off, "compression": DEFAULTS["compression"], **kept}


def _parameter(type_name: str, name: str, value: object) -> str:
    unit = (
        next((p.unit for p in CATALOGUE[type_name].parameters if p.name == name), "")
        if type_name in CATALOGUE
        else ""
    )
    number = f"{value} {unit}".strip()
    return number if name in BARE else f"{title_of(PARAMETERS, name)} {number}"


def labels_of(configurations: Sequence[Configuration]) -> dict[int, str]:
    """By id. Of one alone: its strategy and workload."""
    parts = {c.pk: parts_of(c) for c in configurations}
    names = list(dict.fromkeys(name for told in parts.values() for name in told))
    differ = {n for n in names if len({told.get(n, "") for told in parts.values()}) > 1}
    differ |= {"strategy"} if differ else {"strategy", "type", *BARE}
    return {
        pk: " · ".join(text for name, text in told.items() if text and name in differ)
        for pk, told in parts.items()
    }


def whole_label(configuration: Configuration) -> str:
    """All of it that is not usual, for a table or a list."""
    told = parts_of(configuration)
    if configuration.operation == Operation.MIGRATE:
        told.pop("operation")
    return " · ".join(text for text in told.values() if text)


def order_of(configuration: Configuration) -> tuple[Any, ...]:
    """By workload, then operations and strategies as the engine lists them, then options."""
    c = configuration
    numbers = [
        (name, value if isinstance(value, (int, float)) else 0)
        for name, value in sorted(c.parameters.items())
    ]
    places = (_place(c.operation, Operation), _place(c.strategy, Strategy))
    return c.type_name, c.kind, numbers, *places, short_options(all_options(c.options))


def _place(name: str, known: type[Operation] | type[Strategy]) -> int:
    names = [str(member) for member in known]
    return names.index(name) if name in names else len(names)
