"""A control group per lab host: it holds the host apart, and finds every process that it has.

systemd-nspawn started with --keep-unit stays in the group that it was started in. Two hosts in
one group would share their `/docker/ID` and `/system.slice`. And when systemd-nspawn is killed,
its host lives on as an orphan: the group is what still knows it.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids")  # what Docker wants of cgroup v2
CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")  # a new v1 group takes no process before these


@dataclass(frozen=True)
class Hierarchy:
    root: Path
    unified: bool  # cgroup v2


def parse_hierarchies(mountinfo: str) -> list[Hierarchy]:
    """The control group hierarchies in the text of /proc/self/mountinfo, each mount once."""
    found = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind = after.split(" ", 1)[0]
        if kind in ("cgroup", "cgroup2"):
            root = Path(before.split(" ")[4])
            found[root] = Hierarchy(root, unified=kind == "cgroup2")
    return list(found.values())


def hierarchies() -> list[Hierarchy]:
    """Those of this machine."""
    return parse_hierarchies(Path("/proc/self/mountinfo").read_text())


def make(name: str) -> list[Path]:
    """Makes the group (`lab/host`) in every hierarchy; the files that take a process into it."""
    return [_make_in(hierarchy, name) / "cgroup.procs" for hierarchy in hierarchies()]


def _make_in(hierarchy: Hierarchy, name: str) -> Path:
    parent = hierarchy.root
    for part in Path(name).parts:
        if hierarchy.unified:
            _hand_down_controllers(parent)
        group = parent / part
        group.mkdir(exist_ok=True)
        if not hierarchy.unified:
            _copy_cpuset(parent, group)
        parent = group
    return parent


def _hand_down_controllers(group: Path) -> None:
    # One by one: a kernel may lack some, and a hybrid machine's v2 hierarchy has none.
    for controller in CONTROLLERS:
        with suppress(OSError):
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _copy_cpuset(parent: Path, group: Path) -> None:
    for name in CPUSET_FILES:
        if (group / name).exists() and not (group / name).read_text().strip():
            (group / name).write_text((parent / name).read_text())


def processes(name: str) -> set[int]:
    """Every process in the group or below it."""
    pids: set[int] = set()
    for hierarchy in hierarchies():
        for group in _tree(hierarchy.root / name):
            with suppress(OSError):
                pids.update(map(int, (group / "cgroup.procs").read_text().split()))
    return pids


def kill(name: str) -> bool:
    """SIGKILL to every process in the group; whether there was any."""
    pids = processes(name)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def remove(name: str) -> None:
    """Removes the empty group, with the groups below it, from every hierarchy."""
    for hierarchy in hierarchies():
        for group in reversed(list(_tree(hierarchy.root / name))):
            with suppress(OSError):  # a process that is just ending; the next call gets it
                group.rmdir()


def _tree(group: Path) -> Iterator[Path]:
    """The group and all below it, parents first."""
    for folder, _, _ in os.walk(group):
        yield Path(folder)


def leader(name: str) -> int | None:
    """The pid, on this machine, of process 1 of the lab host in the group."""
    return next((pid for pid in sorted(processes(name)) if _is_leader(pid)), None)


def supervisor(name: str) -> int | None:
    """The pid of the host's systemd-nspawn."""
    return next((pid for pid in sorted(processes(name)) if len(_pids_inside(pid)) == 1), None)


def _is_leader(pid: int) -> bool:
    # Containers inside the host have a process 1 of their own, one level deeper.
    inside = _pids_inside(pid)
    return len(inside) == 2 and inside[-1] == 1


def _pids_inside(pid: int) -> list[int]:
    try:
        return parse_namespace_pids(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return []


def parse_namespace_pids(status: str) -> list[int]:
    """A process's pid in each nested pid namespace, outermost first; from /proc/PID/status."""
    found = re.search(r"^NSpid:\s*(.*)$", status, re.MULTILINE)
    return [int(pid) for pid in found[1].split()] if found else []
