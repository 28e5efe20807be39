"""Stand-ins of our own, put in through the seams that the product has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from migrations_app.engine.errors import EngineError, HostUnreachable
from migrations_app.engine.events import CommandRan, Note, PhaseEnded, PhaseStarted
from migrations_app.engine.plan import WorkloadKind, WorkloadRef
from migrations_app.engine.rehearse import Rehearsal
from migrations_app.engine.report import (
    Check,
    Command,
    Failure,
    Metrics,
    Outcome,
    PhaseName,
    Proof,
    Report,
    Side,
)
from migrations_app.engine.watching import Watched

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
    step_errors: dict[str, EngineError] = field(default_factory=dict)  # by step
    prepare_error: EngineError | None = None
    watch_error: EngineError | None = None
    check_error: EngineError | None = None
    left_error: EngineError | None = None
    contents: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
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

    def look_around(self, host, peers) -> dict[str, Any]:
        return {"time_offset_ms": 0.4, "round_trips_ms": dict.fromkeys(peers, 0.2)}

    def prepare_step(self, host, *, name, agreed, archives) -> dict[str, Any]:
        self.calls.append(("prepare_step", host, name))
        if name in self.step_errors:
            raise self.step_errors[name]
        return {"step": name}

    def prepare_output(self, host, *, name, offset) -> tuple[str, int]:
        return ("", offset) if offset else (f"$ {name}\n", 1)

    def undo_step(self, host, *, name) -> dict[str, Any]:
        self.calls.append(("undo_step", host, name))
        return {"undone": []}

    def start_workload(self, host, *, kind, name, type_name, values) -> WorkloadRef:
        self.calls.append(("start", host, name, type_name, values))
        if self.start_error:
            raise self.start_error
        return WorkloadRef(kind, name, pid=4711 if kind is WorkloadKind.PROCESS else None)

    def stop_workload(self, host, ref) -> None:
        self.calls.append(("stop", host, ref.name))

    def watch_workload(self, host, ref, *, seconds) -> Watched:
        self.calls.append(("watch", host, ref.name, seconds))
        if self.watch_error:
            raise self.watch_error
        return Watched(seconds * 1000, 10_000, 3.5, 1.0)

    def workload_status(self, host, ref) -> FakeStatus:
        return self.status

    def migrate(self, plan, source, target, observer, *, cancelled) -> Report:
        self.calls.append(("migrate", plan, source, target))
        return (self.on_migrate or succeed)(plan, observer, cancelled)

    def inspect_kept(self, host, job_id) -> dict[str, Any]:
        self.calls.append(("inspect_kept", host, job_id))
        if self.check_error:
            raise self.check_error
        return self.contents

    def remove_kept(self, host, job_id) -> bool:
        self.calls.append(("remove_kept", host, job_id))
        return True

    def remove_left(self, host, job_id, *, half, ended_here, copied) -> dict[str, list[str]]:
        self.calls.append(("remove_left", host, job_id, str(half), ended_here, copied))
        if self.left_error:
            raise self.left_error
        return {"removed": ["container 0123456789ab"], "kept": ["data"]}

    def check_only(self, plan, source, target) -> list[Check]:
        self.calls.append(("check_only", plan, source, target))
        if self.check_error:
            raise self.check_error
        return self.checks

    def rehearse(self, plan, source, target) -> Rehearsal:
        self.calls.append(("rehearse", plan, source, target))
        return Rehearsal((), (), 160.0, 65_536, 1200.0, {"stop-and-copy": 280.0})

    def settle(self, plan, source, target, *, target_given_up=False) -> Report:
        self.calls.append(("settle", plan, source, target, target_given_up))
        if not isinstance(source, str):
            return in_doubt(plan, source=source, target=target)
        if not isinstance(target, str) and not target_given_up:
            return in_doubt(plan, source=source, target=target)
        if target_given_up:
            report = failed(plan, code="settled-by-hand", left_on=(Side.TARGET,))
            ref = plan.workload
            after = {"kind": str(ref.kind), "name": ref.name, "pid": ref.pid, "side": "source"}
            return replace(report, workload_after=after)
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


def in_doubt(plan, **hosts: Any) -> Report:
    """Each host that is no name is silent, and says why when it is asked."""
    known: dict[str, Any] = {}
    for side, host in hosts.items():
        told = {"answers": True, "workload": "stands-still", "has_image": True, "message": None}
        known[side] = told if isinstance(host, str) else {**told, **_silence_of(host)}
    return report_of(plan, outcome=Outcome.IN_DOUBT, workload_after=None, proof=None, known=known)


def _silence_of(host: Any) -> dict[str, Any]:
    try:
        host.ask("clock", {}, timeout_s=1)
    except HostUnreachable as error:
        return {"answers": False, "workload": None, "has_image": None, "message": error.message}
    raise AssertionError("it answers")


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
