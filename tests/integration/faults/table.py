"""A table in Markdown from what the runs have noted: a line of JSON per case.

python -m tests.integration.faults.table var-faults/faults.jsonl [more notes …]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from migrations_app.engine import Strategy, WorkloadKind

from .cases import Moment
from .site import SiteMoment

HEAD = (
    "strategy",
    "kind",
    "moment",
    "fault",
    "the job by itself",
    "in the end",
    "alive on",
    "cleaned later",
    "left behind",
)


def note(path: Path, row: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def read(*paths: Path) -> list[dict[str, Any]]:
    """The last word on each case, in the order of strategies, kinds, moments and faults."""
    rows: dict[str, dict[str, Any]] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            row = json.loads(line)
            rows[row["case"]] = row
    return sorted(rows.values(), key=_place)


def _place(row: dict[str, Any]) -> tuple[int, ...]:
    """The site's own parts come last."""
    moments = list(dict.fromkeys([*map(str, Moment), *map(str, SiteMoment)]))
    names: list[list[str]] = [list(Strategy), list(WorkloadKind), moments]
    values = [row["strategy"], row["kind"], row["moment"]]
    places = [name.index(value) for name, value in zip(names, values, strict=True)]
    return (row["case"].startswith("site_"), *places)


def markdown(rows: list[dict[str, Any]]) -> str:
    lines = [" | ".join(HEAD), "|".join(["---"] * len(HEAD))]
    lines += [" | ".join(_cells(row)) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cells(row: dict[str, Any]) -> list[str]:
    code = f" (`{row['code']}`)" if row["code"] else ""
    alive = ", ".join(row["alive"]) or "none"
    wrong = f" — **{row['wrong']}**" if row["wrong"] else ""
    own = [row["strategy"], row["kind"], row["moment"], row["fault"]]
    later = ", ".join(row.get("left_on") or ()) or "–"
    return [*own, row["first"], row["outcome"] + code, alive + wrong, later, _left(row)]


def _left(row: dict[str, Any]) -> str:
    """Not looked at where something was wrong before."""
    if row.get("left") is None:
        return "not looked at"
    found = [f"{side}: {', '.join(changes)}" for side, changes in row["left"].items()]
    return f"**{'; '.join(found)}**" if found else "nothing"


if __name__ == "__main__":
    sys.stdout.write(markdown(read(*map(Path, sys.argv[1:]))) + "\n")
