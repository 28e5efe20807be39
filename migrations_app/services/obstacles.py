"""What stands in the way on a host, as far as the host's last check knows. No query."""

from __future__ import annotations

from migrations_app.adapters import problems_between
from migrations_app.engine.plan import Strategy, WorkloadKind
from migrations_app.engine.preflight import concerns
from migrations_app.engine.problems import Problem, Severity
from migrations_app.engine.report import Side
from migrations_app.models import Host

from .codes import Code, InventoryRefused

_BY_STATE = {
    Host.State.UNKNOWN: Code.HOST_NOT_CHECKED,
    Host.State.UNREACHABLE: Code.HOST_UNREACHABLE,
    Host.State.QUARANTINED: Code.HOST_QUARANTINED,
}


def obstacle_on(host: Host, kind: str, strategy: str, side: str) -> InventoryRefused | None:
    """Why no workload of `kind` can leave the host (or come to it) by this strategy, or None."""
    code = _BY_STATE.get(Host.State(host.state))
    if code:
        return InventoryRefused(code, host=host.name)
    for problem in host.failing_problems(kind, strategy, side):
        return InventoryRefused(Code.HOST_PROBLEM, host=host.name, problem=problem["code"])
    return None


def obstacle_between(
    source: Host, target: Host, kind: str, strategy: str
) -> InventoryRefused | None:
    """The first obstacle on either of two hosts."""
    there = obstacle_on(source, kind, strategy, Side.SOURCE)
    there = there or obstacle_on(target, kind, strategy, Side.TARGET)
    return there or _obstacle_of_pair(source, target, kind, strategy)


def _obstacle_of_pair(
    source: Host, target: Host, kind: str, strategy: str
) -> InventoryRefused | None:
    for problem in problems_between(source, target):
        if problem.severity is Severity.FAIL and concerns(
            problem, WorkloadKind(kind), Strategy(strategy)
        ):
            return InventoryRefused(problem.code, **_texts(problem))
    return None


def warnings_between(source: Host, target: Host, kind: str) -> list[InventoryRefused]:
    """What does not stand in the way but may go wrong, of the hosts and between them."""
    own = [
        InventoryRefused(problem["code"], **{n: str(v) for n, v in problem["values"].items()})
        for host, side in ((source, Side.SOURCE), (target, Side.TARGET))
        for problem in host.problems
        if problem["severity"] == Severity.WARN
        and kind in problem["kinds"]
        and side in problem.get("sides", [side])
    ]
    return own + [
        InventoryRefused(problem.code, **_texts(problem))
        for problem in problems_between(source, target)
        if problem.severity is Severity.WARN and WorkloadKind(kind) in problem.kinds
    ]


def _texts(problem: Problem) -> dict[str, str]:
    return {name: str(value) for name, value in problem.values.items()}


def obstacle_to_starting(host: Host, kind: str) -> InventoryRefused | None:
    """Why no workload of `kind` should be started there: it could leave by no strategy at all."""
    obstacles = [obstacle_on(host, kind, strategy, Side.SOURCE) for strategy in Strategy]
    return obstacles[0] if all(obstacles) else None
