"""A site in which everything has happened once: what the browser tests look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.models import Host, JobPhase, MigrationJob, Workload
from tests.app.makers import make_host, make_job, make_workload

NAME, PASSWORD = "teacher", "a-long-enough-password"
FACTS = {
    "hostname": "lab-a",
    "distribution": "Debian GNU/Linux 13 (trixie)",
    "kernel": "6.12.48",
    "architecture": "x86_64",
    "cpus": 2,
    "criu": {"version": "4.2.1", "check_ok": True, "check_output": "Looks good."},
    "docker": {"version": "26.1.5", "experimental": True},
}
PHASES = (
    ("prepare", "source", 0, 400, None),
    ("create", "target", 400, 95, None),
    ("freeze", "source", 500, 40, None),
    ("dump", "source", 540, 220, None),
    ("transfer", "source", 763, 81, 1_290_240),
    ("restore", "target", 846, 310, None),
    ("resume", "target", 1156, 60, None),
    ("verify", "target", 1220, 1000, None),
    ("clean-up", "source", 2230, 150, None),
)
LOG = "(00.001) Dumping task\n(00.002) Warn  (criu/x.c:1): odd\n(00.003) Error (criu/y.c:2): bad"


def report() -> dict[str, Any]:
    """A report as the engine writes it, with something in every part of the page."""
    return {
        "schema": 1,
        "metrics": {"stop_time_ms": 616.0, "transfer_time_ms": 81.0, "total_time_ms": 2380.0},
        "proof": {
            "kind": "sequence",
            "passed": True,
            "detail": "12 numbers",
            "last_before": 13,
            "first_after": 14,
            "lines_checked": 12,
        },
        "commands": [
            {
                "host": "source",
                "phase": "dump",
                "argv": ["docker", "checkpoint", "create", "cr", "c1"],
                "exit_status": 0,
                "start_ms": 500.0,
                "duration_ms": 260.0,
            }
        ],
        "logs": [{"host": "source", "name": "dump.log", "text": LOG, "truncated": False}],
        "environment": {"source": FACTS, "target": {**FACTS, "kernel": "6.12.47"}},
        "warnings": ["freeze-not-seen"],
        "error": None,
    }


def seed() -> dict[str, str]:
    """Makes the rows; answers with the address of every page by its name."""
    User.objects.create_superuser(NAME, password=PASSWORD)
    hosts = _hosts()
    counter = make_workload(hosts[0], name="cr", last_line="214", seen_at=timezone.now())
    make_workload(hosts[0], name="loop", state=Workload.State.STOPPED)
    jobs = _jobs(counter, hosts)
    return {
        "home": "/",
        "launch": "/launch/",
        "jobs": "/jobs/",
        "succeeded": f"/jobs/{jobs[0].pk}/",
        "failed": f"/jobs/{jobs[1].pk}/",
        "running": f"/jobs/{jobs[2].pk}/",
        "history": "/history/",
        "hosts": "/hosts/",
        "host": f"/hosts/{hosts[2].pk}/",
        "workloads": "/workloads/",
        "workload": f"/workloads/{counter.pk}/",
        "new workload": "/workloads/new/?type=memory",
        "learn": "/learn/",
        "components": "/components/",
        "nothing": "/nothing/here/",
    }


def _hosts() -> list[Host]:
    problem = {"code": "docker-restore-broken", "severity": "fail", "kinds": ["container"]}
    now = timezone.now()
    return [
        make_host("lab-a", facts=FACTS, checked_at=now, is_lab=True),
        make_host("lab-b", facts=FACTS, checked_at=now, is_lab=True),
        make_host(
            "pc-17",
            facts=FACTS,
            state="limited",
            problems=[problem | {"values": {"version": "28.5"}}],
        ),
        make_host("pc-18", state="unreachable", last_error_code="host-unreachable"),
    ]


def _jobs(counter: Workload, hosts: list[Host]) -> list[MigrationJob]:
    there, back = {"source": hosts[0], "target": hosts[1]}, {"source": hosts[1], "target": hosts[0]}
    good = [_succeeded(counter, place, **(there, back)[place % 2]) for place in range(6)]
    failed = _failed(counter, **there)
    running = make_job(
        make_workload(hosts[0], name="busy"),
        target=hosts[1],
        status="running",
        started_at=timezone.now(),
    )
    _phases(running, PHASES[:3])
    return [good[-1], failed, running]


def _succeeded(counter: Workload, place: int, **hosts: Host) -> MigrationJob:
    job = make_job(
        counter,
        status="succeeded",
        finished_at=timezone.now() - timedelta(minutes=60 - place),
        report=report(),
        proof_passed=True,
        stop_time_ms=616.0 + 7 * place,
        transfer_time_ms=81.0 + place,
        total_time_ms=2380.0,
        **hosts,
    )
    _phases(job, PHASES)
    return job


def _failed(counter: Workload, **hosts: Host) -> MigrationJob:
    excerpt = LOG.splitlines()[-1]
    job = make_job(
        counter,
        status="failed",
        finished_at=timezone.now(),
        report={**report(), "proof": None, "error": {"log_excerpt": excerpt}},
        error_code="restore-failed",
        error_message="exit status 1",
        workload_is_on="source",
        **hosts,
    )
    _phases(job, (*PHASES[:5], ("rollback", "source", 850, 90, None)))
    return job


def _phases(job: MigrationJob, phases: tuple[tuple[Any, ...], ...]) -> None:
    for name, side, start_ms, duration_ms, size in phases:
        JobPhase.objects.create(
            job=job, name=name, side=side, start_ms=start_ms, duration_ms=duration_ms, bytes=size
        )
