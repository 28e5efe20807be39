"""A call of CRIU that is ready before it may begin: all before the word is out of the way.

`OwnCall` is CRIU called by us (processes), `HeldCall` is CRIU called by runc, ours or Docker's
(containers), with criu_shim between them. Both tell the same: the moment of each step by the
name that CRIU gives it, on this host's monotonic clock, and how it ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError, StepFailed, StepTimedOut
from ..tools import criu, criu_rpc
from . import criu_shim, tree
from .run import Child, start_beside

# Steps as CRIU names them.
FROZEN, COMPLETE, LAZY_READY = "network-lock", "post-dump", "status-ready"
RESUMED = "post-resume"
RESTORED = "post-restore"  # all is there, but no socket lives yet and no task runs


class CriuCall:
    """What both have: moments by name, the end, and waiting for them."""

    def __init__(self) -> None:
        self.moments: dict[str, int] = {}
        self.ended = False
        self.success = False
        self.error: str | None = None
        self.pid: int | None = None
        self._changed = threading.Condition()
        self._listeners: list[Callable[[str], None]] = []

    def happened(self, name: str) -> bool:
        return name in self.moments

    def wait_for(self, name: str, limit_s: float) -> int:
        """The moment of a step. Raises StepFailed when the call ended before, StepTimedOut."""
        with self._changed:
            self._changed.wait_for(lambda: name in self.moments or self.ended, limit_s)
            if name in self.moments:
                return self.moments[name]
            if self.ended:
                raise StepFailed(self.error or f"CRIU ended before {name}", code="criu-failed")
        raise StepTimedOut(f"CRIU did not reach {name} in {limit_s:.0f} s", code="criu-timed-out")

    def wait_for_end(self, limit_s: float) -> None:
        """Until CRIU has answered. Raises StepFailed when it failed, StepTimedOut."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended, limit_s)
        if not self.ended:
            raise StepTimedOut(f"CRIU did not end in {limit_s:.0f} s", code="criu-timed-out")
        if not self.success:
            raise StepFailed(self.error or "CRIU failed", code="criu-failed")

    def pause(self, seconds: float) -> None:
        """Until something happens, or so long."""
        with self._changed:
            if not self.ended:
                self._changed.wait(seconds)

    def kill(self) -> None:
        """End what does not end by itself: the last resort before the workload is let go."""

    def _step(self, name: str, ns: int) -> None:
        with self._changed:
            self.moments.setdefault(name, ns)
            self._changed.notify_all()

    def _end(self, success: bool, error: str | None) -> None:
        with self._changed:
            if not self.ended:
                # What CRIU calls its first error may be one that is the cause of nothing.
                said = error if error and not any(one in error for one in criu.HARMLESS) else None
                self.ended, self.success, self.error = True, success, said
            self._changed.notify_all()


class OwnCall(CriuCall):
    """`criu swrk` of our own; it is up and waits when this is made."""

    def __init__(self, kind: int, images: Path, work: Path, log: str) -> None:
        super().__init__()
        self._kind, self._log = kind, log
        self._folders = [os.open(folder, os.O_RDONLY) for folder in (images, work)]
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = ["criu", "swrk", str(theirs.fileno())]
            self.child = start_beside(argv, keep=(theirs.fileno(),))

    def go(self, options: bytes) -> None:
        images, work = self._folders
        own = criu_rpc.options(
            {
                "images_dir_fd": images,
                "work_dir_fd": work,
                "log_file": self._log,
                "notify_scripts": True,
            }
        )
        self.moments["go"] = time.monotonic_ns()
        self._socket.send(criu_rpc.request(self._kind, own + options))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while not self.ended:
                self._take(criu_rpc.parse_response(self._socket.recv(criu_rpc.LONGEST)))
        except (OSError, ValueError) as error:
            self._end(False, f"CRIU ended without an answer: {error}")

    def _take(self, response: criu_rpc.Response) -> None:
        now = time.monotonic_ns()
        if response.kind == criu_rpc.NOTIFY:
            if response.script == COMPLETE:
                self._step(COMPLETE, now)
            self._socket.send(criu_rpc.acknowledged())
            self._step(response.script or "", now)
            return
        if response.kind == 0:
            raise ValueError("an empty message")
        self.pid = response.pid
        self._end(response.success, response.error)

    def kill(self) -> None:
        self.child.kill()

    def close(self) -> None:
        """Without the word CRIU ends when its socket closes; after it, its work goes on."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for descriptor in self._folders:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._folders = []
        self._end(False, "released")


def archive() -> str:
    """The file that this program runs from."""
    return str(Path(sys.argv[0]).resolve())


class HeldCall(CriuCall):
    """A program that calls runc, which calls CRIU, which waits."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_shim()
        self._path = folder / "control"
        self._path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self._path))
        self._server.listen(1)
        self._control: socket.socket | None = None
        self._waits: dict[str, Callable[[], None]] = {}
        self.child: Child | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def _write_shim(self) -> None:
        shim = self._folder / "bin" / "criu"
        shim.parent.mkdir(mode=0o700, exist_ok=True)
        shim.write_text(criu_shim.script(archive()))
        shim.chmod(0o700)

    def environment(self) -> dict[str, str]:
        """For the runc that is to be held."""
        real = shutil.which("criu")
        if real is None:
            raise StepFailed("criu is not installed", code="program-missing")
        path = f"{self._folder / 'bin'}:{os.environ.get('PATH', os.defpath)}"
        return {
            criu_shim.CONTROL: str(self._path),
            criu_shim.REAL: real,
            "MIGRATION_LAB_ARCHIVE": archive(),
            "PATH": path,
        }

    def start(self, argv: list[str], *, held: bool) -> None:
        """Start the program; `held`: it is the runc itself, and not Docker's command line."""
        self.child = start_beside(argv, environment=self.environment() if held else None)
        threading.Thread(target=self._watch_child, daemon=True).start()

    def _watch_child(self) -> None:
        assert self.child is not None
        status = self.child.wait()
        if status != 0:
            self._end(False, self.child.words() or f"exit status {status}")

    def wait_armed(self, limit_s: float) -> None:
        """Until CRIU waits for the word. Raises StepFailed, StepTimedOut with `arm-failed`."""
        try:
            self.wait_for("armed", limit_s)
        except EngineError as error:
            error.code = "arm-failed"
            raise

    def go(self, options: bytes, *, waits: Mapping[str, Callable[[], None]] | None = None) -> None:
        """`waits`: what to do, by the name of the step, before CRIU goes on from there."""
        assert self._control is not None
        self._waits = dict(waits or {})
        self.moments["go"] = time.monotonic_ns()
        self._say({"options": options.hex(), "waits": list(self._waits)})

    def _say(self, what: dict[str, Any]) -> None:
        assert self._control is not None
        self._control.sendall(json.dumps(what).encode() + b"\n")

    def wait_for_child(self, limit_s: float) -> None:
        """Until the program itself has ended well."""
        assert self.child is not None
        if self.child.wait(limit_s) != 0:
            raise StepFailed(self.child.words() or "it failed", code="criu-failed")

    def _listen(self) -> None:
        try:
            control, _ = self._server.accept()
        except OSError:
            return
        self._control = control
        with control.makefile("r") as lines:
            for line in lines:
                self._hear(json.loads(line))
        if not self.ended:
            self._end(False, "CRIU ended without an answer")

    def _hear(self, what: dict[str, Any]) -> None:
        if what.get("end"):
            self._end(bool(what["success"]), what["error"])
        else:
            self.pid = what.get("pid") or self.pid
            self._step("armed" if "armed" in what else str(what["event"]), what["ns"])
            self._do_before(str(what.get("event")))

    def _do_before(self, step: str) -> None:
        """When it fails the word is not given: CRIU ends, and says so."""
        if step not in self._waits:
            return
        try:
            self._waits[step]()
        except EngineError as error:
            self._end(False, error.message)
            self.close()
            return
        self._say({})

    def kill(self) -> None:
        if self.child is not None:
            tree.kill(tree.subtree(self.child.pid))

    def close(self) -> None:
        """Before the word this releases whoever waits, with an error; fine at any time."""
        for one in (self._control, self._server):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._end(False, "released")
