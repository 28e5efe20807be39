"""Checks of the very workload as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrations_app.words import ADAPTS, CHECKS, ERRORS, Explanation, explain
from migrations_app.words.base import Text


@dataclass(frozen=True)
class CheckRow:
    """One question: what is asked, the answer, what was found, what the run does about it."""

    code: str
    title: Text
    outcome: str  # pass, warn, fail, skipped
    what: str
    adapts: tuple[Text, ...]

    @property
    def words(self) -> Explanation:
        """Why it stands in the way, and what to do."""
        return explain(ERRORS, self.code)

    @property
    def fails(self) -> bool:
        return self.outcome == "fail"

    @property
    def is_fine(self) -> bool:
        return self.outcome == "pass"


def check_rows(checks: Iterable[Mapping[str, Any]] | None) -> list[CheckRow]:
    """Of a report or a look: what needs attention first, then as they were asked."""
    rows = [
        CheckRow(
            code=str(check["code"]),
            title=CHECKS.get(check["code"], check["code"]),
            outcome=str(check["outcome"]),
            what=str(check["values"].get("what", "")),
            adapts=tuple(ADAPTS.get(name, name) for name in check["adapts"]),
        )
        for check in checks or ()
    ]
    return sorted(rows, key=lambda row: (row.is_fine, not row.adapts))
