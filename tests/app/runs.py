"""Runs as the site keeps them, with something in every part of their pages; by every strategy."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from migrations_app.models import Host, JobPhase, MigrationJob, Workload

from .makers import make_job, make_workload

FACTS = {
    "hostname": "lab-a",
    "distribution": "Debian GNU/Linux 13 (trixie)",
    "kernel": "6.12.48",
    "architecture": "x86_64",
    "cgroup_version": 2,
    "cpus": 2,
    "criu": {"version": "4.2.1", "check_ok": True, "check_output": "Looks good."},
    "docker": {"version": "26.1.5", "experimental": True, "runtime_ready": True},
    "compression": ["lz4", "zstd"],
    "shm_free_mib": 5900,
}
UNPREPARED = {**FACTS, "docker": {"version": "28.5", "experimental": False, "runtime_ready": False}}
FAST = ("stop-and-copy", "pre-copy", "post-copy", "hybrid")
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


# As the fast strategies have them; rounds and pages only where the strategy has them.
ROUNDS = (
    ("pre-copy", "source", 420, 610, 268_435_456, 0),
    ("pre-copy", "source", 1030, 240, 21_500_000, 1),
    ("pre-copy", "source", 1270, 150, 4_100_000, 2),
)
SWITCH = (
    ("arm", "target", 1430, 180, None),
    ("freeze", "source", 1612, 3, None),
    ("dump", "source", 1615, 62, None),
    ("transfer", "source", 1630, 49, 1_200_000),
    ("hand-over", "source", 1677, 9, None),
    ("restore", "target", 1686, 104, None),
    ("resume", "target", 1790, 12, None),
)
PAGES = ("pages", "source", 1802, 900, 262_000_000)


# What a client outside saw; where the workload serves a network.
CLIENT = {
    "host": "lab-c",
    "kind": "tcp-stream",
    "received": 3011,
    "lost": 0,
    "doubled": 0,
    "connections": 0,
    "usual_gap_ms": 1.0,
    "gaps": [
        {"start_ms": 1400.0, "duration_ms": 7.5},
        {"start_ms": 1611.0, "duration_ms": 262.4},
        {"start_ms": 1890.0, "duration_ms": 61.0},
    ],
    "uncertainty_ms": 0.2,
}

# And what one saw of a redis workload.
REDIS_CLIENT = {
    **CLIENT,
    "kind": "redis",
    "received": 4022,
    "written": 2011,
    "doubled": None,
    "wrong": 0,
    "kept": 102_011,
}
# And one of a web server.
HTTP_CLIENT = {
    **CLIENT,
    "kind": "http",
    "received": 611,
    "wrong": 0,
    "failed": 0,
    "latency": {
        "before": {"count": 248, "median_ms": 0.62, "longest_ms": 4.8},
        "during": {"count": 1, "median_ms": 262.0, "longest_ms": 262.0},
        "after": None,
    },
}


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


def fast_report(strategy: str, stop_time_ms: float) -> dict[str, Any]:
    """Of a strategy with a hand-over: where the stop time went, rounds, options, what was kept."""
    rounds = [
        {
            "number": number,
            "method": "content",
            "start_ms": float(start_ms),
            "duration_ms": float(duration_ms),
            "frozen_ms": 88.0 if number else 181.0,
            "dump_ms": 80.0,
            "compare_ms": 35.0 if number else None,
            "transfer_ms": 120.0,
            "pages": size // 4096,
            "bytes": size,
            "expected_stop_ms": 260.0 / number if number else None,
        }
        for _name, _side, start_ms, duration_ms, size, number in ROUNDS
    ]
    lazy = strategy in ("post-copy", "hybrid")
    return {
        **report(),
        "metrics": {
            "stop_time_ms": stop_time_ms,
            "transfer_time_ms": 49.0,
            "total_time_ms": 3120.0,
            "client_gap_ms": 262.4 if lazy else None,
            "criu_frozen_time_ms": 66.0,
            "criu_memdump_time_ms": 21.0,
            "criu_restore_time_ms": 88.0,
            "hand_over_time_ms": 9.0,
            "pages_time_ms": 900.0 if lazy else None,
            "pages_bytes": 262_000_000 if lazy else None,
        },
        "stop_window": {
            "freeze_ms": 1.5,
            "dump_ms": 62.0,
            "hand_over_ms": 9.0,
            "restore_ms": 98.0,
            "resume_ms": None,
            "remainder_ms": stop_time_ms - 170.5,
        },
        "rounds": rounds if strategy in ("pre-copy", "hybrid") else [],
        "rounds_ended_by": "growth" if strategy in ("pre-copy", "hybrid") else None,
        "client": CLIENT if lazy else None,
        "kept_images": {
            "side": "target",
            "path": "/var/lib/migration-lab/images/main-8",
            "bytes": 270_000_000,
        },
        "warnings": ["kept-image-without-pages"] if lazy else [],
    }


def add_phases(job: MigrationJob, phases: tuple[tuple[Any, ...], ...]) -> None:
    columns = ("name", "side", "start_ms", "duration_ms", "bytes", "round")
    for phase in phases:
        JobPhase.objects.create(job=job, **dict(zip(columns, phase, strict=False)))


def redis_moved(hosts: list[Host], client: dict[str, Any] | None = None) -> MigrationJob:
    """With what a client outside saw, and nothing else that could tell; None: nobody looked."""
    passed = client and client["kept"] is not None and not client["lost"]
    proof = {"kind": "client", "passed": passed, "detail": "2011 writes", "last_before": None}
    proof |= {"first_after": None, "lines_checked": None}
    job = make_job(
        make_workload(hosts[0], type_name="redis", parameters={"keys": 100_000}),
        target=hosts[1],
        strategy="post-copy",
        tcp_established=True,
        report={**fast_report("post-copy", 231.0), "client": client, "proof": proof},
        proof_passed=passed,
        client_gap_ms=262.4 if client else None,
        status="failed" if passed is False else "succeeded",
        finished_at=timezone.now(),
    )
    add_phases(job, (*SWITCH, PAGES))
    return job


def http_moved(hosts: list[Host], latency: dict[str, Any] | None) -> MigrationJob:
    client = {**HTTP_CLIENT, "latency": latency}
    seen = fast_report("pre-copy", 231.0)
    seen |= {"client": client, "metrics": {**seen["metrics"], "client_gap_ms": 262.4}}
    job = make_job(
        make_workload(hosts[0], type_name="http", parameters={"memory_mib": 32}),
        target=hosts[1],
        strategy="pre-copy",
        tcp_established=True,
        report=seen,
        proof_passed=True,
        client_gap_ms=262.4,
        status="succeeded",
        finished_at=timezone.now(),
    )
    add_phases(job, SWITCH)
    return job


FROZEN_THERE = {
    "answers": True,
    "workload": "stands-still",
    "has_image": True,
    "message": None,
}
SILENT = {
    "answers": False,
    "workload": None,
    "has_image": None,
    "message": "lab-b: no answer within 10 s",
}


def in_doubt(hosts: list[Host]) -> MigrationJob:
    """The target was asked and does not answer."""
    job = make_job(
        make_workload(hosts[0], name="silent", state=Workload.State.MIGRATING),
        target=hosts[1],
        strategy="stop-and-copy",
        status="in_doubt",
        started_at=timezone.now(),
        error_code="target-silent",
        error_message="lab-b: no answer within 30 s",
        report={
            **report(),
            "metrics": {},
            "proof": None,
            "error": {"log_excerpt": None},
            "known": {"source": FROZEN_THERE, "target": SILENT},
        },
        lease_until=timezone.now(),
    )
    add_phases(job, SWITCH[:5])
    return job


def pages_following(hosts: list[Host]) -> MigrationJob:
    """It runs on the target while its pages arrive."""
    job = make_job(
        make_workload(hosts[0], name="followed", state=Workload.State.MIGRATING),
        target=hosts[1],
        strategy="post-copy",
        status="running",
        started_at=timezone.now(),
    )
    add_phases(job, (*SWITCH, ("pages", "source", 1802, None, 81_000_000)))
    return job


def by_each_strategy(hosts: list[Host]) -> list[MigrationJob]:
    """One workload by cold and by each of the fast strategies."""
    memory = make_workload(hosts[0], name="mem", type_name="memory", parameters={"memory_mib": 256})
    clone = make_workload(hosts[1], name="mem-copy", type_name="memory", parameters={})
    there = {"target": hosts[1], "status": "succeeded", "finished_at": timezone.now()}
    cold = {"stop_time_ms": 12_900.0, "transfer_time_ms": 1480.0, "total_time_ms": 16_000.0}
    make_job(memory, report=report(), proof_passed=True, **cold, **there)
    jobs = []
    for strategy, stop_time_ms in zip(FAST, (912.0, 402.0, 231.0, 236.0), strict=True):
        rounds = strategy in ("pre-copy", "hybrid")
        copied = strategy == "post-copy"
        rules = {"most_rounds": 8, "pages_left": 64, "growth_percent": 10, "stop_time_ms": None}
        job = make_job(
            memory,
            strategy=strategy,
            report=fast_report(strategy, stop_time_ms),
            proof_passed=True,
            stop_time_ms=stop_time_ms,
            transfer_time_ms=49.0,
            total_time_ms=3120.0,
            keep_images=True,
            leave_running=copied,
            clone=clone if copied else None,
            pre_copy=rules if rounds else None,
            **there,
        )
        phases = [PHASES[0], *(ROUNDS if rounds else ()), *SWITCH]
        lazy = strategy in ("post-copy", "hybrid")
        add_phases(
            job, (*phases, *([PAGES] if lazy else []), ("verify", "target", 1810, 700, None))
        )
        jobs.append(job)
    packed = {"compression": "zstd", "bandwidth_limit_mbit_s": 1000, "stop_time_ms": 1470.0}
    make_job(memory, strategy="stop-and-copy", report=report(), **packed, **there)
    return jobs
