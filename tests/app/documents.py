"""Documents for tests of exports, without a database."""

from __future__ import annotations

from typing import Any

from migrations_app.exports.shape import SCHEMA, SCHEMA_VERSION, Document


def run(**fields: Any) -> Any:
    """A finished run with little in it."""
    values: dict[str, Any] = {
        "job": 7,
        "status": "succeeded",
        "operation": "migrate",
        "strategy": "cold",
        "workload": {
            "name": "cr",
            "type": "counter",
            "kind": "container",
            "parameters": {"interval_ms": 1000},
        },
        "source": "left",
        "target": "right",
        "created_at": "2026-11-29T12:00:00.000+00:00",
        "started_at": "2026-11-29T12:00:01.000+00:00",
        "finished_at": "2026-11-29T12:00:04.000+00:00",
        "options": {
            "encrypted": True,
            "compression": "none",
            "bandwidth_limit_mbit_s": None,
            "tcp_established": False,
            "keep_images": False,
            "leave_running": False,
        },
        "metrics": {"stop_time_ms": 616.0, "transfer_time_ms": 81.0, "total_time_ms": None},
        "proof": None,
        "workload_is_on": "target",
        "phases": [],
        "rounds": [],
        "rounds_ended_by": None,
        "stop_window": None,
        "clock": None,
        "environment": None,
        "warnings": [],
        "error": None,
        "commands": None,
        "logs": None,
    }
    return values | fields


def document(*runs: Any, **fields: Any) -> Document:
    whole: Any = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "program_version": "0.1.0",
        "made_at": "2026-11-29T12:30:00.000+00:00",
        "kind": "job" if len(runs) == 1 else "comparison",
        "redacted": False,
        "title": None,
        "left_out": 0,
        "groups": None,
        "experiment": None,
        "runs": list(runs),
    }
    return whole | fields
