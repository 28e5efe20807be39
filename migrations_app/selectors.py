"""Reads for the pages. Each answers with a fixed number of queries, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Prefetch, QuerySet
from redis.exceptions import RedisError

from migrations_app.engine.plan import Compression, Operation, Strategy
from migrations_app.live import connect_redis, heartbeat_key
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.services.codes import Refused
from migrations_app.services.obstacles import obstacle_between
from migrations_app.services.submit import find_refusals

RECENT = 10


# --- jobs ---------------------------------------------------------------------------------------
def jobs() -> QuerySet[MigrationJob]:
    """All jobs for lists, newest first; the large report stays in the database."""
    related = ("workload", "source", "target", "created_by")
    return MigrationJob.objects.select_related(*related).defer("report")


def unfinished_jobs() -> QuerySet[MigrationJob]:
    """Queued, running or in doubt, oldest first."""
    return jobs().filter(status__in=MigrationJob.UNSETTLED).order_by("pk")


def recent_jobs_of(user: User, limit: int = RECENT) -> QuerySet[MigrationJob]:
    return jobs().filter(created_by=user)[:limit]


def job(pk: int) -> MigrationJob | None:
    """One job with everything its page shows, or None."""
    related = ("workload", "source", "target", "created_by")
    rows = MigrationJob.objects.select_related(*related, "clone__host")
    return rows.prefetch_related("phases", "notes", "transitions").filter(pk=pk).first()


def jobs_ahead_of(job: MigrationJob) -> int:
    """How many jobs have to end before this queued one can have its hosts; 0: it is next."""
    return MigrationJob.objects.ahead_of(job).count()


async def job_exists(pk: int) -> bool:
    return await MigrationJob.objects.filter(pk=pk).aexists()


async def status_if_over(pk: int) -> str | None:
    """The status of a finished job; None while it has not ended."""
    over = MigrationJob.objects.filter(pk=pk, status__in=MigrationJob.TERMINAL)
    return await over.values_list("status", flat=True).afirst()


@dataclass(frozen=True)
class HistoryRow:
    """What the history's charts and statistics need of one finished job; times in ms or None."""

    pk: int
    finished_at: datetime
    status: str
    workload: str
    type_name: str
    kind: str
    operation: str
    strategy: str
    encrypted: bool
    compression: str
    bandwidth_limit_mbit_s: int | None
    keep_images: bool
    leave_running: bool
    pre_copy: Mapping[str, int | None] | None  # rules; None: no rounds
    source: str
    target: str
    proof_passed: bool | None
    stop_time_ms: float | None
    transfer_time_ms: float | None
    total_time_ms: float | None
    create_time_ms: float | None
    dump_time_ms: float | None
    restore_time_ms: float | None
    observed_gap_ms: float | None

    @property
    def options(self) -> dict[str, object]:
        """By name, as services.submit.submit_job takes them."""
        columns = {name: getattr(self, name) for name in MigrationJob.OPTIONS}
        return {**columns, **(self.pre_copy or {})}


_HISTORY_COLUMNS = {
    "pk": "pk",
    "finished_at": "finished_at",
    "status": "status",
    "workload": "workload__name",
    "type_name": "workload__type_name",
    "kind": "workload__kind",
    "operation": "operation",
    "strategy": "strategy",
    **{name: name for name in MigrationJob.OPTIONS},
    "pre_copy": "pre_copy",
    "source": "source__name",
    "target": "target__name",
    "proof_passed": "proof_passed",
    **{name: name for name in MigrationJob.METRICS},
}


def history_rows(rows: QuerySet[MigrationJob] | None = None) -> list[HistoryRow]:
    """The finished among `rows` (all jobs, where none are given), oldest first; one query."""
    wanted = MigrationJob.objects.all() if rows is None else rows
    finished = wanted.filter(finished_at__isnull=False).order_by("finished_at", "pk")
    names = list(_HISTORY_COLUMNS)
    columns = _HISTORY_COLUMNS.values()
    return [
        HistoryRow(**dict(zip(names, values, strict=True)))
        for values in finished.values_list(*columns)
    ]


def former_stop_times(*, workload: Workload, operation: str) -> dict[str, list[float]]:
    """By strategy, stop times (ms) of what succeeded before with such a workload.

    For an expectation: runs with packed or held back bytes are left out.
    """
    alike = MigrationJob.objects.filter(
        status=MigrationJob.Status.SUCCEEDED,
        operation=operation,
        compression=Compression.NONE,
        bandwidth_limit_mbit_s__isnull=True,
        workload__type_name=workload.type_name,
        workload__kind=workload.kind,
        workload__parameters=workload.parameters,
        stop_time_ms__isnull=False,
    )
    times: dict[str, list[float]] = {}
    for strategy, value in alike.order_by("pk").values_list("strategy", "stop_time_ms"):
        times.setdefault(strategy, []).append(float(value or 0))
    return times


# --- hosts and workloads ------------------------------------------------------------------------
def hosts() -> QuerySet[Host]:
    """All hosts, with those of their workloads that exist."""
    there = Workload.objects.exclude(state=Workload.State.REMOVED)
    return Host.objects.select_related("leased_by").prefetch_related(
        Prefetch("workloads", queryset=there, to_attr="present_workloads")
    )


def host(pk: int) -> Host | None:
    return hosts().filter(pk=pk).first()


def host_named(name: str) -> Host | None:
    return hosts().filter(name=name).first()


def workloads() -> QuerySet[Workload]:
    """Those that exist."""
    return Workload.objects.exclude(state=Workload.State.REMOVED).select_related(
        "host", "created_by"
    )


def workload(pk: int) -> Workload | None:
    """One workload, also one that is removed: its jobs are kept."""
    return Workload.objects.select_related("host", "created_by").filter(pk=pk).first()


def workload_names() -> list[str]:
    """Names that jobs have had to do with, for choosing among them."""
    names = Workload.objects.filter(jobs__isnull=False).order_by("name")
    return list(names.values_list("name", flat=True).distinct())


def job_refusals(
    *, workload: Workload, target: Host, operation: Operation
) -> Mapping[Strategy, Refused | None]:
    """By strategy, why submit_job would refuse it now (code and values), or None."""
    return {**find_refusals(workload=workload, target=target, operation=operation)}


@dataclass(frozen=True)
class Pair:
    """How workloads of one kind can go between two hosts: by strategy, an obstacle or None."""

    source: Host
    target: Host
    kind: str
    obstacles: Mapping[str, Refused | None]


def pairs(hosts: Iterable[Host]) -> list[Pair]:
    """Every ordered pair of different hosts, for every kind of workload; no query."""
    rows = list(hosts)
    return [
        Pair(source, target, kind, _obstacles(source, target, kind))
        for source in rows
        for target in rows
        if source.pk != target.pk
        for kind in Workload.Kind.values
    ]


def _obstacles(source: Host, target: Host, kind: str) -> dict[str, Refused | None]:
    return {
        strategy.value: obstacle_between(source, target, kind, strategy) for strategy in Strategy
    }


# --- home ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Home:
    unfinished: list[MigrationJob]
    mine: list[MigrationJob]
    hosts: list[Host]
    workloads: list[Workload]
    has_migrated: bool  # whether anybody's migration has ever succeeded here


def home(user: User) -> Home:
    succeeded = MigrationJob.objects.filter(status=MigrationJob.Status.SUCCEEDED)
    return Home(
        unfinished=list(unfinished_jobs()),
        mine=list(recent_jobs_of(user)),
        hosts=list(hosts()),
        workloads=list(workloads()),
        has_migrated=succeeded.exists(),
    )


# --- the queue ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class QueueHealth:
    """Whether jobs get carried out; None: it can't be told."""

    redis: bool
    worker: bool | None
    waiting: int  # jobs in the queue

    @property
    def ok(self) -> bool:
        return self.redis and bool(self.worker)


def queue_health() -> QueueHealth:
    """Asks Redis (2 s at most) for itself and for the workers' sign of life."""
    waiting = MigrationJob.objects.queued().count()
    try:
        with connect_redis() as client:
            worker = bool(client.exists(heartbeat_key()))
    except (RedisError, ValueError):
        return QueueHealth(redis=False, worker=None, waiting=waiting)
    return QueueHealth(redis=True, worker=worker, waiting=waiting)
