"""Takes back what a step of preparing wrote: that alone, and what stood there before comes back.

What somebody changed in a file since then stays. Packages stay as well: something else may need
them by now.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from ..tools import docker, preparing
from . import runtime
from .fields import Fields
from .run import Runner

BACKUP = Path("/etc/docker/daemon.json.before-migration-lab")  # empty: there was no such file
SYSCTL = Path(preparing.SYSCTL)
WAS = re.compile(r"^# it was: ([a-z0-9.-]+) = (\d+)$", re.MULTILINE)
RELOADED_S = 10.0


def prepare_undo(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`undone`: what was taken back. Raises StepFailed with code `nothing-to-undo`."""
    name = fields.choice("step", *preparing.UNDOABLE)
    if name == preparing.KERNEL:
        return {"undone": _kernel()}
    if name == preparing.RUNTIME:
        return {"undone": _runtime(runner)}
    return {"undone": _experimental(runner, fields.seconds())}


def kernel_lines(now: Mapping[str, str]) -> str:
    """The file of settings, with what each was before the first time as a comment."""
    former = dict(WAS.findall(SYSCTL.read_text())) if SYSCTL.exists() else now
    lines = [f"{name} = {value}" for name, value in preparing.KERNEL_SETTINGS.items()]
    comments = [f"# it was: {name} = {value}" for name, value in former.items()]
    return "\n".join((*comments, *lines, ""))


def kernel_now() -> dict[str, str]:
    """The settings that preparing changes, as they are; those that can't be read are left out."""
    found = {name: _place(name) for name in preparing.KERNEL_SETTINGS}
    return {name: path.read_text().strip() for name, path in found.items() if path.exists()}


def _place(name: str) -> Path:
    return Path("/proc/sys", *name.split("."))


def _kernel() -> list[str]:
    if not SYSCTL.exists():
        raise _nothing(SYSCTL)
    former = dict(WAS.findall(SYSCTL.read_text()))
    for name, value in former.items():
        if name in preparing.KERNEL_SETTINGS:
            _place(name).write_text(value)
    SYSCTL.unlink()
    return [str(SYSCTL), *(f"{name} = {value}" for name, value in former.items())]


def _experimental(runner: Runner, limit_s: float) -> list[str]:
    config = _config()
    if config.get("experimental") is not True or not BACKUP.exists():
        raise _nothing(runtime.DAEMON_JSON)  # what we write, we keep a copy of before
    former = _former()
    if former.get("experimental") is True:
        raise _nothing(runtime.DAEMON_JSON)  # it was so before us
    config.pop("experimental")
    if "experimental" in former:
        config["experimental"] = former["experimental"]
    _write(config)
    runner(["systemctl", "restart", "docker"], limit_s=limit_s)
    return [f"{runtime.DAEMON_JSON}: experimental"]


def _runtime(runner: Runner) -> list[str]:
    config = _config()
    runtimes = config.get("runtimes")
    known = isinstance(runtimes, dict) and runtime.NAME in runtimes
    if not known and not runtime.PROGRAM.exists():
        raise _nothing(runtime.PROGRAM)
    _refuse_used(runner)
    if isinstance(runtimes, dict) and known:
        runtimes.pop(runtime.NAME)
        # Docker reads anew only what stands in the file: it forgets ours where the entry is empty,
        # and keeps it where there is none.
        _put(config)
        _have_docker_forget(runner)
        if not runtimes and "runtimes" not in _former():
            config.pop("runtimes")
        _write(config)
    runtime.PROGRAM.unlink(missing_ok=True)
    return [f"{runtime.DAEMON_JSON}: runtimes", str(runtime.PROGRAM)]


def _refuse_used(runner: Runner) -> None:
    """A container keeps the name of its runtime, and could not be started without it."""
    ids = runner(["docker", "ps", "--all", "--quiet"], quiet=True).out.split()
    if not ids:
        return
    shown = ["docker", "inspect", "--format", "{{.Name}} {{.HostConfig.Runtime}}", *ids]
    rows = [line.split() for line in runner(shown, quiet=True, check=False).out.splitlines()]
    users = [row[0].lstrip("/") for row in rows if row[1:] == [runtime.NAME]]
    if users:
        message = f"containers have it as their runtime: {', '.join(users[:5])}"
        raise NotPossible(message, code="runtime-in-use")


def _have_docker_forget(runner: Runner) -> None:
    os.kill(int(runtime.DOCKER_PID.read_text()), signal.SIGHUP)
    deadline = time.monotonic() + RELOADED_S
    while runtime.NAME in docker.parse_info(runner(docker.info_argv(), quiet=True).out)["runtimes"]:
        if time.monotonic() > deadline:
            raise StepFailed("Docker did not let our runtime go", code="docker-runtime-refused")
        time.sleep(0.05)


def _config() -> dict[str, Any]:
    return _read(runtime.DAEMON_JSON)


def _former() -> dict[str, Any]:
    return _read(BACKUP)


def _read(path: Path) -> dict[str, Any]:
    """An object; empty where there is no file. Raises StepFailed for what Docker can't read."""
    try:
        found = json.loads(path.read_text() or "{}")
    except FileNotFoundError:
        return {}
    except ValueError as error:
        message = f"{path} is not what Docker reads: {error}; it was left as it is"
        raise StepFailed(message, code="docker-config-unreadable") from error
    if not isinstance(found, dict):
        raise StepFailed(f"{path} is no JSON object", code="docker-config-unreadable")
    return found


def _write(config: Mapping[str, Any]) -> None:
    """As it was to the letter, when nothing else is left of us; then the copy goes as well."""
    if BACKUP.exists() and config == _former():
        if BACKUP.read_text():
            BACKUP.replace(runtime.DAEMON_JSON)
        else:
            runtime.DAEMON_JSON.unlink(missing_ok=True)
            BACKUP.unlink()
        return
    _put(config)


def _put(config: Mapping[str, Any]) -> None:
    text = json.dumps(config, indent=2) + "\n"
    runtime.write(runtime.DAEMON_JSON, text.encode(), 0o644)


def _nothing(path: Path) -> StepFailed:
    return StepFailed(f"{path} has nothing of ours to take back", code="nothing-to-undo")


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"prepare_undo": prepare_undo}
