"""Facts of both hosts and of the workload in, a list of problems out: pure.

A problem is a code with values; the words for it are the site's. Severity `fail` refuses before
anything is touched, `warn` is told and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .errors import NotPossible
from .plan import Compression, MigrationPlan, Operation, Strategy, WorkloadKind
from .report import Side
from .tools.criu import OLDEST_USABLE, version_tuple
from .tools.docker import RESTORE_BROKEN_SINCE

Facts = Mapping[str, Any]
BOTH = (WorkloadKind.PROCESS, WorkloadKind.CONTAINER)
CONTAINERS = (WorkloadKind.CONTAINER,)
BOTH_SIDES = (Side.SOURCE, Side.TARGET)
BY_HAND_OVER = tuple(strategy for strategy in Strategy if strategy.by_hand_over)
LAZY = tuple(strategy for strategy in Strategy if strategy.lazy)
OLDEST_PYTHON = (3, 10)  # what the hostside program is written for


class Severity(StrEnum):
    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Problem:
    code: str
    severity: Severity = Severity.FAIL
    kinds: tuple[WorkloadKind, ...] = BOTH
    strategies: tuple[Strategy, ...] = tuple(Strategy)  # which it stands in the way of
    sides: tuple[Side, ...] = BOTH_SIDES  # as what the host cannot be used because of it
    values: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""  # English, for logs and the command line


def _not_root(facts: Facts) -> Problem | None:
    if facts["root"]:
        return None
    return Problem("host-not-root", message="the hostside program is not root")


def _python_too_old(facts: Facts) -> Problem | None:
    if version_tuple(facts["python"]) >= OLDEST_PYTHON:
        return None
    needed = ".".join(map(str, OLDEST_PYTHON))
    return Problem(
        "python-too-old",
        values={"version": facts["python"], "needed": needed},
        message=f"Python {facts['python']} on the host: {needed} is needed",
    )


def _criu_missing(facts: Facts) -> Problem | None:
    if facts["criu"]:
        return None
    return Problem("criu-missing", message="CRIU is not installed")


def _criu_too_old(facts: Facts) -> Problem | None:
    criu = facts["criu"]
    if not criu or not criu["version"] or version_tuple(criu["version"]) >= OLDEST_USABLE:
        return None
    needed = ".".join(map(str, OLDEST_USABLE))
    old_kernel = version_tuple(facts["kernel"]) < (6, 13)
    return Problem(
        "criu-too-old",
        Severity.WARN if old_kernel else Severity.FAIL,
        values={"version": criu["version"], "needed": needed, "kernel": facts["kernel"]},
        message=f"CRIU {criu['version']} on kernel {facts['kernel']}: {needed} is needed",
    )


def _criu_check(facts: Facts) -> Problem | None:
    criu = facts["criu"]
    if not criu or criu["check_ok"]:
        return None
    output = criu["check_output"][-300:]
    return Problem("criu-check-failed", values={"output": output}, message=f"criu check: {output}")


def _wsl(facts: Facts) -> Problem | None:
    if not facts["wsl"]:
        return None
    return Problem("wsl", message="this is WSL, whose kernel CRIU cannot use: take a real VM")


def _docker_missing(facts: Facts) -> Problem | None:
    if facts["docker"]:
        return None
    return Problem("docker-missing", kinds=CONTAINERS, message="Docker is not installed")


def _docker_silent(facts: Facts) -> Problem | None:
    docker = facts["docker"]
    if not docker or not docker["error"]:
        return None
    values = {"output": docker["error"][-300:]}
    return Problem("docker-unavailable", kinds=CONTAINERS, values=values, message=docker["error"])


def _docker_not_experimental(facts: Facts) -> Problem | None:
    docker = facts["docker"]
    if not docker or docker["error"] or docker["experimental"]:
        return None
    return Problem(
        "docker-not-experimental",
        kinds=CONTAINERS,
        strategies=(Strategy.COLD,),
        message="docker checkpoint needs experimental mode (daemon.json)",
    )


def _docker_restore_broken(facts: Facts) -> Problem | None:
    docker = facts["docker"]
    if not docker or not docker["version"]:
        return None
    if version_tuple(docker["version"]) < RESTORE_BROKEN_SINCE:
        return None
    return Problem(
        "docker-restore-broken",
        kinds=CONTAINERS,
        strategies=(Strategy.COLD,),
        values={"version": docker["version"]},
        message=f"Docker {docker['version']} cannot start a container from a checkpoint",
    )


def _runtime_missing(facts: Facts) -> Problem | None:
    docker = facts["docker"]
    if not docker or docker.get("runtime_ready") is not False:
        return None
    return Problem(
        "docker-runtime-missing",
        kinds=CONTAINERS,
        strategies=BY_HAND_OVER,
        sides=(Side.TARGET,),
        message="Docker does not know our runtime there: prepare the host",
    )


def _no_userfaultfd(facts: Facts) -> Problem | None:
    criu = facts["criu"]
    if not criu or criu["features"].get("uffd-noncoop") is not False:
        return None
    return Problem(
        "userfaultfd-missing",
        strategies=LAZY,
        sides=(Side.TARGET,),
        values={"kernel": facts["kernel"]},
        message="the kernel lacks userfaultfd, so pages cannot follow on demand",
    )


CHECKS: tuple[Callable[[Facts], Problem | None], ...] = (
    _not_root,
    _wsl,
    _python_too_old,
    _criu_missing,
    _criu_too_old,
    _criu_check,
    _docker_missing,
    _docker_silent,
    _docker_not_experimental,
    _docker_restore_broken,
    _runtime_missing,
    _no_userfaultfd,
)


def host_problems(facts: Facts) -> list[Problem]:
    """What stands in the way of migrations from or to this host, by kind of workload."""
    found = (check(facts) for check in CHECKS)
    return [problem for problem in found if problem is not None]


def pair_problems(source: Facts, target: Facts) -> list[Problem]:
    """What stands in the way between two hosts that are fine by themselves."""
    problems = []
    if source["cgroup_version"] != target["cgroup_version"]:
        values = {"source": source["cgroup_version"], "target": target["cgroup_version"]}
        message = "cgroup versions of the two hosts differ"
        problems.append(Problem("cgroup-differs", kinds=CONTAINERS, values=values, message=message))
    if source["architecture"] != target["architecture"]:
        values = {"source": source["architecture"], "target": target["architecture"]}
        message = "architectures of the two hosts differ"
        problems.append(Problem("architecture-differs", values=values, message=message))
    return problems


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


def option_problems(plan: MigrationPlan, source: Facts, target: Facts) -> list[Problem]:
    """What of the options chosen these hosts cannot do."""
    wanted = plan.compression
    if wanted is Compression.NONE or plan.operation.one_host:
        return []
    lacking = [
        facts["hostname"] for facts in (source, target) if wanted not in facts["compression"]
    ]
    if not lacking:
        return []
    values = {"compression": str(wanted), "host": lacking[0]}
    message = f"{lacking[0]} has no library for {wanted}"
    return [Problem("compression-missing", values=values, message=message)]


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
