"""The runs that tests go through: each kind of workload, each operation, each strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from migrations_app.engine import (
    Limits,
    MigrationPlan,
    Operation,
    Report,
    Strategy,
    WorkloadRef,
    migrate,
)
from migrations_app.engine.events import Event

from .pair import Pair
from .simulated import CONTAINER, PROCESS

QUICK = Limits(proof_s=0.05)


@dataclass(frozen=True)
class Case:
    workload: WorkloadRef
    operation: Operation
    strategy: Strategy = Strategy.COLD

    @property
    def id(self) -> str:
        cold = self.strategy is Strategy.COLD
        return f"{self.workload.kind}-{self.operation if cold else self.strategy}"

    def plan(self, **changes: Any) -> MigrationPlan:
        values = {"job_id": "j-1", "limits": QUICK, "operation": self.operation}
        values["strategy"] = self.strategy
        return MigrationPlan(workload=self.workload, **(values | changes))

    def pair(self, **changes: Any) -> Pair:
        return Pair(self.workload, **changes)


CASES = [
    Case(CONTAINER, Operation.MIGRATE),
    Case(CONTAINER, Operation.LOCAL_CLONE),
    Case(CONTAINER, Operation.RESTORE_IN_PLACE),
    Case(PROCESS, Operation.MIGRATE),
    Case(PROCESS, Operation.RESTORE_IN_PLACE),
]
ACROSS = [case for case in CASES if not case.operation.one_host]
FAST = [
    Case(workload, Operation.MIGRATE, strategy)
    for workload in (CONTAINER, PROCESS)
    for strategy in Strategy
    if strategy.by_hand_over
]


def ignore(_: Event) -> None:
    """An observer that does not listen."""


def run(plan: MigrationPlan, pair: Pair, observer: Any = ignore, **options: Any) -> Report:
    """migrate() between the two simulated hosts, or on the first of them."""
    target = pair.source if plan.operation.one_host else pair.target
    return migrate(plan, pair.source, target, observer, **options)
