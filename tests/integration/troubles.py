"""Workloads that fail on purpose: started, moved, and taken away again."""

from __future__ import annotations

import uuid

from migrations_app.engine import (
    MigrationPlan,
    ProofKind,
    Report,
    SshHost,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    migrate,
    start_workload,
    stop_workload,
    workload_status,
)

from .conftest import Pair


class Troubles:
    """Starts troubled workloads on the first host, and takes all of them away."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.started: list[WorkloadRef] = []

    def start(self, trouble: str, kind: WorkloadKind) -> WorkloadRef:
        ref = start_workload(
            self.pair.a,
            kind=kind,
            name=f"exercise-{uuid.uuid4().hex[:6]}",
            type_name=f"trouble-{trouble}",
            values={"interval_ms": 20},
        )
        self.started.append(ref)
        return ref

    def plan(self, ref: WorkloadRef, strategy: Strategy, *skip: str) -> MigrationPlan:
        return MigrationPlan(
            job_id=f"it-{uuid.uuid4().hex[:8]}",
            workload=ref,
            strategy=strategy,
            proof=ProofKind.SEQUENCE,
            skip_checks=skip,
        )

    def move(self, ref: WorkloadRef, strategy: Strategy, *skip: str) -> Report:
        plan = self.plan(ref, strategy, *skip)
        return migrate(plan, self.pair.a, self.pair.b, lambda _: None)

    def state(self, host: SshHost, ref: WorkloadRef) -> str:
        return workload_status(host, ref).state

    def end(self) -> None:
        for ref in self.started:
            for host in self.pair.both():
                stop_workload(host, ref)
        for host in self.pair.both():
            self.pair.run(host, "rm -f /tmp/migration-lab-troubled-*")
