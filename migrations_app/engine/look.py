"""A look at the very workload on both hosts, before anything of it is frozen."""

from __future__ import annotations

from typing import Any

from .events import Event
from .hosts.base import Host
from .plan import MigrationPlan, WorkloadKind
from .report import Check, PhaseName, Side
from .run import Run
from .timeline import Timeline
from .workload_checks import Looked, check_workload, refuse_failed


def look_at_workload(run: Run) -> None:
    """Notes the checks in the run. Raises NotPossible for the first that fails."""
    run.checks = check_workload(Looked(*_looks(run), run.plan))
    refuse_failed(run.checks)


def check_only(plan: MigrationPlan, source: Host, target: Host) -> list[Check]:
    """All checks of the workload and nothing else: what a run would find. Raises EngineError.

    Nothing is touched on either host.
    """
    run = Run(plan, {Side.SOURCE: source, Side.TARGET: target}, Timeline(_deaf))
    return check_workload(Looked(*_looks(run), plan))


def _deaf(_: Event) -> None:
    """Nobody follows a mere look."""


def _looks(run: Run) -> tuple[dict[str, Any], dict[str, Any] | None]:
    seen = run.ask(Side.SOURCE, PhaseName.PREPARE, "workload_look", **_named(run.plan))
    if run.one_host or not seen.get("running"):
        return seen, None
    needed: dict[str, Any] = {
        "pids": [str(pid) for pid in seen["pids"]] if _is_process(run.plan) else [],
        "files": list(seen["mapped"]) if _is_process(run.plan) else [],
        "mounts": [one["source"] for one in seen["mounts"] if one["source"].startswith("/")],
    }
    return seen, run.ask(Side.TARGET, PhaseName.PREPARE, "target_look", **needed)


def _is_process(plan: MigrationPlan) -> bool:
    return plan.workload.kind is WorkloadKind.PROCESS


def _named(plan: MigrationPlan) -> dict[str, Any]:
    kind = str(plan.workload.kind)
    if _is_process(plan):
        return {"kind": kind, "pid": plan.workload.pid}
    return {"kind": kind, "name": plan.workload.name}
