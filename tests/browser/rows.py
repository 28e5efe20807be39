"""A site in which everything has happened once: what the browser tests look at."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.models import Host, MigrationJob, Workload
from tests.app.makers import make_host, make_job, make_workload
from tests.app.runs import (
    FACTS,
    FAST,
    LOG,
    PHASES,
    UNPREPARED,
    add_phases,
    by_each_strategy,
    in_doubt,
    pages_following,
    report,
)

NAME, PASSWORD = "teacher", "a-long-enough-password"


def seed() -> dict[str, str]:
    """Makes the rows; answers with the address of every page by its name."""
    User.objects.create_superuser(NAME, password=PASSWORD)
    hosts = _hosts()
    counter = make_workload(hosts[0], name="cr", last_line="214", seen_at=timezone.now())
    make_workload(hosts[0], name="loop", state=Workload.State.STOPPED)
    jobs = _jobs(counter, hosts)
    fast = by_each_strategy(hosts)
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
    add_phases(running, PHASES[:3])
    return [good[-1], failed, running, in_doubt(hosts), pages_following(hosts)]


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
    add_phases(job, PHASES)
    return job


def _failed(counter: Workload, **hosts: Host) -> MigrationJob:
    excerpt = LOG.splitlines()[-1]
    line = "Error (criu/cr-restore.c:1237): Can't fork for 29109: File exists"
    cause = {"number": 17, "key": "pid-taken", "log": "restore.log", "line": line, "lines": [line]}
    job = make_job(
        counter,
        status="failed",
        finished_at=timezone.now(),
        report={**report(), "proof": None, "error": {"log_excerpt": excerpt, "cause": cause}},
        error_code="restore-failed",
        error_message="exit status 1",
        workload_is_on="source",
        **hosts,
    )
    add_phases(job, (*PHASES[:5], ("rollback", "source", 850, 90, None)))
    return job
