"""How answers are printed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from .words import say


def out(args: argparse.Namespace, value: Any, text: str) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2) if args.json else text)


def table(rows: list[list[Any]]) -> str:
    texts = [[str("" if cell is None else cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts)]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in texts
    )


def ms(value: Any) -> str:
    return say("not known") if value is None else f"{value:.0f} ms"


def write(path: str | None, data: bytes) -> None:
    """Into a file, or to the terminal."""
    if path:
        Path(path).write_bytes(data)
    else:
        sys.stdout.write(data.decode("utf-8").rstrip("\n") + "\n")
