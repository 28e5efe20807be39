"""More of the facts: what the machine is, and what its kernel and its package manager have."""

from __future__ import annotations

import fcntl
import gzip
import ipaddress
import os
import platform
import re
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..tools.preparing import KERNEL_SETTINGS
from .fields import Fields
from .run import Runner

# Options that checkpoints and what is done around them rest on.
KERNEL_OPTIONS = (
    "CHECKPOINT_RESTORE",
    "MEM_SOFT_DIRTY",
    "USERFAULTFD",
    "NET_NS",
    "PID_NS",
    "UNIX_DIAG",
    "INET_DIAG",
    "NETLINK_DIAG",
    "OVERLAY_FS",
    "NET_SCH_TBF",
    "NET_SCH_NETEM",
)
CPU_FEATURES = ("avx", "avx2", "avx512f", "xsave", "xsaves", "pku", "shstk", "amx_tile")
DISKS = ("/", "/var/lib/docker", "/var/lib/migration-lab", "/dev/shm")  # noqa: S108  to look at
PACKAGES = ("docker.io", "docker-cli", "criu")
F_SETPIPE_SZ = 1031  # fcntl has the name from Python 3.10 on only
LARGEST_PIPE = 1 << 31
T = TypeVar("T")
MOST_PEERS = 16
PEER_S = 1.0
SHAPERS = {
    "bandwidth": ("tbf", "rate", "1mbit", "burst", "32kbit", "latency", "50ms"),
    "delay": ("netem", "delay", "1ms"),
}


def facts(runner: Runner) -> dict[str, Any]:
    """Null for what can't be read."""
    return {
        "kernel_options": _or_none(_kernel_options),
        "kernel_settings": {name: _setting(name) for name in KERNEL_SETTINGS},
        "cpu_features": _or_none(_cpu_features),
        "c_library": _or_none(_c_library),
        "pipes_limited": _or_none(_pipes_limited),
        "run_filesystem": _or_none(_run_filesystem),
        "disks_free_mib": {place: _free_mib(place) for place in DISKS},
        "security_modules": _or_none(_security_modules),
        "virtualisation": _virtualisation(runner),
        "packages": _packages(runner),
        "shaping": _shaping(runner),
    }


def round_trips(fields: Fields, _: Runner) -> dict[str, Any]:
    """The shortest of a few connections to the SSH server of each peer, in ms; null: no answer."""
    found = {}
    for name, address, port in fields.mapping("peers").get("of", [])[:MOST_PEERS]:
        found[str(name)] = _round_trip_ms(str(ipaddress.ip_address(address)), int(port))
    return {"round_trips_ms": found}


def _round_trip_ms(address: str, port: int) -> float | None:
    times = []
    for _attempt in range(3):
        start = time.monotonic()
        try:
            socket.create_connection((address, port), PEER_S).close()
        except OSError:
            return None
        times.append(time.monotonic() - start)
    return round(min(times) * 1000, 3)


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"round_trips": round_trips}


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (OSError, ValueError):
        return None


def _kernel_options() -> dict[str, str | None]:
    """y, m, or null for one that is off."""
    config = Path(f"/boot/config-{platform.release()}")
    packed = Path("/proc/config.gz")
    text = gzip.decompress(packed.read_bytes()).decode() if packed.exists() else config.read_text()
    found = dict(re.findall(r"^CONFIG_(\w+)=([ym])$", text, re.MULTILINE))
    return {name: found.get(name) for name in KERNEL_OPTIONS}


def _setting(name: str) -> str | None:
    return _or_none(lambda: Path("/proc/sys", *name.split(".")).read_text().strip())


def _cpu_features() -> list[str]:
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    words = set(flags[1].split()) if flags else set()
    return [name for name in CPU_FEATURES if name in words]


def _free_mib(place: str) -> int | None:
    return _or_none(lambda: shutil.disk_usage(place).free // 2**20)


def _c_library() -> str | None:
    """glibc's version; null with another library, which `confstr` does not know by that name."""
    name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    return version or None if name == "glibc" else None


def _pipes_limited() -> bool | None:
    """Whether the kernel's limits on pipes concern us: asked for one that is above them.

    Null where the limit is so high that twice as much can't be asked for.
    """
    largest = int(Path("/proc/sys/fs/pipe-max-size").read_text())
    if largest * 2 > LARGEST_PIPE:
        return None
    ends = os.pipe()
    try:
        fcntl.fcntl(ends[1], F_SETPIPE_SZ, largest * 2)
    except PermissionError:
        return True
    finally:
        for end in ends:
            os.close(end)
    return False


def _run_filesystem() -> str | None:
    """The kind of file system that /run lies on, as mounted last of all that reach there."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    kinds = {place: kind for _, place, kind, *_ in map(str.split, lines)}
    return kinds.get("/run", kinds.get("/"))


def _security_modules() -> list[str]:
    return Path("/sys/kernel/security/lsm").read_text().strip().split(",")


def _virtualisation(runner: Runner) -> str | None:
    """As systemd names it (vmware, oracle, kvm, wsl, systemd-nspawn, none); null without it."""
    if "microsoft" in platform.release().lower():
        return "wsl"
    if not shutil.which("systemd-detect-virt"):
        return None
    return runner(["systemd-detect-virt"], check=False, quiet=True).out.strip() or None


def _packages(runner: Runner) -> dict[str, str | None] | None:
    """The version that apt would install of each; null without apt."""
    if not shutil.which("apt-cache"):
        return None
    argv = ["env", "LC_ALL=C", "apt-cache", "policy", *PACKAGES]
    out = runner(argv, check=False, quiet=True).out
    return {name: candidate_in(out, name) for name in PACKAGES}


def candidate_in(policy: str, package: str) -> str | None:
    """The candidate's version in the output of `apt-cache policy`, without epoch."""
    block = re.search(rf"^{re.escape(package)}:\n((?:[ ].*\n?)+)", policy, re.MULTILINE)
    found = re.search(r"Candidate: (?:\d+:)?([0-9][^\s]*)", block[1]) if block else None
    return found[1] if found else None


def _shaping(runner: Runner) -> dict[str, bool | None]:
    """What tc can do here, tried in a network namespace that is gone afterwards; null: no tc."""
    if not shutil.which("tc") or os.geteuid() != 0:
        return dict.fromkeys(SHAPERS)
    start = ["unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root"]
    return {
        name: runner([*start, *words], check=False, quiet=True).status == 0
        for name, words in SHAPERS.items()
    }
