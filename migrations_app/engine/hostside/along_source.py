"""What goes along with a container, on its source: found, sent ahead, and sent again at the end.

A tree is the container's writable layer (`root`), or a volume (`volume:NAME`). Where they lie is
found here, by what Docker and the kernel say; nobody tells this program a path to read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError, StepFailed
from ..tools import docker, docker_create, mounts
from . import jobs, transfer, tree
from .channel import receive_json
from .containers import docker_root, existing
from .fields import Fields
from .filesend import Sent, TreeSender
from .filetree import open_folder, scan
from .history import LOG, LogSent, keeps_lines, log_path
from .run import Runner
from .stream import Outlet
from .volumes import existing as existing_volume
from .volumes import is_anonymous, plain

ROOT, VOLUME = "root", "volume:"
_sent: dict[str, dict[str, Sent]] = {}  # by job and tree
_logs: dict[str, LogSent] = {}  # by job
_lock = threading.Lock()


def along_look(fields: Fields, runner: Runner) -> dict[str, Any]:
    """What belongs to a container besides its memory: `trees` with files and bytes each,
    `volumes` (`anonymous`, `plain`, `shared_with`), `log_driver`, `image_bytes`.

    `root` is null among the trees where the storage driver's writable layer is not found.
    """
    container, folder = existing(fields.name(), runner), fields.job_folder()
    volumes = docker_create.volumes(container)
    places = {f"{VOLUME}{name}": existing_volume(name, runner)["Mountpoint"] for name in volumes}
    upper = upper_dir(container)
    trees = {**({ROOT: upper} if upper else {}), **places}
    inside = {
        f"{VOLUME}{one['Name']}" if one["Type"] == "volume" else "": one["Destination"]
        for one in container.mounts
    }
    log = log_path(docker_root(), container.id) if keeps_lines(container.host_config) else None
    jobs.note(
        folder,
        trees=trees,
        inside=inside,
        along_pid=container.pid,
        volumes_sent=volumes,
        log=None if log is None else str(log),
    )
    return {
        "trees": {name: _counted(place) for name, place in trees.items()},
        "volumes": {name: _volume(name, container, runner) for name in volumes},
        "log_driver": (container.host_config.get("LogConfig") or {}).get("Type"),
        "image_bytes": _image_bytes(container.image_id, runner),
    }


def upper_dir(container: docker.Container) -> str | None:
    """Its writable layer: as the storage driver tells, or by the mount table of its root."""
    if container.upper_dir:
        return container.upper_dir
    try:
        table = Path(f"/proc/{container.pid}/mountinfo").read_text()
    except OSError:
        return None
    return mounts.upper_of(mounts.parse_mounts(table))


def _counted(place: str) -> dict[str, int]:
    root = open_folder(place)
    found = scan(root, {})
    return {"files": len(found) - 1, "bytes": sum(entry.size for entry in found.values())}


def _volume(name: str, container: docker.Container, runner: Runner) -> dict[str, Any]:
    volume = existing_volume(name, runner)
    argv = ["docker", "ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"]
    users = runner([*argv, "--filter", f"volume={name}"], quiet=True).out.splitlines()
    others = [line.split(" ", 1)[1] for line in users if not line.startswith(container.id)]
    return {"anonymous": is_anonymous(volume), "plain": plain(volume), "shared_with": others}


def _image_bytes(image: str, runner: Runner) -> int | None:
    ran = runner(docker.image_size_argv(image), check=False, quiet=True)
    return int(ran.out) if ran.status == 0 and ran.out.strip().isdigit() else None


class Pass:
    """One pass over some trees, on a connection of its own."""

    def __init__(self, fields: Fields, *, still: bool) -> None:
        self._fields, self._still = fields, still
        self._journal = jobs.read(fields.job_folder())
        self._names = fields.strings("trees")
        self._link = transfer.connect(fields, "along")
        self.seen: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """Send, and wait until the target has it all in its places; see `seen`."""
        try:
            with self._link:
                return self._run()
        except (OSError, EngineError) as error:
            if isinstance(error, EngineError) and error.code != "channel-broken":
                raise
            message = f"the way to the target broke: {error}"
            raise StepFailed(message, code="transfer-failed") from error

    def close(self) -> None:
        self._link.close()

    def _run(self) -> dict[str, Any]:
        start_ns = time.monotonic_ns()
        fields = self._fields
        outlet = Outlet(self._link, transfer.compression(fields), transfer.pace(fields))
        mapped = self._mapped()
        trees, checks = {}, {}
        for name in self._names:
            if name == LOG:
                checks[LOG] = self._send_log(outlet)
                continue
            sent = self._tree(name)
            sender = TreeSender(outlet, name, sent, mapped.get(name, ()))
            sender.run(still=self._still)
            trees[name] = {"files": len(sent.entries) - 1, "changed": sent.changed}
            trees[name]["bytes"] = sent.bytes
            checks[name] = sender.summary()
        outlet.say({"end": checks})
        answer = receive_json(self._link)
        transfer.raise_error_of(answer)
        self.seen = {"start_ns": start_ns, "end_ns": time.monotonic_ns()}
        self.seen |= {"bytes": outlet.count, "trees": trees}
        if LOG in self._names:
            told = _logs[fields.job()].told()
            whole = told["drained"] and not answer.get("log_lost")
            self.seen[LOG] = {**told, "drained": whole}
        return self.seen

    def _send_log(self, outlet: Outlet) -> str:
        """What the target lacks of the log; the checksum of all of it."""
        path, job = self._journal.get("log"), self._fields.job()
        if path is None:
            raise StepFailed("there is no log to send", code="bad-request")
        fresh = job not in _logs
        log = _logs.setdefault(job, LogSent(Path(path), self._journal["along_pid"]))
        try:
            log.send(outlet, still=self._still, fresh=fresh)
        except OSError as error:
            raise StepFailed(f"the log cannot be read: {error}", code="files-failed") from error
        return str(log.checksum.hexdigest())

    def _tree(self, name: str) -> Sent:
        place = self._journal.get("trees", {}).get(name)
        if place is None:
            raise StepFailed(f"{name} is no tree of this container", code="bad-request")
        with _lock:
            return _sent.setdefault(self._fields.job(), {}).setdefault(name, Sent(Path(place)))

    def _mapped(self) -> dict[str, set[str]]:
        """Files that tasks write through memory: their time stamps say nothing."""
        found: dict[str, set[str]] = {}
        for pid in tree.subtree(self._journal.get("along_pid", 0)):
            for path in mounts.parse_written_through_memory(tree.map_text(pid)):
                where = mounts.tree_of(path, self._journal.get("inside", {}))
                if where:
                    found.setdefault(where[0], set()).add(where[1])
        return found


def along_send(fields: Fields, _: Runner) -> dict[str, Any]:
    """One pass over `trees`; still: nobody writes any more. start_ns, end_ns, bytes, trees."""
    return Pass(fields, still=fields.flag("still")).run()


class LastPass:
    """The pass of a hand-over: connected before the freeze, run beside the dump."""

    def __init__(self, fields: Fields) -> None:
        self._pass = Pass(fields, still=True) if fields.has("trees") else None
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    def start(self) -> None:
        """When all stand still."""
        if self._pass is not None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        assert self._pass is not None
        try:
            self._pass.run()
        except Exception as error:  # noqa: BLE001  told in the caller's thread
            self._error = error

    def finish(self) -> dict[str, Any] | None:
        """Wait for its end; what was seen, None when nothing goes along. Raises its error."""
        if self._pass is None or self._thread is None:
            return None
        self._thread.join()
        if self._error:
            raise self._error
        return self._pass.seen

    def close(self) -> None:
        if self._pass is not None:
            self._pass.close()


def forget(job: str) -> None:
    """At clean-up: what was remembered of its trees."""
    with _lock:
        _sent.pop(job, None)
        _logs.pop(job, None)


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "along_look": along_look,
    "along_send": along_send,
}
