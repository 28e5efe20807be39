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
        "kept_images": {
            "side": "target",
            "path": "/var/lib/migration-lab/images/main-8",
            "bytes": 270_000_000,
        },
        "warnings": ["kept-image-without-pages"] if lazy else [],
    }


def seed() -> dict[str, str]:
    """Makes the rows; answers with the address of every page by its name."""
    User.objects.create_superuser(NAME, password=PASSWORD)
    hosts = _hosts()
    counter = make_workload(hosts[0], name="cr", last_line="214", seen_at=timezone.now())
    make_workload(hosts[0], name="loop", state=Workload.State.STOPPED)
    jobs = _jobs(counter, hosts)
    fast = _by_each_strategy(hosts)
    return {
        "home": "/",
        "launch": f"/launch/?workload={counter.pk}",
        "launch busy": "/launch/",
        "jobs": "/jobs/",
        "succeeded": f"/jobs/{jobs[0].pk}/",
        "failed": f"/jobs/{jobs[1].pk}/",
        "running": f"/jobs/{jobs[2].pk}/",
        **{strategy: f"/jobs/{job.pk}/" for strategy, job in zip(FAST, fast, strict=True)},
        "in doubt": f"/jobs/{jobs[3].pk}/",
        "pages follow": f"/jobs/{jobs[4].pk}/",
        "history": "/history/",
        "five strategies": "/history/?workload=mem",
        "hosts": "/hosts/",
        "host": f"/hosts/{hosts[2].pk}/",
        "lab host": f"/hosts/{hosts[0].pk}/",
        "workloads": "/workloads/",
        "workload": f"/workloads/{counter.pk}/",
        "new workload": "/workloads/new/?type=memory",
        "learn": "/learn/",
        "components": "/components/",
        "nothing": "/nothing/here/",
    }


def _hosts() -> list[Host]:
    problem = {"severity": "fail", "kinds": ["container"]}
    broken = {
        "code": "docker-restore-broken",
        "values": {"version": "28.5"},
        "strategies": ["cold"],
        "sides": ["source", "target"],
    }
    unprepared = {
        "code": "docker-runtime-missing",
        "values": {},
        "strategies": list(FAST),
        "sides": ["target"],
    }
    now = timezone.now()
    prepared = {"changed": ["wrote /usr/local/lib/migration-lab/runtime"], "runtime": "x"}
    return [
        make_host(
            "lab-a",
            facts=FACTS,
            checked_at=now,
            is_lab=True,
            prepared_at=now,
            prepared=prepared,
        ),
        make_host("lab-b", facts=FACTS, checked_at=now, is_lab=True),
        make_host(
            "pc-17",
            facts=UNPREPARED,
            state="limited",
            problems=[problem | broken, problem | unprepared],
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
    return [good[-1], failed, running, _in_doubt(hosts), _pages_following(hosts)]


def _in_doubt(hosts: list[Host]) -> MigrationJob:
    """The target was asked and does not answer."""
    job = make_job(
        make_workload(hosts[0], name="silent", state=Workload.State.MIGRATING),
        target=hosts[1],
        strategy="stop-and-copy",
        status="in_doubt",
        started_at=timezone.now(),
        error_code="target-silent",
        error_message="lab-b: no answer within 30 s",
        report={**report(), "metrics": {}, "proof": None, "error": {"log_excerpt": None}},
    )
    _phases(job, SWITCH[:5])
    return job


def _pages_following(hosts: list[Host]) -> MigrationJob:
    """It runs on the target while its pages arrive."""
    job = make_job(
        make_workload(hosts[0], name="followed", state=Workload.State.MIGRATING),
        target=hosts[1],
        strategy="post-copy",
        status="running",
        started_at=timezone.now(),
    )
    _phases(job, (*SWITCH, ("pages", "source", 1802, None, 81_000_000)))
    return job


def _by_each_strategy(hosts: list[Host]) -> list[MigrationJob]:
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
        _phases(job, (*phases, *([PAGES] if lazy else []), ("verify", "target", 1810, 700, None)))
        jobs.append(job)
    packed = {"compression": "zstd", "bandwidth_limit_mbit_s": 1000, "stop_time_ms": 1470.0}
    make_job(memory, strategy="stop-and-copy", report=report(), **packed, **there)
    return jobs


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
    columns = ("name", "side", "start_ms", "duration_ms", "bytes", "round")
    for phase in phases:
        JobPhase.objects.create(job=job, **dict(zip(columns, phase, strict=False)))
