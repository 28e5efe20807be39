"""CSV: one line per run, phase or pre-copy round; of an experiment per trial or per cell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from migrations_app.metrics import METRICS
from migrations_app.models import MigrationJob

from .shape import Cell, Document, Run

BYTE_ORDER_MARK = "\ufeff"  # Chinese Excel takes a file without it for GBK
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

ABOUT = ("job", "finished_at", "status", "operation", "strategy", "source", "target")
WORKLOAD = ("name", "type", "kind")
OPTIONS = (
    "encrypted",
    "compression",
    "bandwidth_limit_mbit_s",
    "tcp_established",
    "keep_images",
    "leave_running",
)
RULES = ("most_rounds", "pages_left", "growth_percent", "stop_time_ms")
PHASE = ("name", "side", "start_ms", "duration_ms", "bytes", "round", "failed")
ROUND = (
    "number",
    "method",
    "start_ms",
    "duration_ms",
    "frozen_ms",
    "dump_ms",
    "compare_ms",
    "transfer_ms",
    "pages",
    "bytes",
    "expected_stop_ms",
)


def cell(value: object) -> object:
    """A value that a spreadsheet takes as it is, never as a formula."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def lines(header: Sequence[str], rows: Iterable[Sequence[object]], *, bom: bool = False) -> str:
    """A whole file; unknown is empty, times are ISO 8601."""
    text = io.StringIO()
    if bom:
        text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def build(document: Document, *, table: str = "", bom: bool = False) -> str:
    """`table` is one of TABLES; none: runs, of an experiment its trials."""
    header, rows = TABLES[table or ("trials" if document["experiment"] else "runs")]
    return lines(header, rows(document), bom=bom)


RUNS_HEADER = (
    *ABOUT,
    *(f"workload_{name}" for name in WORKLOAD),
    *OPTIONS,
    *(f"pre_copy_{name}" for name in RULES),
    "proof_passed",
    *METRICS,
)


def _runs(document: Document) -> Iterator[list[object]]:
    return (_run(run) for run in document["runs"])


def _run(run: Run) -> list[object]:
    known: dict[str, Any] = {**run}
    return [
        *(known[name] for name in ABOUT),
        *(known["workload"][name] for name in WORKLOAD),
        *(run["options"].get(name) for name in (*OPTIONS, *RULES)),
        (run["proof"] or {}).get("passed"),
        *(run["metrics"].get(name) for name in METRICS),
    ]


def _phases(document: Document) -> Iterator[list[object]]:
    for run in document["runs"]:
        for phase in run["phases"]:
            known: dict[str, Any] = {**phase}
            yield [run["job"], *(known[name] for name in PHASE)]


def _rounds(document: Document) -> Iterator[list[object]]:
    for run in document["runs"]:
        for told in run["rounds"]:
            yield [run["job"], *(told.get(name) for name in ROUND)]


FACTORS = ("type", "kind", "strategy", "source", "target", "parameters", "options", "link")
TRIAL = (
    *("position", "role", "cell", "repetition", "state", "outcome", "error_code", "job"),
    *("started_at", "finished_at"),
)
COUNTED = ("succeeded", "failed", "cancelled", "waiting")
STATISTICS = ("n", "median", "low", "high", "mean", "q1", "q3", "least", "most")
FIGURES = MigrationJob.METRICS


def _factors(cell: Cell | None) -> list[object]:
    """Those with values of their own as JSON."""
    factors: dict[str, Any] = {**cell["factors"]} if cell else {}
    known = (factors.get(name) for name in FACTORS)
    return [json.dumps(one, ensure_ascii=False) if isinstance(one, dict) else one for one in known]


def _trials(document: Document) -> Iterator[list[object]]:
    """All of them, also those that failed, were cancelled or have not begun."""
    told = document["experiment"]
    if told is None:
        return
    cells = {(cell["role"] == "control", cell["number"]): cell for cell in told["cells"]}
    for trial in told["trials"]:
        known: dict[str, Any] = {**trial}
        cell = cells.get((trial["role"] == "control", trial["cell"] or 0))
        yield [
            *(known[name] for name in TRIAL),
            len(trial["former"]),
            *_factors(cell),
            *(trial["metrics"].get(name) for name in FIGURES),
        ]


def _cells(document: Document) -> Iterator[list[object]]:
    """A line for each cell and figure of which anything is known."""
    for cell in (document["experiment"] or {"cells": []})["cells"]:
        known: dict[str, Any] = {**cell}
        about = [cell["role"], cell["number"], *_factors(cell), *(known[name] for name in COUNTED)]
        for metric, statistics in cell["statistics"].items():
            values: dict[str, Any] = {**statistics}
            yield [*about, metric, *(values[name] for name in STATISTICS)]


Rows = Callable[[Document], Iterator[list[object]]]
TABLES: dict[str, tuple[Sequence[str], Rows]] = {
    "runs": (RUNS_HEADER, _runs),
    "phases": (("job", *PHASE), _phases),
    "rounds": (("job", *ROUND), _rounds),
    "trials": ((*TRIAL, "failed_before", *FACTORS, *FIGURES), _trials),
    "cells": (("role", "cell", *FACTORS, *COUNTED, "metric", *STATISTICS), _cells),
}
