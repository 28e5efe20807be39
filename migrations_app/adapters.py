"""Rows <-> engine objects, and the one door to the engine.

Tests put an engine of their own behind the door: settings.MIGRATION_ENGINE names a module (or
any object) with the functions of `Engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

import migrations_app.engine
from migrations_app.crypto import decrypt
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.events import Observer
from migrations_app.engine.hosts.base import Host as EngineHost
from migrations_app.engine.hosts.ssh import SshTarget, fingerprint, install_key, scan_host_key
from migrations_app.engine.outside import Outside
from migrations_app.engine.plan import (
    Compression,
    Limits,
    MigrationPlan,
    Operation,
    PreCopyRules,
    Strategy,
    WorkloadKind,
    WorkloadRef,
)
from migrations_app.engine.preflight import (
    concerns,
    option_problems,
    pair_problems,
    plan_problems,
)
from migrations_app.engine.problems import Problem, Severity
from migrations_app.engine.rehearse import Rehearsal
from migrations_app.engine.report import Check, Report, Side
from migrations_app.engine.tools.preparing import Archives
from migrations_app.models import Host, MigrationJob, Workload

__all__ = (
    "Engine",
    "archives",
    "engine",
    "fingerprint",
    "install_key",
    "job_id_for",
    "option_problem",
    "option_problem_between",
    "plan_for",
    "plan_problem",
    "problem_as_dict",
    "problems_between",
    "ref_for",
    "scan_host_key",
    "ssh_target_for",
    "ssh_target_without_key",
)


class WorkloadStatus(Protocol):
    @property
    def state(self) -> str: ...
    @property
    def last_line(self) -> str | None: ...


class Watched(Protocol):
    @property
    def watched_ms(self) -> float: ...
    @property
    def lines(self) -> int: ...
    @property
    def longest_gap_ms(self) -> float | None: ...
    @property
    def median_gap_ms(self) -> float | None: ...


class Engine(Protocol):
    """What the site asks of the engine; migrations_app.engine is one."""

    def connect(self, target: SshTarget) -> AbstractContextManager[EngineHost]: ...
    def collect_facts(self, host: EngineHost) -> dict[str, Any]: ...
    def host_problems(self, facts: Mapping[str, Any]) -> Sequence[Problem]: ...
    def prepare_host(self, host: EngineHost) -> Mapping[str, object]: ...
    def look_around(
        self, host: EngineHost, peers: Mapping[str, tuple[str, int]]
    ) -> dict[str, Any]: ...
    def prepare_step(
        self,
        host: EngineHost,
        *,
        name: str,
        agreed: Sequence[Sequence[str]],
        archives: Archives,
    ) -> dict[str, Any]: ...
    def prepare_output(self, host: EngineHost, *, name: str, offset: int) -> tuple[str, int]: ...
    def undo_step(self, host: EngineHost, *, name: str) -> dict[str, Any]: ...
    def start_workload(
        self,
        host: EngineHost,
        *,
        kind: WorkloadKind,
        name: str,
        type_name: str,
        values: Mapping[str, object],
    ) -> WorkloadRef: ...
    def stop_workload(self, host: EngineHost, ref: WorkloadRef) -> None: ...
    def watch_workload(self, host: EngineHost, ref: WorkloadRef, *, seconds: float) -> Watched: ...
    def workload_status(self, host: EngineHost, ref: WorkloadRef) -> WorkloadStatus: ...
    def migrate(
        self,
        plan: MigrationPlan,
        source: EngineHost,
        target: EngineHost,
        observer: Observer,
        *,
        cancelled: Callable[[], bool],
        outside: Outside | None = None,
    ) -> Report: ...
    def remove_left(
        self, host: EngineHost, job_id: str, *, half: Side, ended_here: bool, copied: bool
    ) -> Mapping[str, list[str]]: ...
    def inspect_kept(self, host: EngineHost, job_id: str) -> Mapping[str, Any]: ...
    def remove_kept(self, host: EngineHost, job_id: str) -> bool: ...
    def check_only(
        self, plan: MigrationPlan, source: EngineHost, target: EngineHost
    ) -> Sequence[Check]: ...
    def rehearse(
        self, plan: MigrationPlan, source: EngineHost, target: EngineHost
    ) -> Rehearsal: ...
    def settle(
        self,
        plan: MigrationPlan,
        source: EngineHost,
        target: EngineHost,
        *,
        target_given_up: bool = False,
    ) -> Report: ...


def engine() -> Engine:
    return cast(Engine, import_string(settings.MIGRATION_ENGINE))


def ssh_target_for(host: Host) -> SshTarget:
    """Decrypts the private key: for the worker only."""
    return SshTarget(
        name=host.name,
        address=host.address,
        port=host.port,
        user=host.user,
        host_key=host.host_key,
        private_key=decrypt(host.private_key_encrypted),
    )


def ssh_target_without_key(host: Host) -> SshTarget:
    """For signing in by a password: the key stays sealed."""
    return SshTarget(
        name=host.name,
        address=host.address,
        port=host.port,
        user=host.user,
        host_key=host.host_key,
        private_key="",
    )


def archives() -> Archives:
    """Where packages come from, as the administrator chose. Raises ValueError for a wrong line."""
    return Archives(
        docker=settings.DOCKER_ARCHIVE,
        criu=settings.CRIU_ARCHIVE,
        docker_packages=tuple(settings.DOCKER_PACKAGES),
    )


def ref_for(workload: Workload) -> WorkloadRef:
    return WorkloadRef(kind=WorkloadKind(workload.kind), name=workload.ref_name, pid=workload.pid)


def plan_for(job: MigrationJob) -> MigrationPlan:
    return MigrationPlan(
        job_id=job_id_for(job),
        workload=ref_for(job.workload),
        operation=Operation(job.operation),
        strategy=Strategy(job.strategy),
        proof=CATALOGUE[job.workload.type_name].proof,
        encrypted=job.encrypted,
        compression=Compression(job.compression),
        bandwidth_limit_mbit_s=job.bandwidth_limit_mbit_s,
        link_rate_mbit_s=job.link_rate_mbit_s,
        link_delay_ms=job.link_delay_ms,
        link_loss_percent=job.link_loss_percent,
        tcp_established=job.tcp_established,
        keep_images=job.keep_images,
        leave_running=job.leave_running,
        skip_checks=tuple(job.skip_checks),
        pre_copy=PreCopyRules(**(job.pre_copy or {})),
        limits=_limits_for(job.workload),
    )


def _limits_for(workload: Workload) -> Limits:
    """A workload that prints seldom gets the time for a few lines to show that it goes on."""
    interval_s = workload.parameters.get("interval_ms", 0) / 1000
    return Limits(proof_s=max(Limits().proof_s, 4 * interval_s))


def job_id_for(job: MigrationJob) -> str:
    """Names what the job leaves on its hosts; sites that share a host must not collide."""
    return f"{settings.INSTANCE}-{job.pk or 0}"  # 0: one that is only asked about


def plan_problem(
    *, workload: Workload, target: Host, operation: Operation, strategy: Strategy
) -> Problem | None:
    """What speaks against the plan by itself, or against the two hosts together; from rows only."""
    kind = WorkloadKind(workload.kind)
    problems = plan_problems(kind, operation, strategy)
    if not operation.one_host and workload.host.facts and target.facts:
        problems = problems + pair_problems(workload.host.facts, target.facts)
    return next((p for p in problems if _fails(p, kind, strategy)), None)


def problems_between(source: Host, target: Host) -> Sequence[Problem]:
    """What the last checks of two hosts say against the pair, warnings too; from rows only."""
    return pair_problems(source.facts, target.facts) if source.facts and target.facts else []


def option_problem(job: MigrationJob) -> Problem | None:
    """What of the job's options its hosts can't do; from rows only."""
    if not _tells_options(job.source) or not _tells_options(job.target):
        return None
    plan = plan_for(job)
    problems = option_problems(plan, job.source.facts or {}, job.target.facts or {})
    kind = WorkloadKind(job.workload.kind)
    return next((p for p in problems if _fails(p, kind, plan.strategy)), None)


def option_problem_between(
    source: Host, target: Host, strategy: Strategy, options: Mapping[str, Any]
) -> Problem | None:
    """The same for options that no job has yet."""
    if not _tells_options(source) or not _tells_options(target):
        return None
    asked = WorkloadRef(WorkloadKind.CONTAINER, "asked")  # what it is does not matter here
    plan = MigrationPlan(job_id="asked", workload=asked, strategy=strategy, **options)
    return next(iter(option_problems(plan, source.facts or {}, target.facts or {})), None)


def _tells_options(host: Host) -> bool:
    """Whether it was checked since the program asks for it; else the run itself refuses."""
    return "compression" in (host.facts or {})


def _fails(problem: Problem, kind: WorkloadKind, strategy: Strategy) -> bool:
    return problem.severity is Severity.FAIL and concerns(problem, kind, strategy)


def problem_as_dict(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "kinds": [str(kind) for kind in problem.kinds],
        "strategies": [str(strategy) for strategy in problem.strategies],
        "sides": [str(side) for side in problem.sides],
        "values": dict(problem.values),
    }


if TYPE_CHECKING:  # mypy compares the real engine with what is asked of it
    _fits: Engine = migrations_app.engine
