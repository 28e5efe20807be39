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
from migrations_app.engine.hosts.ssh import SshTarget, fingerprint, scan_host_key
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
    Problem,
    Severity,
    concerns,
    option_problems,
    pair_problems,
    plan_problems,
)
from migrations_app.engine.report import Report
from migrations_app.models import Host, MigrationJob, Workload

__all__ = (
    "Engine",
    "engine",
    "fingerprint",
    "job_id_for",
    "option_problem",
    "plan_for",
    "plan_problem",
    "problem_as_dict",
    "ref_for",
    "scan_host_key",
    "ssh_target_for",
)


class WorkloadStatus(Protocol):
    @property
    def state(self) -> str: ...
    @property
    def last_line(self) -> str | None: ...


class Engine(Protocol):
    """What the site asks of the engine; migrations_app.engine is one."""

    def connect(self, target: SshTarget) -> AbstractContextManager[EngineHost]: ...
    def collect_facts(self, host: EngineHost) -> dict[str, Any]: ...
    def host_problems(self, facts: Mapping[str, Any]) -> Sequence[Problem]: ...
    def prepare_host(self, host: EngineHost) -> Mapping[str, object]: ...
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
    def workload_status(self, host: EngineHost, ref: WorkloadRef) -> WorkloadStatus: ...
    def migrate(
        self,
        plan: MigrationPlan,
        source: EngineHost,
        target: EngineHost,
        observer: Observer,
        *,
        cancelled: Callable[[], bool],
    ) -> Report: ...
    def settle(self, plan: MigrationPlan, source: EngineHost, target: EngineHost) -> Report: ...


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
        keep_images=job.keep_images,
        leave_running=job.leave_running,
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


def option_problem(job: MigrationJob) -> Problem | None:
    """What of the job's options its hosts can't do; from rows only."""
    source, target = job.source.facts or {}, job.target.facts or {}
    if "compression" not in source or "compression" not in target:
        return None  # not checked since the program asks for it: the run itself refuses
    plan = plan_for(job)
    problems = option_problems(plan, source, target)
    kind = WorkloadKind(job.workload.kind)
    return next((p for p in problems if _fails(p, kind, plan.strategy)), None)


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
