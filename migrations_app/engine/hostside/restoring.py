"""The target's restore of a hand-over, brought to where only the image is missing.

For a container Docker itself is on its way: `docker start` has called our runtime, that called
runc, and the criu there waits for the word. For a process CRIU is up and waits.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import EngineError, StepFailed
from ..tools import criu_rpc, runc
from . import late_network, runtime, silence, tree
from .bundle_network import CONNECTIONS, SILENT, become_own
from .calls import RESTORED, RESUMED, CriuCall, HeldCall, OwnCall
from .dumping import LOG_LEVEL, explained
from .run import Runner

_TIDIES_S = 5.0
ATTACH_S = 20.0  # for Docker to attach a network


class Restore(Protocol):
    @property
    def call(self) -> CriuCall: ...

    def arm(self, limit_s: float) -> bool:
        """When this returns, nothing is missing but the image; whether its network is there."""

    def go(self, *, lazy: bool) -> None: ...

    def finish(self, limit_s: float) -> None:
        """After the tasks run: until whoever called has got its answer."""

    def release(self) -> None:
        """Whoever waits gets an answer. Fine at any time, also twice."""

    def fall_silent(self) -> None:
        """Before what was restored is ended; fine at any time."""

    def tasks(self, pids: list[int]) -> list[int]:
        """Once they run: what the restore brought, here; `pids` are the source's."""

    def end(self) -> None:
        """After the word: what restores, and what was restored, is gone when this returns."""


@dataclass(frozen=True)
class Network:
    """What a restore is to do about it."""

    connections: bool = False  # open TCP connections come along
    silent: str | None = None  # the job by whose name it is silent until the workload runs
    late: tuple[
        str, ...
    ] = ()  # its addresses, where connections need them before Docker gives them


def _options(*, lazy: bool, connections: bool = False) -> dict[str, int | bool | str]:
    common: dict[str, int | bool | str] = {
        "log_level": LOG_LEVEL,
        "network_lock": criu_rpc.SKIP_NETWORK_LOCK,
        "file_locks": True,  # those that the image has; nothing without any
    }
    if connections:
        common["tcp_established"] = True
    return {**common, "lazy_pages": True} if lazy else common


class ContainerRestore:
    def __init__(
        self, name: str, container: str, images: Path, work: Path, network: Network
    ) -> None:
        self._network, self._namespace = network, ""  # its file, where it is there beforehand
        self._heard = False
        self._meeting: late_network.Meeting | None = None
        self._name, self._images, self._work = name, images, work
        self._armed = runtime.ARMED / container
        self.call = HeldCall(work / "held")

    def arm(self, limit_s: float) -> bool:
        self._armed.mkdir(mode=0o700, parents=True, exist_ok=True)
        arguments = runc.restore_arguments(str(self._images), str(self._work))
        (self._armed / "restore").write_text("".join(f"{one}\n" for one in arguments))
        pairs = {**self.call.environment(), **self._told()}.items()
        (self._armed / "environment").write_text("".join(f"{k}={v}\n" for k, v in pairs))
        self.call.start(["docker", "start", self._name], held=False)
        self.call.wait_armed(limit_s)
        self._namespace = (self._armed / "network").read_text().strip()
        return bool(self._namespace)

    def _told(self) -> dict[str, str]:
        """What our runtime has to know of the network; the fifos are there before it runs."""
        if self._network.late:
            self._meeting = late_network.Meeting(self._armed)
        late = " ".join(self._network.late)
        return {
            SILENT: self._network.silent or "",
            CONNECTIONS: "yes" if self._network.connections else "",
            late_network.ADDRESSES: late,
        }

    def go(self, *, lazy: bool) -> None:
        options = _options(lazy=lazy, connections=self._network.connections)
        waits = {RESTORED: self._be_heard} if self._namespace and self._network.silent else {}
        self.call.go(criu_rpc.options(options), waits=waits)

    def _be_heard(self) -> None:
        """Its sockets come to life next: the network is told first where its address is now."""
        assert self._network.silent
        if self._meeting is not None:
            assert self.call.pid is not None
            self._meeting.attach(self.call.pid, ATTACH_S)
            late_network.take_stand_in(self._namespace, self._network.late)
        self._heard = True
        must = self._network.connections
        silence.be_heard(self._namespace, self._network.silent, Runner(), must=must)

    def fall_silent(self) -> None:
        """Before its tasks are ended: no peer is to hear that their connections ended."""
        if self._heard and self._network.silent:
            silence.silence(self._namespace, self._network.silent, Runner(), must=False)

    def finish(self, limit_s: float) -> None:
        self.call.wait_for_child(limit_s)
        if self._network.silent and not self._heard and self.call.pid:
            silence.announce_quietly(
                silence.of_process(self.call.pid)
            )  # attached by Docker just now
        become_own(self._armed.name)
        self._forget()

    def tasks(self, pids: list[int]) -> list[int]:
        """The first of its pid namespace: with it go all."""
        return [self.call.pid] if self.call.pid else []

    def release(self) -> None:
        self.call.close()
        child = self.call.child
        if child is not None:
            with contextlib.suppress(EngineError):
                child.wait(10)  # Docker's lock on the container goes with it
        self._forget()

    def end(self) -> None:
        self.fall_silent()
        child = self.call.child
        if child is not None and self.call.ended:
            with contextlib.suppress(EngineError):
                child.wait(_TIDIES_S)  # runc and Docker clear away what they had begun
        if child is not None and child.running():
            tree.kill_all_naming(["restore", self._armed.name])
            if self.call.pid:
                tree.kill([self.call.pid])  # the first of its pid namespace: all go with it
        tree.kill_all_naming([str(self._work / "held")])  # the shim, should it hang
        self.release()

    def _forget(self) -> None:
        if self._meeting is not None:
            self._meeting.close()
            self._meeting = None
        late_network.forget(self._armed)
        shutil.rmtree(self._armed, ignore_errors=True)


class ProcessRestore:
    def __init__(self, images: Path, work: Path) -> None:
        self._work = work
        self.call = OwnCall(criu_rpc.RESTORE, images, work, "restore.log")

    @property
    def criu_pid(self) -> int:
        return self.call.child.pid

    def arm(self, limit_s: float) -> bool:
        """CRIU is up since this was made."""
        return False

    def go(self, *, lazy: bool) -> None:
        self.call.go(criu_rpc.options(_options(lazy=lazy)))

    def finish(self, limit_s: float) -> None:
        self.call.wait_for_end(limit_s)
        self.call.close()  # the session may go on for long, and a folder that is open stays

    def fall_silent(self) -> None:
        """It has no network of its own."""

    def tasks(self, pids: list[int]) -> list[int]:
        return pids

    def release(self) -> None:
        self.call.close()

    def end(self) -> None:
        tree.kill(tree.subtree(self.criu_pid))  # what it has restored is the caller's to end
        self.release()


def wait_resumed(restore: Restore, work: Path, limit_s: float) -> int:
    """The moment when the tasks ran again. Raises StepFailed or StepTimedOut with CRIU's words."""
    try:
        return restore.call.wait_for(RESUMED, limit_s)
    except StepFailed as error:
        time.sleep(0)  # the child's own words may come a moment after CRIU's
        raise explained(error, work / "restore.log", "restore") from None


def facts_of(restore: Restore) -> dict[str, Any]:
    """Moments of the restore, by CRIU's names."""
    return {"moments": dict(restore.call.moments), "pid": restore.call.pid}
