"""The target's half of a hand-over: armed before the source freezes, it restores on its word.

The source talks to it on one connection (`hand-over`): images and files come over it, then
`restore`, and two answers go back: `resumed` when the tasks run, `restored` when whoever asked
for the restore has ended well. Where pages follow there is a third: `pages` when the last of them
has arrived, or an error when what ran here was ended for want of them.

Anything else that ends the talk before `restore` means that it was never asked; then it releases
what was armed by itself.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError, NotPossible, StepFailed
from . import jobs, lazy, restored, silence, tree
from .channel import send_json
from .containers import existing
from .dumping import explained, stats_of
from .fields import Fields
from .restoring import ContainerRestore, Network, ProcessRestore, Restore, wait_resumed
from .run import Runner
from .stream import Inlet
from .transfer import TALKS, Listener, raise_error_of, told

IMAGES = "images"
LOOK_S = 1.0  # for whether the job was cleaned up by another program
_targets: dict[str, Target] = {}


class Target:
    """One armed restore of a job, and what became of it."""

    def __init__(self, job: str, folder: Path, restore: Restore, limit_s: float) -> None:
        self.job, self.folder, self.restore, self._limit_s = job, folder, restore, limit_s
        self.images, self.work = jobs.memory_folder(job) / IMAGES, folder / "work"
        self.pages: lazy.Pages | None = None  # where pages follow
        self.room = 0  # bytes of memory that are known to come
        self.done = threading.Event()
        self.result: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._asked = self._released = False

    def asked(self) -> bool:
        """Claim the one restore; False when it was released or asked for before."""
        with self._lock:
            if self._released or self._asked:
                return False
            self._asked = True
            return True

    def release(self) -> bool:
        """Let go of what is armed, unless the source has asked already; whether it was so."""
        with self._lock:
            if self._asked:
                return False
            self._released = True
        self.restore.release()
        if self.pages is not None:
            self.pages.close()
        self._end({"error": told(StepFailed("released before it was asked", code="released"))})
        return True

    def _end(self, result: dict[str, Any]) -> None:
        self.result = result
        self.done.set()

    def carry_out(self, ask: Mapping[str, Any], connection: socket.socket, came: int) -> None:
        """Restore, and tell the source; a failure is told when nothing of it runs any more."""
        asked_ns = time.monotonic_ns()
        try:
            resumed_ns = self._resume(ask)
            send_json(connection, {"resumed_ns": resumed_ns})
            self._finish(ask)
        except Exception as error:  # noqa: BLE001  whatever it is: the source must get its answer
            self._failed(error, connection)
            return
        times = {"asked_ns": asked_ns, "resumed_ns": resumed_ns, "bytes": came}
        seen = {**times, "finished_ns": time.monotonic_ns(), **self._figures()}
        _tell(connection, {"restored": seen})
        self._end(
            self._with_pages(seen, connection, self.pages) if self.pages else {"restored": seen}
        )

    def _with_pages(
        self, seen: dict[str, Any], connection: socket.socket, pages: lazy.Pages
    ) -> dict[str, Any]:
        """The result, when the last page has arrived, too; the source is told either way."""
        try:
            arrived = pages.wait(self._limit_s)
            jobs.note(self.folder, pages_done=True)
        except EngineError as error:
            self.end_tasks()
            answer = {"error": told(error)}
            _tell(connection, answer)
            return answer
        finally:
            pages.close()
        _tell(connection, {"pages": arrived})
        return {"restored": {**seen, "pages": arrived}}

    def end_tasks(self) -> None:
        """What was restored runs here no more, in good time before its pages end."""
        if "tasks" in jobs.read(self.folder):
            self.restore.fall_silent()
            restored.end(self.folder)

    def _resume(self, ask: Mapping[str, Any]) -> int:
        pids = [int(pid) for pid in ask.get("pids", [])]
        free = restored.expect(self.folder, pids, durable=False, asked=True)
        if self.pages is not None:
            self.pages.start_daemon(self.images, self.work, self._limit_s)
        self.restore.go(lazy=self.pages is not None)
        resumed_ns = wait_resumed(self.restore, self.work, self._limit_s)
        tasks = restored.found(self.folder, self.restore.tasks(free))
        if self.pages is not None:
            self.pages.watch(tasks)
        return resumed_ns

    def _finish(self, ask: Mapping[str, Any]) -> None:
        try:
            self.restore.finish(self._limit_s)
        except StepFailed as error:
            raise explained(error, self.work / "restore.log", "restore") from None
        pid = self.restore.call.pid
        jobs.note(self.folder, durable=False, restored=pid)
        home = ask.get("home")
        if home and pid:
            (Path(home) / "pid").write_text(str(pid))

    def _figures(self) -> dict[str, Any]:
        stats = stats_of(self.work, "stats-restore")
        log = _text(self.work / "restore.log")
        moments = dict(self.restore.call.moments)
        return {"moments": moments, "stats": stats, "log": log, "pid": self.restore.call.pid}

    def _failed(self, error: Exception, connection: socket.socket) -> None:
        self.restore.end()
        restored.over(self.folder)
        restored.end(self.folder)
        if self.pages is not None:
            self.pages.close()
            why = self.pages.failure(self.work)
            if why and isinstance(error, EngineError):
                error.message = f"{why} — {error.message}"
        jobs.note(self.folder, durable=False, failed=True)
        answer = {"error": told(error)}
        _tell(connection, answer)
        self._end(answer)


def _tell(connection: socket.socket, answer: Mapping[str, Any]) -> None:
    try:
        send_json(connection, answer)
    except OSError:
        return  # the source will be told by settlement: what is true here is on the disk


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def hand_over_arm(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Bring the job's restore to where only the image is missing; start_ns, end_ns, `network`.

    network: the target has one ready, and the source is not to dump its own.

    Raises StepFailed with code `arm-failed`; then nothing waits here.
    """
    job, folder = fields.job(), jobs.open_folder(fields.job_folder())
    images = jobs.memory_folder(job) / IMAGES
    images.mkdir(mode=0o700, exist_ok=True)
    start_ns = time.monotonic_ns()
    jobs.note(folder, hand_over="target", images_in=str(images), keeper=tree.identity(os.getpid()))
    target = Target(job, folder, _restore(fields, images, folder / "work"), fields.seconds())
    if fields.flag("lazy"):
        target.pages = lazy.Pages(job, target.end_tasks)
    target.room = fields.integer("room", 0, 2**50) if fields.has("room") else 0
    _targets[job] = target
    try:
        network = target.restore.arm(fields.seconds())
    except EngineError as error:
        target.release()
        error.code = "arm-failed"
        raise
    return {"start_ns": start_ns, "end_ns": time.monotonic_ns(), "network": network}


def _restore(fields: Fields, images: Path, work: Path) -> Restore:
    if fields.choice("kind", "container", "process") == "process":
        restore = ProcessRestore(images, work)
        jobs.note(fields.job_folder(), restoring=tree.identity(restore.criu_pid))
        return restore
    descriptors = fields.strings("descriptors")
    (images / "descriptors.json").write_text(json.dumps(descriptors))
    made = jobs.read(fields.job_folder())["target_container"]
    silent = fields.job() if fields.flag("silent") else None
    connections = fields.flag("connections")
    late = tuple(fields.addresses("late")) if connections and fields.has("late") else ()
    network = Network(connections=connections, silent=silent, late=late)
    return ContainerRestore(fields.name(), made, images, work, network)


def hand_over_receive(fields: Fields, _: Runner) -> dict[str, Any]:
    """Wait until the armed restore has been carried out, or was released.

    It keeps this program alive when the controller is gone, until the job came to its end over
    another session: then nobody will ask any more. Raises StepFailed as the restore did.
    """
    target = _targets.get(fields.job())
    if target is None:
        raise NotPossible("nothing is armed for this job here", code="bad-request")
    while not target.done.wait(LOOK_S):
        if not target.folder.exists():
            target.release()
    raise_error_of(target.result)
    return dict(target.result["restored"])


def hand_over_release(fields: Fields, _: Runner) -> dict[str, Any]:
    """`released`: whether something was armed here by this program and had not been asked."""
    target = _targets.pop(fields.job(), None)
    return {"released": target is not None and target.release()}


def _talk(listener: Listener, item: Mapping[str, Any], connection: socket.socket) -> None:
    """The hand-over's talk with the source; see the module's head."""
    target = _targets.get(listener.folder.name)
    if target is None:
        send_json(connection, {"error": {"code": "arm-failed", "message": "nothing is armed"}})
        return
    inlet = Inlet(connection, target.images.parent, listener.allowed, str(item["compression"]))
    if target.room:
        inlet.make_room(target.room)
    send_json(connection, {"ready": True})
    try:
        for message in inlet.messages():
            if "restore" in message and target.asked():
                inlet.close()
                target.carry_out(message["restore"], connection, inlet.count)
                return
    except (OSError, EngineError) as error:
        _tell(connection, {"error": told(error)})
    target.release()


def _talk_round(listener: Listener, item: Mapping[str, Any], connection: socket.socket) -> None:
    """One pre-copy round: images into a folder of their own, answered when all are there."""
    root = jobs.memory_folder(listener.folder.name)
    inlet = Inlet(connection, root, (), str(item["compression"]))
    try:
        for message in inlet.messages():
            if "end" in message:
                send_json(connection, {"bytes": inlet.count})
                return
    except (OSError, EngineError) as error:
        _tell(connection, {"error": told(error)})


def _talk_pages(listener: Listener, item: Mapping[str, Any], connection: socket.socket) -> None:
    """The pages that follow come over a connection of their own."""
    target = _targets.get(listener.folder.name)
    if target is not None and target.pages is not None:
        target.pages.relay(connection, str(item["compression"]))


TALKS["hand-over"] = _talk
TALKS["round"] = _talk_round
TALKS["pages"] = _talk_pages


def container_announce(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Tell the network that a container's addresses are here now; `addresses`."""
    pid = existing(fields.name(), runner).pid
    known = pid and silence.is_own(pid)
    return {"addresses": silence.announce(silence.of_process(pid)) if known else []}


def hand_over_keep(fields: Fields, _: Runner) -> dict[str, Any]:
    """Keep what was restored from, on the disk: `path` and `bytes`."""
    job = fields.job()
    kept = fields.kept / job
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copytree(jobs.memory_folder(job), kept, symlinks=True, dirs_exist_ok=True)
    kept.chmod(0o700)
    size = sum(file.lstat().st_size for file in kept.rglob("*") if file.is_file())
    return {"path": str(kept), "bytes": size}


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "container_announce": container_announce,
    "hand_over_arm": hand_over_arm,
    "hand_over_keep": hand_over_keep,
    "hand_over_receive": hand_over_receive,
    "hand_over_release": hand_over_release,
}
