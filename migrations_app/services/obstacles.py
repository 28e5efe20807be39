"""What stands in the way on a host, as far as the host's last check knows. No query."""

from __future__ import annotations

from migrations_app.engine.plan import Strategy
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
    return there or obstacle_on(target, kind, strategy, Side.TARGET)


def obstacle_to_starting(host: Host, kind: str) -> InventoryRefused | None:
    """Why no workload of `kind` should be started there: it could leave by no strategy at all."""
    obstacles = [obstacle_on(host, kind, strategy, Side.SOURCE) for strategy in Strategy]
    return obstacles[0] if all(obstacles) else None
