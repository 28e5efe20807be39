"""Rounds and the parts of the stop window, ready to be shown."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrations_app.words import STOP_PARTS, Phrase

Json = Mapping[str, Any]


@dataclass(frozen=True)
class RoundRow:
    """A pre-copy round of the report; `share` is its bytes in percent of the largest one's."""

    number: int  # from 1, for people
    told: Json
    share: float


def rounds_of(report: Json) -> list[RoundRow]:
    rounds = report.get("rounds") or []
    most = max((told["bytes"] for told in rounds), default=0) or 1
    return [RoundRow(told["number"] + 1, told, 100 * told["bytes"] / most) for told in rounds]


@dataclass(frozen=True)
class Part:
    """A part of the stop window. `start` and `share` are percent of the stop time, for the bar."""

    name: str
    words: Phrase
    value: float | None  # ms
    start: float
    share: float | None


def parts_of(report: Json) -> list[Part]:
    """In the order in which they come. One that is not known takes no room in the bar."""
    known: Json | None = report.get("stop_window")
    if not known:
        return []
    values = [known.get(name) for name in STOP_PARTS]
    whole = sum(max(value or 0, 0) for value in values) or 1
    shares = [None if value is None else 100 * max(value, 0) / whole for value in values]
    starts = itertools.accumulate((share or 0 for share in shares), initial=0.0)
    rows = zip(STOP_PARTS.items(), values, starts, shares, strict=False)
    return [Part(name, words, value, start, share) for (name, words), value, start, share in rows]
