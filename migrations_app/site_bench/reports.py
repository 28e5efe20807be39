"""Reports and phases of generated jobs, of the size that real ones have."""

from __future__ import annotations

import random
from typing import Any

from migrations_app.models import MigrationJob

LOG_LINE = "(00.{n:06}) generated: a line of the length that CRIU's have in a log of a dump or so\n"
LOG_LINES = 40  # some 3 KB; of one report in a hundred the 64 KB that the engine keeps at most
LONG_LOG_LINES = 700
# name, side, part of the total, bytes move
PHASES = (
    ("prepare", "source", 0.2, False),
    ("freeze", "source", 0.02, False),
    ("dump", "source", 0.3, False),
    ("transfer", "source", 0.2, True),
    ("restore", "target", 0.2, False),
    ("resume", "target", 0.02, False),
    ("verify", "target", 0.5, False),
    ("clean-up", "source", 0.1, False),
)


def facts_of(*, criu: str) -> dict[str, Any]:
    return {
        "hostname": "generated",
        "distribution": "Debian GNU/Linux 13 (trixie)",
        "kernel": "6.12.48",
        "architecture": "x86_64",
        "cpu_model": "generated",
        "cpus": 2,
        "cgroup_version": 2,
        "criu": {"version": criu, "check_ok": True, "check_output": "Looks good."},
        "docker": {"version": "26.1.5", "experimental": True, "runtime_ready": True},
        "runc": "1.1.15",
        "compression": ["lz4", "zstd"],
        "shm_free_mib": 5900,
    }


def report_of(job: MigrationJob, facts: dict[str, Any], source: random.Random) -> dict[str, Any]:
    """What the engine would have written, as far as pages read it."""
    lines = LONG_LOG_LINES if source.random() < 0.01 else LOG_LINES
    text = "".join(LOG_LINE.format(n=n) for n in range(lines))
    return {
        "schema": 1,
        "outcome": str(job.status),
        "metrics": {name: getattr(job, name) for name in MigrationJob.METRICS},
        "proof": {"kind": "memory", "passed": True, "last_before": 13, "first_after": 14},
        "environment": {"source": facts, "target": facts, "engine_version": "0.1.0"},
        "commands": [_command(n) for n in range(6)],
        "logs": [{"host": "source", "name": "dump.log", "text": text, "truncated": False}],
        "warnings": [],
        "error": None if job.proof_passed else {"code": job.error_code, "log_excerpt": "generated"},
    }


def _command(number: int) -> dict[str, Any]:
    return {
        "host": "source",
        "phase": "dump",
        "argv": ["criu", "dump", "--tree", str(number), "--images-dir", "generated"],
        "exit_status": 0,
        "start_ms": 10.0 * number,
        "duration_ms": 5.0,
    }


def phases_of(job: MigrationJob) -> list[dict[str, Any]]:
    total, at, found = job.total_time_ms or 1000.0, 0.0, []
    for name, side, part, moves in PHASES:
        duration = total * part
        size = 50_000_000 if moves else None
        phase = {"name": name, "side": side, "start_ms": at, "duration_ms": duration}
        found.append({**phase, "bytes": size})
        at += duration
    return found
