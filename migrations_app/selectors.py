"""Reads for the pages. Each answers with a fixed number of queries, whatever the number of rows.

`viewer` is who looks: what students do not get to see is not there for them (models/queries.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from redis.exceptions import RedisError

from migrations_app.engine.plan import Compression, Operation, Strategy
from migrations_app.live import connect_redis, heartbeat_key
from migrations_app.models import (
    Account,
    ApiToken,
    Configuration,
    Host,
    MigrationJob,
    Remark,
    Tag,
    Trial,
    Workload,
)
from migrations_app.roles import Person, Viewer
from migrations_app.services.codes import Refused
from migrations_app.services.obstacles import obstacle_between, warnings_between
from migrations_app.services.submit import find_refusals

RECENT = 10
# Documents of some kilobytes each, which a list shows nothing of: read when asked for.
DOCUMENTS = ("report", *(f"{s}__{name}" for s in ("source", "target") for name in Host.DOCUMENTS))


# --- jobs ---------------------------------------------------------------------------------------
def jobs(viewer: Viewer) -> QuerySet[MigrationJob]:
    """Jobs for lists, newest first; large documents stay in the database."""
    related = ("workload", "source", "target", "created_by")
    return MigrationJob.objects.visible_to(viewer).select_related(*related).defer(*DOCUMENTS)


def unfinished_jobs(viewer: Viewer) -> QuerySet[MigrationJob]:
    """Queued, running or in doubt, oldest first."""
    return jobs(viewer).filter(status__in=MigrationJob.UNSETTLED).order_by("pk")


def recent_jobs_of(user: User, limit: int = RECENT) -> QuerySet[MigrationJob]:
    return jobs(user).filter(created_by=user)[:limit]


def job(viewer: Viewer, pk: int) -> MigrationJob | None:
    """One job with everything its page shows, or None."""
    related = ("workload", "source", "target", "created_by")
    rows = MigrationJob.objects.visible_to(viewer).select_related(*related, "clone__host")
    written = Prefetch("remarks", Remark.objects.select_related("created_by"))
    more = ("phases", "notes", "transitions", "tags", "leftovers__host", written)
    return rows.prefetch_related(*more).filter(pk=pk).first()


def is_favourite(job: MigrationJob, user: User) -> bool:
    return job.favourites.filter(user=user).exists()


def remark(job: MigrationJob, pk: int) -> Remark | None:
    """A note of this job."""
    return job.remarks.filter(pk=pk).first()


def jobs_ahead_of(job: MigrationJob) -> int:
    """How many jobs have to end before this queued one can have its hosts; 0: it is next."""
    return MigrationJob.objects.ahead_of(job).count()


async def job_exists(viewer: Viewer, pk: int) -> bool:
    return await MigrationJob.objects.visible_to(viewer).filter(pk=pk).aexists()


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
    link_rate_mbit_s: int | None
    link_delay_ms: int | None
    link_loss_percent: float | None
    tcp_established: bool
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
    client_gap_ms: float | None
    criu_frozen_time_ms: float | None
    bytes_sent: int | None

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


def history_rows(rows: QuerySet[MigrationJob]) -> list[HistoryRow]:
    """The finished among `rows`, oldest first; one query."""
    finished = rows.select_related(None).filter(finished_at__isnull=False)
    names = list(_HISTORY_COLUMNS)
    columns = _HISTORY_COLUMNS.values()
    found = finished.order_by("-finished_at", "-pk").values_list(*columns)
    return [HistoryRow(**dict(zip(names, values, strict=True))) for values in found][::-1]


def former_stop_times(
    viewer: Viewer, *, workload: Workload, operation: str
) -> dict[str, list[float]]:
    """By strategy, stop times (ms) of what succeeded before with such a workload.

    For an expectation: runs with packed or held back bytes are left out.
    """
    alike = Configuration.objects.filter(
        operation=operation,
        type_name=workload.type_name,
        kind=workload.kind,
        parameters=workload.parameters,
    )
    rows = MigrationJob.objects.visible_to(viewer).filter(
        configuration__in=[one.pk for one in alike if _sends_all_at_once(one)],
        status=MigrationJob.Status.SUCCEEDED,
        stop_time_ms__isnull=False,
    )
    newest = rows.order_by("-finished_at").values_list("strategy", "stop_time_ms")[:MOST_FORMER]
    times: dict[str, list[float]] = {}
    for strategy, value in reversed(newest):
        times.setdefault(strategy, []).append(float(value or 0))
    return times


def _sends_all_at_once(configuration: Configuration) -> bool:
    held_back = ("bandwidth_limit_mbit_s", *MigrationJob.LINK)
    options = configuration.options
    packed = options.get("compression", Compression.NONE) != Compression.NONE
    return not packed and all(options.get(name) is None for name in held_back)


# --- hosts and workloads ------------------------------------------------------------------------
def hosts(viewer: Viewer) -> QuerySet[Host]:
    """Hosts, with those of their workloads that exist."""
    there = Workload.objects.visible_to(viewer).exclude(state=Workload.State.REMOVED)
    return (
        Host.objects.visible_to(viewer)
        .select_related("leased_by")
        .prefetch_related(Prefetch("workloads", queryset=there, to_attr="present_workloads"))
    )


def host(viewer: Viewer, pk: int) -> Host | None:
    return hosts(viewer).filter(pk=pk).first()


def host_named(viewer: Viewer, name: str) -> Host | None:
    return hosts(viewer).filter(name=name).first()


def workloads(viewer: Viewer) -> QuerySet[Workload]:
    """Those that exist."""
    rows = Workload.objects.visible_to(viewer).exclude(state=Workload.State.REMOVED)
    return rows.select_related("host", "created_by")


def workload(viewer: Viewer, pk: int) -> Workload | None:
    """One workload, also one that is removed: its jobs are kept."""
    rows = Workload.objects.visible_to(viewer).select_related("host", "created_by")
    return rows.filter(pk=pk).first()


MOST_FORMER = 300  # runs that an expectation is made of: the newest
MOST_NAMES = 200  # offered to choose from; any other can be typed


def workload_names(viewer: Viewer) -> list[str]:
    """Names that jobs have had to do with, for choosing among them; not those of trials, which
    are made anew for each."""
    seen = MigrationJob.objects.visible_to(viewer).filter(workload=OuterRef("pk"))
    with_jobs = Workload.objects.filter(
        Exists(seen), ~Exists(Trial.objects.filter(workload=OuterRef("pk")))
    )
    return sorted(set(with_jobs.order_by("-pk").values_list("name", flat=True)[:MOST_NAMES]))


def host_names(viewer: Viewer) -> list[str]:
    rows = Host.objects.visible_to(viewer).order_by("name")
    return list(rows.values_list("name", flat=True)[:MOST_NAMES])


def tag_names(viewer: Viewer) -> list[str]:
    """Tags of jobs that they see: of each tag the first such job is enough."""
    seen = MigrationJob.objects.visible_to(viewer).filter(tags=OuterRef("pk")).order_by()
    rows = Tag.objects.filter(Exists(seen)).order_by("name")
    return list(rows.values_list("name", flat=True)[:MOST_NAMES])


def job_refusals(
    user: Person, *, workload: Workload, target: Host, operation: Operation
) -> Mapping[Strategy, Refused | None]:
    """By strategy, why submit_job would refuse it now (code and values), or None."""
    return {**find_refusals(workload=workload, target=target, operation=operation, user=user)}


@dataclass(frozen=True)
class Pair:
    """How workloads of one kind can go between two hosts: by strategy, an obstacle or None."""

    source: Host
    target: Host
    kind: str
    obstacles: Mapping[str, Refused | None]
    warnings: Sequence[Refused]  # what may go wrong all the same


def pairs(hosts: Iterable[Host]) -> list[Pair]:
    """Every ordered pair of different hosts, for every kind of workload; no query."""
    rows = list(hosts)
    return [
        Pair(
            source,
            target,
            kind,
            _obstacles(source, target, kind),
            warnings_between(source, target, kind),
        )
        for source in rows
        for target in rows
        if source.pk != target.pk
        for kind in Workload.Kind.values
    ]


def _obstacles(source: Host, target: Host, kind: str) -> dict[str, Refused | None]:
    return {
        strategy.value: obstacle_between(source, target, kind, strategy) for strategy in Strategy
    }


# --- people -------------------------------------------------------------------------------------
def users() -> QuerySet[User]:
    """Everybody, for administrators."""
    return User.objects.select_related("account").order_by("username")


def user(pk: int) -> User | None:
    return users().filter(pk=pk).first()


def account_of(user: User) -> Account:
    """Their row; one that is not saved yet, with what is usual, where they have none."""
    return Account.objects.filter(user=user).first() or Account(user=user)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=user)


# --- home ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Home:
    unfinished: list[MigrationJob]
    mine: list[MigrationJob]
    hosts: list[Host]
    workloads: list[Workload]
    has_migrated: bool  # whether a migration that they can see has ever succeeded


def home(user: User) -> Home:
    succeeded = MigrationJob.objects.visible_to(user).filter(status=MigrationJob.Status.SUCCEEDED)
    return Home(
        unfinished=list(unfinished_jobs(user)),
        mine=list(recent_jobs_of(user)),
        hosts=list(hosts(user)),
        workloads=list(workloads(user)),
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
