"""Made-up pieces for the style page: every state, every figure, both ends of a run."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from migrations_app import words
from migrations_app.metrics import METRICS
from migrations_app.waterfall import Bar, Run, picture

from .chart_samples import every_chart

BARS = (
    Bar("prepare", "source", 0, 640),
    Bar("create", "target", 640, 96),
    Bar("freeze", "source", 760, 41),
    Bar("dump", "source", 801, 236),
    Bar("transfer", "source", 1037, 83, bytes=1_290_240),
    Bar("restore", "target", 1120, 318),
    Bar("resume", "target", 1438, 60),
    Bar("verify", "target", 1500, 900),
    Bar("clean-up", "source", 2400, 210),
)


def samples() -> dict[str, Any]:
    return {
        "signs": {
            "job": words.JOB_SIGNS,
            "host": words.HOST_SIGNS,
            "workload": words.WORKLOAD_SIGNS,
            "proof": words.PROOF_SIGNS,
            "severity": words.SEVERITY_SIGNS,
        },
        "metrics": [(metric, 634.2) for metric in METRICS.values()],
        "tones": ("ok", "warn", "bad", "run"),
        "failure": words.explain(words.ERRORS, "transfer-failed"),
        "waterfall": _waterfall(),
        "charts": every_chart(),
        "now": timezone.now(),
    }


def _waterfall() -> dict[str, Any]:
    return picture(
        Run(
            bars=BARS,
            operation="migrate",
            workload="cr",
            source="lab-a",
            target="lab-b",
            now_ms=None,
            stop_time_ms=637,
            workload_is_on="target",
            last_before=13,
            first_after=14,
        )
    )
