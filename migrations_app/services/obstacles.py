"""What stands in the way of a workload on a host, as far as the host's last check knows."""

from __future__ import annotations

from migrations_app.models import Host

from .codes import Code, InventoryRefused

_BY_STATE = {
    Host.State.UNKNOWN: Code.HOST_NOT_CHECKED,
    Host.State.UNREACHABLE: Code.HOST_UNREACHABLE,
    Host.State.QUARANTINED: Code.HOST_QUARANTINED,
}


def obstacle_on(host: Host, kind: str) -> InventoryRefused | None:
    """Why no workload of `kind` may run on the host now, or None. No query."""
    code = _BY_STATE.get(Host.State(host.state))
    if code:
        return InventoryRefused(code, host=host.name)
    for problem in host.failing_problems(kind):
        return InventoryRefused(Code.HOST_PROBLEM, host=host.name, problem=problem["code"])
    return None
