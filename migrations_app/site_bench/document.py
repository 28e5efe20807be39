"""The benchmark's table and its JSON, with what it was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection

from migrations_app.bench.environment import cpu_model
from migrations_app.engine import VERSION

from .measure import MOST_MS, Timing

Json = dict[str, Any]


def document(timings: Sequence[Timing], *, jobs: int, rounds: int, seed: int) -> Json:
    return {
        "schema": 1,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "program_version": VERSION,
        "database": f"{connection.display_name} {database_version()}",
        "jobs": jobs,
        "rounds": rounds,
        "seed": seed,
        "cpu": cpu_model(Path("/proc/cpuinfo").read_text()),
        "cores": os.cpu_count() or 0,
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
        "most_ms": MOST_MS,
        "pages": [{**asdict(timing), "holds": timing.holds} for timing in timings],
    }


def database_version() -> str:
    return ".".join(map(str, connection.get_database_version()))


def table(told: Json) -> str:
    """In Markdown, slowest first."""
    head = (
        f"{told['date']}, {told['jobs']} generated jobs, {told['database']}, n = {told['rounds']}; "
        f"{told['cpu']}, {told['cores']} cores, Linux {told['kernel']}, "
        f"load at the end {told['load']}; Migration Lab {told['program_version']}"
    )
    rows = sorted(told["pages"], key=lambda row: -row["median_ms"])
    return "\n".join(
        [
            head,
            "",
            "| page | queries | KiB | median ms | p95 ms | CPU ms | |",
            "|---|---:|---:|---:|---:|---:|---|",
            *map(_line, rows),
        ]
    )


def _line(row: Json) -> str:
    verdict = "file" if row["page"]["is_file"] else "" if row["holds"] else "too slow"
    return (
        f"| {row['page']['name']} | {row['queries']} | {row['kib']:.0f} "
        f"| {row['median_ms']:.0f} | {row['p95_ms']:.0f} | {row['cpu_ms']:.0f} | {verdict} |"
    )
