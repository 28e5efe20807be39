"""The source's dump of a hand-over, ready before the freeze: containers by runc, processes by us.

Both leave the workload standing still: a container by its frozen control group, a process
stopped. `thaw` is the way back, in a millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..errors import NotPossible, StepFailed
from ..tools import criu, criu_rpc, procfs, runc
from . import calls, silence, tree
from .bundle_network import external_option
from .calls import CriuCall, HeldCall, OwnCall
from .freezer import Freezer
from .run import Runner
from .watch import stopped_probe

LOG_LEVEL = 2  # errors and warnings: every line more costs time while the workload stands still
_LOOK_S = 0.0003


@dataclass(frozen=True)
class DumpOptions:
    """What CRIU is told beyond the kind's own."""

    lazy_port: int | None = None  # pages stay here and are served on this port of loopback
    parent: str | None = None  # folder of the images before, relative to these
    track_memory: bool = False
    pre_dump: bool = False  # memory only, and the workload goes on
    network: bool = True  # of a container: dumped with it; the target may have its own
    connections: bool = False  # open TCP connections go along
    silent: str | None = None  # of a container: its network falls silent, by this job's name
    adapts: Mapping[str, int | bool] = field(default_factory=dict)  # Fields.adapts

    def common(self) -> bytes:
        """As CRIU's options. It never locks the network: where that is needed, we do."""
        values: dict[str, int | bool | str] = {
            "log_level": LOG_LEVEL,
            "network_lock": criu_rpc.SKIP_NETWORK_LOCK,
            **self.adapts,
        }
        if self.connections:
            values["tcp_established"] = True
        if self.track_memory or self.pre_dump:
            values["track_mem"] = True
        if self.parent:
            values["parent_img"] = self.parent
        if self.lazy_port is None:
            return criu_rpc.options(values)
        values["lazy_pages"] = True
        return criu_rpc.options(values, page_server=("127.0.0.1", self.lazy_port))


class Dump(Protocol):
    complete: str  # the step at which the image is whole, but for pages that follow

    @property
    def call(self) -> CriuCall: ...

    def ready(self, limit_s: float) -> None:
        """CRIU waits for the word when this returns; the workload runs."""

    def go(self, limit_s: float) -> int:
        """Freeze and dump; the moment when all stood still, monotonic nanoseconds."""

    def hold(self, pids: list[int]) -> None:
        """From now on it stands still whatever becomes of CRIU; `pids`: of its tasks."""

    def thaw(self) -> None: ...

    def close(self) -> None: ...


class ContainerDump:
    def __init__(self, container: str, pid: int, images: Path, work: Path, options: DumpOptions):
        self._options, self.container = options, container
        self._argv = _checkpoint_argv(container, images, work, options)
        self._external = () if options.network else external_option(pid)
        self.freezer = Freezer(pid)
        self._namespace = silence.of_process(pid)
        self.call = HeldCall(work / "held")
        self.complete = _complete(options)

    def ready(self, limit_s: float) -> None:
        self.call.start(self._argv, held=True)
        try:
            self.call.wait_armed(limit_s)
        except StepFailed as error:
            error.code = "dump-failed"
            raise

    def go(self, limit_s: float) -> int:
        frozen_ns = self.freezer.freeze()
        if self._options.silent:
            must = self._options.connections
            silence.silence(self._namespace, self._options.silent, Runner(), must=must)
        external = criu_rpc.options({}, external=self._external)
        self.call.go(self._options.common() + external)
        return frozen_ns

    def hold(self, pids: list[int]) -> None:
        """Its group is frozen."""

    def thaw(self) -> None:
        """Heard again before it runs: what it sends then must not be lost."""
        if self._options.silent:
            silence.be_heard(self._namespace, self._options.silent, Runner(), must=False)
        self.freezer.thaw()

    def close(self) -> None:
        self.call.close()


class ProcessDump:
    def __init__(self, pid: int, images: Path, work: Path, options: DumpOptions, *, stays: bool):
        self._pid, self._options = pid, options
        kind = criu_rpc.SINGLE_PRE_DUMP if options.pre_dump else criu_rpc.DUMP
        self.call = OwnCall(kind, images, work, "dump.log")
        self._leave = "leave_running" if stays else "leave_stopped"
        self.complete = _complete(options)

    @property
    def criu_pid(self) -> int:
        return self.call.child.pid

    def ready(self, limit_s: float) -> None:
        """CRIU is up since this was made."""

    def go(self, limit_s: float) -> int:
        own = criu_rpc.options({"pid": self._pid, self._leave: True})
        self.call.go(own + self._options.common())
        return self._watch_freeze(limit_s)

    def _watch_freeze(self, limit_s: float) -> int:
        """CRIU says `network-lock` when all stand still; the first of them is seen before."""
        held, deadline = stopped_probe(self._pid), time.monotonic() + limit_s
        while not (self.call.happened(calls.FROZEN) or self.call.ended):
            if held():
                return time.monotonic_ns()
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK_S)
        return self.call.wait_for(calls.FROZEN, limit_s)

    def hold(self, pids: list[int]) -> None:
        """A CRIU that fails lets its tasks go on, one that is killed does so, too."""
        tree.keep_stopped(pids)

    def thaw(self) -> None:
        tree.let_continue(procfs.tree_of(self._pid, tree.parents()))

    def close(self) -> None:
        self.call.close()


def _complete(options: DumpOptions) -> str:
    return calls.COMPLETE if options.lazy_port is None else calls.LAZY_READY


def runtime_root(container: str) -> Path:
    """Where runc keeps this container, whatever name its runtime has in Docker.

    Raises NotPossible with code `container-runtime-unknown`.
    """
    for state in Path("/run/docker").glob(f"runtime-*/moby/{container}/state.json"):
        return state.parent.parent
    message = "the container does not run under runc, which alone can be asked to checkpoint it"
    raise NotPossible(message, code="container-runtime-unknown")


def _checkpoint_argv(container: str, images: Path, work: Path, options: DumpOptions) -> list[str]:
    flags = ["--pre-dump"] if options.pre_dump else ["--leave-running"]
    root = str(runtime_root(container))
    return runc.checkpoint_argv(root, container, str(images), str(work), flags)


def explained(error: StepFailed, log: Path, step: str) -> StepFailed:
    """CRIU's first error line comes first, and its log goes along."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        text = ""
    first = criu.first_error(text)
    if first:
        error.message = f"{first} — {error.message}"
        error.log_excerpt = criu.excerpt(text)
    if text:
        error.log = {"name": f"{step}.log", "text": text[-60_000:], "truncated": len(text) > 60_000}
    if error.code in ("criu-failed", "step-failed"):
        error.code = f"{step}-failed"
    elif error.code == "criu-timed-out":
        error.code = f"{step}-timed-out"
    return error


def stats_of(work: Path, name: str) -> Mapping[str, int]:
    """CRIU's numbers of a call that has ended; empty when there are none."""
    try:
        return criu.parse_stats((work / name).read_bytes())
    except OSError:
        return {}
