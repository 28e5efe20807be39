"""What goes wrong and why: with a failure that nobody explained, and one that somebody did."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.models import CauseNote, MigrationJob, VersionTally, WorkloadCheck
from migrations_app.services.diagnosis import pattern_of
from tests.app.makers import make_host, make_job, make_workload

LINE = "Error (criu/net.c:12): net: nobody knows what fd 7 is"


def seed() -> dict[str, str]:
    explained, waiting = _failed(LINE), _failed("Error (criu/odd.c:3): odd: ino 0x3f is odd")
    CauseNote.objects.create(
        pattern=pattern_of(LINE),
        text="The *network namespace* was removed. Use `ip netns`:\n\n- first this\n- then that",
        created_by=User.objects.first(),
    )
    for docker, runs, failed in (("26.1.5", 41, 2), ("28.5.2+dfsg4", 12, 0), ("", 30, 0)):
        VersionTally.objects.create(
            kernel="6.18.5", criu="4.2.1", docker=docker, runs=runs, failed=failed
        )
    looked = _look(
        rehearsal={
            "frozen_ms": 160.0,
            "pages": 65536,
            "dirty_pages_per_s": 1200.0,
            "forecast": {"stop-and-copy": 280.0, "pre-copy": 210.0},
        }
    )
    return {
        "check of a workload": f"/launch/checks/{looked.pk}/",
        "check that waits": f"/launch/checks/{_look(finished_at=None).pk}/",
        "causes": "/learn/causes/",
        "explained failure": f"/jobs/{explained.pk}/",
        "explain a failure": f"/learn/causes/jobs/{waiting.pk}/note/",
    }


def _look(**changes: Any) -> WorkloadCheck:
    found = [
        _check("workload-io-uring", "fail", "4711"),
        _check("workload-file-locks", "pass", "/tmp/x", {"file_locks": True}),
        _check("cpu-differs", "warn", "sse4_2"),
        _check("workload-tcp", "pass"),
    ]
    values = {"finished_at": timezone.now(), "checks": found, "rehearse": True}
    return WorkloadCheck.objects.create(
        workload=make_workload(),
        target=make_host(),
        operation="migrate",
        strategy="pre-copy",
        **(values | changes),
    )


def _check(code: str, outcome: str, what: str = "", adapts: Any = None) -> dict[str, Any]:
    values = {"what": what} if what else {}
    return {"code": code, "outcome": outcome, "values": values, "adapts": adapts or {}}


def _failed(line: str) -> MigrationJob:
    cause = {"number": None, "key": "unknown", "log": "dump.log", "line": line, "lines": [line]}
    report = {"error": {"code": "dump-failed", "log_excerpt": line, "cause": cause}}
    return make_job(
        status="failed", error_code="dump-failed", workload_is_on="source", report=report
    )
