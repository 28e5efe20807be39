"""Facts of both hosts and the plan in, a list of problems out: pure.

What one host by itself can't do is in host_problems.py, what the very workload holds in
workload_checks.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .errors import NotPossible
from .plan import Compression, MigrationPlan, Operation, Strategy, WorkloadKind
from .problems import CONTAINERS, Facts, Problem, Severity
from .report import Side
from .tools.criu import version_tuple


def pair_problems(source: Facts, target: Facts) -> list[Problem]:
    """What stands in the way between two hosts that are fine by themselves, or may."""
    found = (check(source, target) for check in PAIR_CHECKS)
    return [problem for problem in found if problem is not None]


def _cgroup_differs(source: Facts, target: Facts) -> Problem | None:
    values = {"source": source["cgroup_version"], "target": target["cgroup_version"]}
    if values["source"] == values["target"]:
        return None
    message = "cgroup versions of the two hosts differ"
    return Problem("cgroup-differs", kinds=CONTAINERS, values=values, message=message)


def _architecture_differs(source: Facts, target: Facts) -> Problem | None:
    values = {"source": source["architecture"], "target": target["architecture"]}
    if values["source"] == values["target"]:
        return None
    message = "architectures of the two hosts differ"
    return Problem("architecture-differs", values=values, message=message)


def _cpu_weaker(source: Facts, target: Facts) -> Problem | None:
    """A process may have looked which instructions there are, and go on using them."""
    had, has = source.get("cpu_features"), target.get("cpu_features")
    lacks = sorted(set(had or ()) - set(has or ()))
    if not had or has is None or not lacks:
        return None
    message = f"the target's processor lacks {', '.join(lacks)}"
    return Problem("cpu-weaker", Severity.WARN, values={"lacks": ", ".join(lacks)}, message=message)


def _criu_older(source: Facts, target: Facts) -> Problem | None:
    """An older CRIU need not know all that a newer one writes."""
    wrote, reads = ((facts.get("criu") or {}).get("version") or "" for facts in (source, target))
    if not wrote or not reads or version_tuple(reads) >= version_tuple(wrote):
        return None
    values = {"source": wrote, "target": reads}
    message = f"CRIU {reads} on the target is older than {wrote} on the source"
    return Problem("criu-older-there", Severity.WARN, values=values, message=message)


def _clocks_apart(source: Facts, target: Facts) -> Problem | None:
    here, there = source.get("time_offset_ms"), target.get("time_offset_ms")
    if here is None or there is None or abs(here - there) < CLOCKS_APART_MS:
        return None
    apart = round(abs(here - there) / 1000, 1)
    message = f"the clocks of the two hosts are {apart} s apart"
    return Problem("clocks-apart", Severity.WARN, values={"seconds": apart}, message=message)


CLOCKS_APART_MS = 1000.0  # from here on a workload that reads the wall clock sees a jump
PAIR_CHECKS: tuple[Callable[[Facts, Facts], Problem | None], ...] = (
    _cgroup_differs,
    _architecture_differs,
    _cpu_weaker,
    _criu_older,
    _clocks_apart,
)


def plan_problems(kind: WorkloadKind, operation: Operation, strategy: Strategy) -> list[Problem]:
    """What this kind cannot do whatever the hosts are."""
    problems = []
    if kind is WorkloadKind.PROCESS and operation is Operation.LOCAL_CLONE:
        message = "a process cannot be cloned on its own host: its pid is taken there"
        problems.append(
            Problem("process-local-clone", values={"strategy": strategy}, message=message)
        )
    if strategy.by_hand_over and operation.one_host:
        message = f"{strategy} hands over from host to host: on one host there is only cold"
        problems.append(
            Problem("strategy-needs-two-hosts", values={"strategy": strategy}, message=message)
        )
    return problems


def _tcp_problems(plan: MigrationPlan) -> list[Problem]:
    """Why open connections could not go along, whatever their workload is."""
    if plan.workload.kind is not WorkloadKind.CONTAINER:
        message = "a process has the address of its host, which stays: take a container"
        return [Problem("tcp-needs-container", message=message)]
    if not plan.strategy.by_hand_over:
        message = "Docker's own checkpoint takes no open connections: choose another strategy"
        return [Problem("tcp-needs-hand-over", message=message)]
    if plan.leave_running:
        message = "a copy cannot have the connections of the original, which goes on"
        return [Problem("tcp-one-address", message=message)]
    return []


def network_comes_late(facts: Facts) -> bool:
    """Whether Docker there attaches a container's network only after it was restored."""
    version = (facts.get("docker") or {}).get("version") or ""
    return bool(version) and version_tuple(version) >= NETWORK_LATE_SINCE


NETWORK_LATE_SINCE = (28,)  # from here on no hook of Docker's attaches it before


def option_problems(plan: MigrationPlan, source: Facts, target: Facts) -> list[Problem]:
    """What of the options chosen these hosts cannot do."""
    if plan.tcp_established:
        refused = _tcp_problems(plan)
        if refused:
            return refused
    if plan.operation.one_host:
        return []
    found = (check(plan, source, target) for check in OPTION_CHECKS)
    return [problem for problem in found if problem is not None]


def _compression_missing(plan: MigrationPlan, source: Facts, target: Facts) -> Problem | None:
    wanted = plan.compression
    if wanted is Compression.NONE:
        return None
    lacking = [
        facts["hostname"] for facts in (source, target) if wanted not in facts["compression"]
    ]
    if not lacking:
        return None
    values = {"compression": str(wanted), "host": lacking[0]}
    message = f"{lacking[0]} has no library for {wanted}"
    return Problem("compression-missing", values=values, message=message)


def _rate_missing(plan: MigrationPlan, source: Facts, target: Facts) -> Problem | None:
    host = _that_cannot_shape("bandwidth", source, target)
    if plan.link_rate_mbit_s is None or host is None:
        return None
    message = f"tc on {host} has no token bucket (tbf), so it cannot make its link slower"
    return Problem("link-bandwidth-missing", values={"host": host}, message=message)


def _delay_missing(plan: MigrationPlan, source: Facts, target: Facts) -> Problem | None:
    host = _that_cannot_shape("delay", source, target)
    if (plan.link_delay_ms is None and plan.link_loss_percent is None) or host is None:
        return None
    message = f"tc on {host} has no netem, so it cannot add delay or loss to its link"
    return Problem("link-delay-missing", values={"host": host}, message=message)


def _that_cannot_shape(what: str, *hosts: Facts) -> str | None:
    """Facts of an older check do not tell of it: then the run itself finds out."""
    for facts in hosts:
        if "shaping" in facts and not facts["shaping"][what]:
            return str(facts["hostname"])
    return None


OPTION_CHECKS = (_compression_missing, _rate_missing, _delay_missing)


def refuse(
    problems: Sequence[Problem],
    kind: WorkloadKind,
    strategy: Strategy,
    side: Side | None = None,
    where: str | None = None,
) -> None:
    """Raise NotPossible for the first failing problem of this kind, strategy and side."""
    for problem in problems:
        if problem.severity is Severity.FAIL and concerns(problem, kind, strategy, side):
            prefix = f"{where}: " if where else ""
            raise NotPossible(prefix + problem.message, code=problem.code)


def concerns(
    problem: Problem, kind: WorkloadKind, strategy: Strategy, side: Side | None = None
) -> bool:
    """Whether it stands in the way of this; side None: as source or target, or both."""
    return (
        kind in problem.kinds
        and strategy in problem.strategies
        and (side is None or side in problem.sides)
    )
