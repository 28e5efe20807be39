"""Stand-ins of our own, put in through the seams that the product has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from migrations_app.engine.errors import EngineError
from migrations_app.engine.events import CommandRan, Note, PhaseEnded, PhaseStarted
from migrations_app.engine.plan import WorkloadKind, WorkloadRef
from migrations_app.engine.report import (
    Command,
    Failure,
    Metrics,
    Outcome,
    PhaseName,
    Proof,
    Report,
    Side,
)

FACTS = {"hostname": "fake", "architecture": "x86_64", "cgroup_version": 2}
METRICS = Metrics(stop_time_ms=812.5, transfer_time_ms=90.0, total_time_ms=2500.0)


@dataclass
class FakeStatus:
    state: str = "running"
    last_line: str | None = "7"


@dataclass
class FakeEngine:
    """Does what a test tells it to; `calls` says what it was asked."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    connect_errors: dict[str, EngineError] = field(default_factory=dict)  # by host name
    facts: dict[str, Any] = field(default_factory=lambda: dict(FACTS))
    problems: list[Any] = field(default_factory=list)
    status: FakeStatus = field(default_factory=FakeStatus)
    start_error: EngineError | None = None
    prepare_error: EngineError | None = None
    on_migrate: Callable[..., Report] | None = None
    on_settle: Callable[..., Report] | None = None

    @contextmanager
    def connect(self, target) -> Iterator[str]:
        self.calls.append(("connect", target.name))
        if target.name in self.connect_errors:
            raise self.connect_errors[target.name]
        yield target.name

    def collect_facts(self, host) -> dict[str, Any]:
        return self.facts

    def host_problems(self, facts) -> list[Any]:
        return self.problems

    def prepare_host(self, host) -> dict[str, Any]:
        """Afterwards its Docker knows the runtime."""
        self.calls.append(("prepare", host))
        if self.prepare_error:
            raise self.prepare_error
        self.facts = {**self.facts, "docker": {"runtime_ready": True}}
        return {"changed": ["wrote it"], "runtime": "/usr/local/lib/migration-lab/runtime"}

    def start_workload(self, host, *, kind, name, type_name, values) -> WorkloadRef:
        self.calls.append(("start", host, name, type_name, values))
        if self.start_error:
            raise self.start_error
        return WorkloadRef(kind, name, pid=4711 if kind is WorkloadKind.PROCESS else None)

    def stop_workload(self, host, ref) -> None:
        self.calls.append(("stop", host, ref.name))

    def workload_status(self, host, ref) -> FakeStatus:
        return self.status

    def migrate(self, plan, source, target, observer, *, cancelled) -> Report:
        self.calls.append(("migrate", plan, source, target))
        return (self.on_migrate or succeed)(plan, observer, cancelled)

    def settle(self, plan, source, target) -> Report:
        self.calls.append(("settle", plan, source, target))
        return (self.on_settle or settled_on_source)(plan)


ENGINE = FakeEngine()


def report_of(plan, **changes: Any) -> Report:
    """A report of a success, but for `changes`."""
    side = Side.SOURCE if plan.operation.one_host else Side.TARGET
    values: dict[str, Any] = {
        "outcome": Outcome.SUCCEEDED,
        "kind": plan.workload.kind,
        "strategy": plan.strategy,
        "operation": plan.operation,
        "job_id": plan.job_id,
        "started_at": "2026-11-23T02:00:00Z",
        "metrics": METRICS,
        "phases": (),
        "proof": Proof("sequence", True, "7 follows 6", last_before=6, first_after=7),
        "environment": {},
        "workload_after": {
            "kind": plan.workload.kind,
            "name": plan.workload.name,
            "pid": plan.workload.pid,
            "side": side,
        },
        "options": plan.options(),
    }
    return Report(**(values | changes))


def failed(plan, *, code: str, workload_is_on: str | None = "source", **changes: Any) -> Report:
    error = Failure(code, f"{code}!", "Error (criu/x.c:1): no", workload_is_on)
    return report_of(
        plan,
        outcome=Outcome.FAILED,
        metrics=Metrics(),
        proof=None,
        workload_after=None,
        error=error,
        **changes,
    )


def succeed(plan, observer, cancelled) -> Report:
    """Tells of one phase, one command and one note, and ends well."""
    observer(PhaseStarted(PhaseName.DUMP, Side.SOURCE, 10.0))
    observer(CommandRan(Command(Side.SOURCE, PhaseName.DUMP, ("criu", "dump"), 0, 10.0, 39.0)))
    observer(PhaseEnded(PhaseName.DUMP, Side.SOURCE, 11.0, 40.0, bytes=4096))
    observer(Note("image-sent", (("image", "busybox"),)))
    return report_of(plan)


def settled_on_source(plan) -> Report:
    return failed(plan, code="settled")


def wait_until(happened: Callable[[], bool], limit_s: float = 5) -> bool:
    """Whether it came to pass within the limit."""
    deadline = time.monotonic() + limit_s
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
