"""A table in Markdown from what the runs have noted: a line of JSON per case.

python -m tests.integration.faults.table var-faults/faults.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

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


def read(path: Path) -> list[dict[str, Any]]:
    """The last word on each case, in the order in which they first came."""
    rows: dict[str, dict[str, Any]] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        rows[row["case"]] = row
    return list(rows.values())


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
    sys.stdout.write(markdown(read(Path(sys.argv[1]))) + "\n")
