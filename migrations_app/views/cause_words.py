"""The cause of a failure as pages show it: a row of the table in words, and the lines that tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.causes import CAUSES as ROWS
from migrations_app.engine.causes import UNKNOWN, Cause
from migrations_app.words import CAUSES, Explanation, explain


@dataclass(frozen=True)
class CauseShown:
    number: int | None  # of its row; None: nobody knows it yet
    words: Explanation
    log: str | None
    lines: tuple[str, ...]  # the first is the one that tells

    @property
    def is_known(self) -> bool:
        return self.words.code != UNKNOWN


def cause_of(report: Mapping[str, Any]) -> CauseShown | None:
    """Out of a report; None for a success, for older reports, and where nothing was said."""
    told = (report.get("error") or {}).get("cause")
    if not told:
        return None
    key = str(told["key"])
    lines = tuple(str(line) for line in told.get("lines") or ())
    return CauseShown(told.get("number"), explain(CAUSES, key), told.get("log"), lines)


@dataclass(frozen=True)
class CauseRow:
    """A row of the table as the page for learning lists it."""

    cause: Cause
    words: Explanation
    shown_by: str | None  # the workload type that shows it on purpose


def cause_rows() -> list[CauseRow]:
    """In the order of their numbers."""
    shown = {found.shows: found.name for found in CATALOGUE.values() if found.shows}
    return [
        CauseRow(row, explain(CAUSES, row.key), shown.get(row.key))
        for row in sorted(ROWS, key=lambda row: row.number)
    ]
