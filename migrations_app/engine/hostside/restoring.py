"""The target's restore of a hand-over, brought to where only the image is missing.

For a container Docker itself is on its way: `docker start` has called our runtime, that called
runc, and the criu there waits for the word. For a process CRIU is up and waits.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path
from typing import Any, Protocol

from ..errors import EngineError, StepFailed
from ..tools import criu_rpc, runc
from . import runtime, tree
from .bundle_network import become_own
from .calls import RESUMED, CriuCall, HeldCall, OwnCall
from .dumping import LOG_LEVEL, explained

_TIDIES_S = 5.0


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

    def end(self) -> None:
        """After the word: what restores, and what was restored, is gone when this returns."""


def _options(*, lazy: bool) -> dict[str, int | bool | str]:
    common: dict[str, int | bool | str] = {
        "log_level": LOG_LEVEL,
        "network_lock": criu_rpc.SKIP_NETWORK_LOCK,
    }
    return {**common, "lazy_pages": True} if lazy else common


class ContainerRestore:
    def __init__(self, name: str, container: str, images: Path, work: Path) -> None:
        self._name, self._images, self._work = name, images, work
        self._armed = runtime.ARMED / container
        self.call = HeldCall(work / "held")

    def arm(self, limit_s: float) -> bool:
        self._armed.mkdir(mode=0o700, parents=True, exist_ok=True)
        arguments = runc.restore_arguments(str(self._images), str(self._work))
        (self._armed / "restore").write_text("".join(f"{one}\n" for one in arguments))
        pairs = self.call.environment().items()
        (self._armed / "environment").write_text("".join(f"{k}={v}\n" for k, v in pairs))
        self.call.start(["docker", "start", self._name], held=False)
        self.call.wait_armed(limit_s)
        return bool((self._armed / "network").read_text().strip())

    def go(self, *, lazy: bool) -> None:
        self.call.go(criu_rpc.options(_options(lazy=lazy)))

    def finish(self, limit_s: float) -> None:
        self.call.wait_for_child(limit_s)
        become_own(self._armed.name)
        self._forget()

    def release(self) -> None:
        self.call.close()
        child = self.call.child
        if child is not None:
            with contextlib.suppress(EngineError):
                child.wait(10)  # Docker's lock on the container goes with it
        self._forget()

    def end(self) -> None:
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
