"""Verbs that look at a workload before anything is frozen, and at the target for what it needs.

They only read: /proc, file sizes, and sockets' peers over netlink. Nothing here may take long
(the whole look is to stay below 300 ms), and nothing may fail because a process ends meanwhile.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import NotPossible
from ..tools import descriptors as ds
from ..tools import elf
from . import tree
from .containers import existing
from .fields import Fields
from .peers import local_addresses, unix_sockets
from .run import Runner

MOST = 20  # of each kind that are told
MOST_FILES = 512  # whose build ids are read
Found = list[dict[str, Any]]


def workload_look(fields: Fields, runner: Runner) -> dict[str, Any]:
    """What of a running process tree or container a checkpoint could stumble over."""
    start = time.monotonic()
    mounts: Found = []
    if fields.choice("kind", "container", "process") == "container":
        container = existing(fields.name(), runner)
        root, binds = container.pid, container.host_config.get("Binds") or []
        mounts = [_bind(str(bind)) for bind in binds]
        if not root:
            return {"running": False}
    else:
        root = fields.pid()
    pids = tree.subtree(root)
    if not pids:
        raise NotPossible(f"there is no process {root}", code="workload-absent")
    look = _Look(pids)
    return {
        "running": True,
        "pids": pids,
        **look.told(),
        "mounts": mounts,
        "mapped": _files(tree.mapped_files(pids)),
        "files": _files(tree.open_files(pids)),
        "profile": _profile(root),
        "cpu_flags": _cpu_flags(),
        "took_ms": (time.monotonic() - start) * 1000,
    }


def target_look(fields: Fields, _: Runner) -> dict[str, Any]:
    """Of the target: which of `pids` are taken, its `files`, paths of mounts, profiles, CPU."""
    paths, mounts, pids = fields.paths("files"), fields.paths("mounts"), fields.pids()
    taken = tree.numbers_in_use()
    return {
        "pids_taken": [pid for pid in pids if pid in taken],
        "files": _files([str(path) for path in paths]),
        "mounts_there": {str(one): one.exists() for one in mounts},
        "addresses": local_addresses(),
        "profiles": _profiles(),
        "cpu_flags": _cpu_flags(),
    }


class _Look:
    """One pass over the descriptors of a tree."""

    def __init__(self, pids: list[int]) -> None:
        self.pids = pids
        self.found: dict[str, Found] = {
            name: []
            for name in ("terminals", "locks", "io_uring", "unsupported", "nameless", "traced")
        }
        self.sockets: dict[int, tuple[int, int]] = {}  # inode -> (pid, descriptor)
        self.multipath: Found = []
        self._masters: set[int] = set()
        for pid in pids:
            self._process(pid)

    def told(self) -> dict[str, Any]:
        self.found["terminals"] = [
            one for one in self.found["terminals"] if one.pop("index") not in self._masters
        ]
        shown = {name: found[:MOST] for name, found in self.found.items()}
        return {**shown, **self._network()}

    def _process(self, pid: int) -> None:
        for number, link, info in _descriptors(pid):
            kind = ds.kind_of(link)
            at = {"pid": pid, "fd": number}
            if ds.locks(info):
                self._add("locks", at, path=link)
            if kind == "socket":
                self._socket(pid, number, link)
            elif kind == "anonymous":
                self._anonymous(at, link)
            elif kind == "path":
                self._path(at, link, info)
        if any(ds.IO_URING in line for line in tree.map_text(pid).splitlines()):
            self._add("io_uring", {"pid": pid, "fd": None})
        self._traced(pid)

    def _add(self, name: str, at: Mapping[str, Any], **more: Any) -> None:
        self.found[name].append({**at, **more})

    def _socket(self, pid: int, number: int, link: str) -> None:
        inode = ds.socket_inode(link)
        if inode is not None:
            self.sockets[inode] = (pid, number)
            if _protocol(pid, number) == "MPTCP":
                self.multipath.append({"pid": pid, "fd": number})

    def _anonymous(self, at: Mapping[str, Any], link: str) -> None:
        name = ds.anonymous(link)
        if name == ds.IO_URING:
            self._add("io_uring", at)
        elif name is not None and not ds.is_supported_anonymous(name):
            self._add("unsupported", at, what=name)

    def _path(self, at: Mapping[str, Any], link: str, info: str) -> None:
        with suppress(OSError):
            seen = Path(f"/proc/{at['pid']}/fd/{at['fd']}").stat()
            if stat.S_ISCHR(seen.st_mode):
                self._device(at, link, info, seen.st_rdev)
            path = ds.without_name(link)
            if path is not None and stat.S_ISREG(seen.st_mode):
                size = max(seen.st_size, seen.st_blocks * 512)
                self._add("nameless", at, path=path, bytes=size, links=seen.st_nlink)

    def _device(self, at: Mapping[str, Any], link: str, info: str, rdev: int) -> None:
        numbers = (os.major(rdev), os.minor(rdev))
        if numbers == ds.MULTIPLEXER:
            self._masters.add(ds.terminal_index(info) or 0)
        elif numbers[0] in ds.TERMINAL_MAJORS:
            self._add("terminals", at, path=link, index=numbers[1])
        elif numbers not in ds.DEVICES_KNOWN:
            self._add("unsupported", at, what=link)

    def _traced(self, pid: int) -> None:
        for status in Path(f"/proc/{pid}/task").glob("*/status"):
            tracer = ds.tracers(_text(status))
            if tracer:
                self._add("traced", {"pid": pid}, by=tracer)
                return

    def _network(self) -> dict[str, Any]:
        root = self.pids[0]
        rows = [
            one
            for name in ("tcp", "tcp6")
            for one in ds.parse_tcp(_text(Path(f"/proc/{root}/net/{name}")))
            if one.inode in self.sockets
        ]
        own = _network_of(str(root)) == _network_of("self")
        bound = sorted({one.local for one in rows if not ds.is_any_or_loopback(one.local)})
        return {
            "connections": [_connection(self.sockets[o.inode], o) for o in rows if o.connected][
                :MOST
            ],
            "bound": bound if own else [],
            "multipath": self.multipath[:MOST],
            "outside_sockets": self._outside(root)[:MOST],
        }

    def _outside(self, root: int) -> Found:
        """Unix sockets whose other end no process of the tree has."""
        known = {one.inode: one for one in unix_sockets(root)}
        found: Found = []
        for inode, (pid, number) in self.sockets.items():
            one = known.get(inode)
            if one is not None and one.peer is not None and one.peer not in self.sockets:
                peer = known.get(one.peer)
                name = one.name or (peer.name if peer else "")
                found.append({"pid": pid, "fd": number, "path": name})
        return found


def _network_of(pid: str) -> str | None:
    return tree.link(f"/proc/{pid}/ns/net")


def _connection(place: tuple[int, int], one: ds.TcpSocket) -> dict[str, Any]:
    return {"pid": place[0], "fd": place[1], "port": one.port}


def _descriptors(pid: int) -> Iterator[tuple[int, str, str]]:
    """(number, link, fdinfo) of each; those that are closed meanwhile are left out."""
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            link = tree.link(str(entry))
            if link:
                yield int(entry.name), link, _text(Path(f"/proc/{pid}/fdinfo/{entry.name}"))


def _protocol(pid: int, number: int) -> str:
    try:
        name = os.getxattr(f"/proc/{pid}/fd/{number}", "system.sockprotoname")
    except OSError:
        return ""
    return name.rstrip(b"\0").decode(errors="replace")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _files(paths: list[str]) -> dict[str, dict[str, Any] | None]:
    """Size, mode and build id of each, null where there is none."""
    return {path: _file(Path(path), ids=at < MOST_FILES) for at, path in enumerate(paths)}


def _file(path: Path, *, ids: bool) -> dict[str, Any] | None:
    try:
        seen = path.stat()
        head = b""
        if ids and stat.S_ISREG(seen.st_mode):
            with path.open("rb") as file:
                head = file.read(elf.HEAD_BYTES)
    except OSError:
        return None
    return {"size": seen.st_size, "mode": seen.st_mode, "build_id": elf.build_id(head)}


def _bind(bind: str) -> dict[str, str]:
    source, _, rest = bind.partition(":")
    return {"source": source, "destination": rest.partition(":")[0]}


def _profile(pid: int) -> str:
    """The security module's name for it: `unconfined` where there is none."""
    return _text(Path(f"/proc/{pid}/attr/current")).strip("\0\n ") or "unconfined"


def _profiles() -> list[str] | None:
    """AppArmor's profiles that are loaded; null where there is no AppArmor."""
    listed = _text(Path("/sys/kernel/security/apparmor/profiles"))
    return [line.partition(" (")[0] for line in listed.splitlines()] if listed else None


def _cpu_flags() -> list[str]:
    return ds.cpu_flags(_text(Path("/proc/cpuinfo")))


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "workload_look": workload_look,
    "target_look": target_look,
}
