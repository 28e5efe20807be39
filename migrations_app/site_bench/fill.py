"""A database full of generated jobs, as a class and its teacher would leave them in a year.

Every row that is made up bears the mark GENERATED; a database with any other job is refused.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from migrations_app.models import (
    Configuration,
    Environment,
    Favourite,
    Host,
    JobPhase,
    JobTransition,
    MigrationJob,
    Remark,
    Tag,
    VersionChange,
    Workload,
)
from migrations_app.sameness import digest_of, versions_of
from migrations_app.services.figures import configuration_values, rebuild_of

from .experiment import fill_experiment
from .reports import facts_of, phases_of, report_of

GENERATED = "generated"
SPAN = timedelta(days=365)
BATCH = 1000
IN_FULL = (
    20_000  # the newest have phases and changes of state, too: only a job's own page reads them
)
PEOPLE, HOSTS, WORKLOADS, THERE = 40, 12, 600, 12  # THERE: workloads that still exist
MEMORY = (16, 64, 256, 1024)
STRATEGIES = {"cold": 9.0, "stop-and-copy": 1.6, "pre-copy": 0.5, "post-copy": 0.25, "hybrid": 0.3}
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"compression": "zstd"},
    {"encrypted": False},
    {"bandwidth_limit_mbit_s": 1000},
)
FAILING = 0.04
TAGS = tuple(f"week {number}" for number in range(1, 31))


class NotOurs(Exception):
    """The database holds jobs that nobody generated: it is not touched."""


@dataclass(frozen=True)
class Stage:
    people: list[User]
    hosts: list[Host]
    workloads: list[Workload]
    facts: list[dict[str, Any]]  # of a host, the older first


def fill(count: int, *, seed: int, say: Callable[[str], None]) -> None:
    """So many jobs, where there are fewer. Raises NotOurs."""
    if MigrationJob.objects.exclude(worker=GENERATED).exists():
        raise NotOurs
    missing = count - MigrationJob.objects.count()
    if missing <= 0:
        return
    source = random.Random(seed)  # noqa: S311  not for secrets
    stage = _stage()
    jobs = _jobs(stage, missing, source)
    done = 0
    while batch := list(islice(jobs, BATCH)):
        _write(batch, in_full=missing - done <= IN_FULL)
        done += len(batch)
        say(f"{done} of {missing} jobs")
    MigrationJob.objects.filter(worker=GENERATED).update(created_at=F("started_at"))
    _annotate(stage, source)
    fill_experiment(GENERATED, stage.people[0], stage.hosts, list(STRATEGIES))
    for configuration in Configuration.objects.all():
        rebuild_of(configuration=configuration)
    say("sums are kept")


def _stage() -> Stage:
    # The first sees every page there is.
    people = [
        User(username=f"{GENERATED}-{n}", is_staff=n == 0, is_superuser=n == 0)
        for n in range(PEOPLE)
    ]
    User.objects.bulk_create(people, ignore_conflicts=True)
    facts = [facts_of(criu="4.1"), facts_of(criu="4.2")]
    hosts = [_host(number, facts[1]) for number in range(HOSTS)]
    Host.objects.bulk_create(hosts, ignore_conflicts=True)
    kept = list(Host.objects.filter(name__startswith=GENERATED).order_by("pk"))
    Workload.objects.bulk_create(_workload(number, kept) for number in range(WORKLOADS))
    workloads = list(Workload.objects.filter(name__startswith=GENERATED))
    everybody = User.objects.filter(username__startswith=GENERATED)
    return Stage(list(everybody), kept, workloads, facts)


def _host(number: int, facts: dict[str, Any]) -> Host:
    return Host(
        name=f"{GENERATED}-{number}",
        address=f"10.99.0.{number + 1}",
        host_key="ssh-ed25519 AAAA",
        private_key_encrypted=b"",
        state=Host.State.READY,
        facts=facts,
        checked_at=timezone.now(),
    )


def _workload(number: int, hosts: list[Host]) -> Workload:
    memory = MEMORY[number % len(MEMORY)]
    state = Workload.State.RUNNING if number < THERE else Workload.State.REMOVED
    return Workload(
        name=f"{GENERATED}-{number}",
        type_name="memory",
        kind=(Workload.Kind.PROCESS, Workload.Kind.CONTAINER)[number // len(MEMORY) % 2],
        parameters={"memory_mib": memory, "dirty_pages_per_s": 0, "interval_ms": 1},
        host=hosts[number % len(hosts)],
        state=state,
    )


def _jobs(stage: Stage, count: int, source: random.Random) -> Iterator[MigrationJob]:
    """Oldest first, evenly over a year."""
    start = timezone.now() - SPAN
    environments: dict[str, Environment] = {}
    configurations: dict[str, Configuration] = {}
    for number in range(count):
        at = start + SPAN * ((number + 1) / (count + 1))
        job = _job(stage, at, source)
        facts = stage.facts[at > start + SPAN / 2]
        job.report = report_of(job, facts, source)
        job.configuration = _configuration(job, configurations)
        job.environment = _environment(job, environments)
        yield job


def _job(stage: Stage, at: datetime, source: random.Random) -> MigrationJob:
    workload = source.choice(stage.workloads)
    strategy = source.choice(list(STRATEGIES))
    hosts = source.sample(stage.hosts, 2)
    failed = source.random() < FAILING
    total = _total_ms(workload, strategy, source)
    status = MigrationJob.Status.FAILED if failed else MigrationJob.Status.SUCCEEDED
    times = {} if failed else {"stop_time_ms": total, "transfer_time_ms": total * 0.4}
    return MigrationJob(
        workload=workload,
        source=hosts[0],
        target=hosts[1],
        operation="migrate",
        strategy=strategy,
        status=status,
        worker=GENERATED,
        created_by=source.choice(stage.people),
        started_at=at - timedelta(milliseconds=total * 2),
        finished_at=at,
        error_code="restore-failed" if failed else "",
        proof_passed=None if failed else True,
        total_time_ms=total * 2,
        **times,
        **source.choice(OPTIONS),
    )


def _total_ms(workload: Workload, strategy: str, source: random.Random) -> float:
    slope = STRATEGIES[strategy]
    memory = float(workload.parameters["memory_mib"])
    return (200 + slope * memory) * source.lognormvariate(0, 0.15)


def _configuration(job: MigrationJob, known: dict[str, Configuration]) -> Configuration:
    values = configuration_values(job)
    digest = digest_of(values)
    if digest not in known:
        known[digest], _made = Configuration.objects.get_or_create(digest=digest, defaults=values)
    return known[digest]


def _environment(job: MigrationJob, known: dict[str, Environment]) -> Environment:
    versions = versions_of(job.report or {}, source=job.source.name, target=job.target.name)
    digest = digest_of(versions)
    if digest not in known:
        row, _made = Environment.objects.get_or_create(
            digest=digest, defaults={"versions": versions}
        )
        known[digest] = row
    return known[digest]


def _write(batch: list[MigrationJob], *, in_full: bool) -> None:
    MigrationJob.objects.bulk_create(batch)
    if not in_full:
        return
    JobPhase.objects.bulk_create(
        JobPhase(job=job, **phase) for job in batch for phase in phases_of(job)
    )
    JobTransition.objects.bulk_create(
        JobTransition(job=job, from_status=old, to_status=new, at=job.finished_at or timezone.now())
        for job in batch
        for old, new in (("queued", "running"), ("running", job.status))
    )


def _annotate(stage: Stage, source: random.Random) -> None:
    """One job in twenty has a tag, one in two hundred a note; everybody has favourites."""
    jobs = list(MigrationJob.objects.values_list("pk", flat=True))
    Tag.objects.bulk_create([Tag(name=name) for name in TAGS], ignore_conflicts=True)
    tags = list(Tag.objects.values_list("pk", flat=True))
    through = Tag.jobs.through
    chosen = source.sample(jobs, len(jobs) // 20)
    through.objects.bulk_create(
        [through(tag_id=source.choice(tags), migrationjob_id=pk) for pk in chosen],
        ignore_conflicts=True,
    )
    Remark.objects.bulk_create(
        Remark(job_id=pk, text="Cables *swapped* before this run.", created_by=stage.people[0])
        for pk in source.sample(jobs, len(jobs) // 200)
    )
    Favourite.objects.bulk_create(
        [
            Favourite(job_id=pk, user=user)
            for user in stage.people
            for pk in source.sample(jobs, min(20, len(jobs)))
        ],
        ignore_conflicts=True,
    )
    middle = timezone.now() - SPAN / 2
    VersionChange.objects.bulk_create(
        VersionChange(host=host, component="criu", old="4.1", new="4.2", at=middle)
        for host in stage.hosts
    )
