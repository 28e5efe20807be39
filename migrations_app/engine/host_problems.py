"""What stands in the way on one host, from its facts: pure; one function for each trouble."""

from __future__ import annotations

from collections.abc import Callable

from .plan import Strategy
from .problems import BY_HAND_OVER, CONTAINERS, LAZY, Facts, Problem, Severity
from .report import Side
from .tools.criu import OLDEST_USABLE, version_tuple
from .tools.docker import RESTORE_BROKEN_SINCE

OLDEST_PYTHON = (3, 10)  # what the hostside program is written for
FORGETS_CHECKPOINTS = (25,), (25, 0, 4)  # from, and where it is mended
DOUBTFUL_CRIU = (3, 18)
RSEQ_CRIU, RSEQ_LIBRARY = (3, 17), (2, 35)  # who knows it, and who uses it
PIPE_LIMIT = "fs.pipe-user-pages-soft"


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


def _docker_forgets(facts: Facts) -> Problem | None:
    """Row 4: Docker 25.0 looks for the checkpoint that it stored under an incomplete name."""
    docker = facts["docker"]
    if not docker or not docker["version"]:
        return None
    first, mended = FORGETS_CHECKPOINTS
    if not first <= version_tuple(docker["version"]) < mended:
        return None
    return Problem(
        "docker-forgets-checkpoint",
        kinds=CONTAINERS,
        strategies=(Strategy.COLD,),
        values={"version": docker["version"]},
        message=f"Docker {docker['version']} does not find the checkpoints that it has stored",
    )


def _criu_3_18(facts: Facts) -> Problem | None:
    """Row 34: restores failed for users, for no known reason; so it is told and not refused."""
    version = (facts["criu"] or {}).get("version") or ""
    if version_tuple(version)[:2] != DOUBTFUL_CRIU:
        return None
    return Problem(
        "criu-3-18",
        Severity.WARN,
        sides=(Side.TARGET,),
        values={"version": version},
        message=f"CRIU {version}: users report restores that fail with it and succeed with 3.19",
    )


def _rseq(facts: Facts) -> Problem | None:
    """Row 19: what this C library registers with the kernel, this CRIU does not know."""
    version, library = (facts["criu"] or {}).get("version") or "", facts.get("c_library") or ""
    if not version or not library or version_tuple(version) >= RSEQ_CRIU:
        return None
    if version_tuple(library) < RSEQ_LIBRARY:
        return None
    return Problem(
        "rseq",
        Severity.WARN,
        values={"version": version, "library": library},
        message=f"CRIU {version} does not know the rseq that glibc {library} uses",
    )


def _pipe_limit(facts: Facts) -> Problem | None:
    """Row 30: the kernel caps the pipes of whoever lacks CAP_SYS_RESOURCE, if it has a limit."""
    limit = (facts.get("kernel_settings") or {}).get(PIPE_LIMIT)
    if not facts.get("pipes_limited") or limit in (None, "0"):
        return None
    return Problem(
        "pipe-limit",
        Severity.WARN,
        sides=(Side.SOURCE,),
        values={"limit": limit},
        message=f"the kernel allows us {limit} pages in pipes, which CRIU may not do with",
    )


def _kernel_cache(facts: Facts) -> Problem | None:
    """Row 32: CRIU keeps what it knows of the kernel on a tmpfs only."""
    kept = facts.get("run_filesystem")
    if kept is None or kept == "tmpfs":
        return None
    return Problem(
        "kernel-cache",
        Severity.WARN,
        values={"filesystem": kept},
        message=f"/run is {kept} and no tmpfs: CRIU probes the kernel anew in each run",
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
    _docker_forgets,
    _criu_3_18,
    _rseq,
    _pipe_limit,
    _kernel_cache,
)


def host_problems(facts: Facts) -> list[Problem]:
    """What stands in the way of migrations from or to this host, by kind of workload."""
    found = (check(facts) for check in CHECKS)
    return [problem for problem in found if problem is not None]
