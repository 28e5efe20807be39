"""What tests of pages share: a finished job with a report, and a page's text."""

from __future__ import annotations

from django.utils import timezone

from migrations_app.models import MigrationJob

from .makers import make_job

REPORT = {
    "schema": 1,
    "metrics": {"stop_time_ms": 634.2, "transfer_time_ms": None, "total_time_ms": 2500.0},
    "proof": {
        "kind": "sequence",
        "passed": True,
        "detail": "",
        "last_before": 13,
        "first_after": 14,
    },
    "commands": [
        {
            "host": "source",
            "phase": "dump",
            "argv": ["docker", "checkpoint", "create", "cr", "a b"],
            "exit_status": 0,
            "start_ms": 1.0,
            "duration_ms": 2.0,
        }
    ],
    "logs": [{"host": "source", "name": "dump.log", "text": "<script>", "truncated": False}],
    "environment": {"source": {"kernel": "6.1"}, "target": {"kernel": "6.2"}},
    "warnings": ["freeze-not-seen"],
}


def finished(**fields) -> MigrationJob:
    values = {
        "status": "succeeded",
        "finished_at": timezone.now(),
        "report": REPORT,
        "stop_time_ms": 634.2,
        "proof_passed": True,
    }
    return make_job(**(values | fields))


def text_of(response) -> str:
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")
