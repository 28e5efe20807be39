"""The facts verb: what this host is and has. Nothing is guessed: what can't be read is null."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..tools import criu, docker, runc
from . import jobs, machine, packing, runtime
from .fields import Fields
from .run import Runner

FEATURES = (
    "mem_dirty_track",
    "uffd-noncoop",
    "pagemap_scan",
    "network_lock_nftables",
    "timens",
    "pidfd_store",
    "rseq",
)


def facts(_: Fields, runner: Runner) -> dict[str, Any]:
    """One JSON object; see docs/report.md, `environment`."""
    return {
        "hostname": platform.node(),
        "distribution": _distribution(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpu_model": _after_colon("/proc/cpuinfo", "model name"),
        "cpus": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "disk_free_mib": shutil.disk_usage("/var").free // 2**20,
        "cgroup_version": 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1,
        "wsl": "microsoft" in platform.release().lower(),
        "root": os.geteuid() == 0,
        "python": platform.python_version(),
        "criu": _criu(runner),
        "docker": _docker(runner),
        "runc": _version(["runc", "--version"], runner),
        "compression": packing.available(),
        "shm_free_mib": shutil.disk_usage(jobs.MEMORY.parent).free // 2**20,
        "podman": _version(["podman", "--version"], runner),
        **machine.facts(runner),
    }


def _distribution() -> str | None:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None


def _after_colon(path: str, key: str) -> str | None:
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None


def _version(argv: list[str], runner: Runner) -> str | None:
    if not shutil.which(argv[0]):
        return None
    return runc.parse_version(runner(argv, check=False).out)


def _criu(runner: Runner) -> dict[str, Any] | None:
    """Version, `criu check`, and a yes or no for each feature; null without CRIU."""
    if not shutil.which("criu"):
        return None
    check = runner(criu.check_argv(), check=False)
    whole = runner(criu.check_argv(everything=True), check=False)
    features = {
        name: runner(criu.check_argv(feature=name), check=False).status == 0 for name in FEATURES
    }
    return {
        "version": criu.parse_version(runner(["criu", "--version"], check=False).out),
        "check_ok": check.status == 0,
        "check_output": (check.out + check.err).strip(),
        "check_all_ok": whole.status == 0,
        "check_all_output": (whole.out + whole.err).strip(),
        "features": features,
    }


def _docker(runner: Runner) -> dict[str, Any] | None:
    """What the daemon says of itself; null without Docker, `error` when it does not answer."""
    if not shutil.which("docker"):
        return None
    try:
        version = docker.parse_version(runner(docker.version_argv()).out)
        info = docker.parse_info(runner(docker.info_argv()).out)
        ready = runtime.NAME in info["runtimes"] and runtime.is_current()
        return {**version, **info, "runtime_ready": ready, "error": None}
    except EngineError as error:
        return {
            "version": None,
            "experimental": None,
            "runtime_ready": None,
            "error": error.message,
        }


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"facts": facts}
