"""Our OCI runtime on this host: written, registered with Docker, and known to be there.

Docker reads `runtimes` of its daemon.json anew at SIGHUP, without touching any container.
"""

from __future__ import annotations

import hashlib
import json
import os
import pkgutil
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from ..tools import docker
from . import late_network, tree
from .bundle_network import ARMED as ARMED
from .fields import Fields
from .run import Runner

NAME = "migration-lab"
PROGRAM = Path("/usr/local/lib/migration-lab/runtime")
DAEMON_JSON = Path("/etc/docker/daemon.json")
DOCKER_PID = Path("/run/docker.pid")
_RELOADED_S = 10.0


def text() -> bytes:
    """The runtime: a shell script, since that starts in a millisecond."""
    found = pkgutil.get_data(__package__, "runtime.sh")
    assert found is not None
    return found


def is_current() -> bool:
    """Whether what is installed is what this program brings."""
    try:
        return PROGRAM.read_bytes() == text() and os.access(PROGRAM, os.X_OK)
    except OSError:
        return False


def disarm(container: str | None) -> list[str]:
    """Remove what armed this container; what was removed."""
    folder = ARMED / container if container else None
    if folder is None or not folder.is_dir():
        return []
    late_network.forget(folder)
    shutil.rmtree(folder)
    return [str(folder)]


def prepare(_: Fields, runner: Runner) -> dict[str, Any]:
    """Install the runtime and register it with Docker; `changed`: what had to be.

    Raises StepFailed with code `docker-config-unreadable` when daemon.json is no JSON object.
    """
    changed = []
    if not is_current():
        write(PROGRAM, text(), 0o755)
        changed.append(f"wrote {PROGRAM}")
    if _register():
        changed.append(f"registered it in {DAEMON_JSON}")
    if have_docker_know(runner):
        changed.append("had Docker read its configuration again")
    return {
        "changed": changed,
        "runtime": str(PROGRAM),
        "digest": hashlib.sha256(text()).hexdigest(),
    }


def have_docker_know(runner: Runner) -> bool:
    """Have Docker read its configuration, unless it knows us; whether that had to be."""
    if NAME in _known(runner):
        return False
    _reload(runner)
    return True


def _register() -> bool:
    """Add our runtime to daemon.json, all else kept; whether that had to be."""
    try:
        config = json.loads(DAEMON_JSON.read_text() or "{}")
        runtimes = config.setdefault("runtimes", {})
        if runtimes.get(NAME) == {"path": str(PROGRAM)}:
            return False
        runtimes[NAME] = {"path": str(PROGRAM)}
    except FileNotFoundError:
        config = {"runtimes": {NAME: {"path": str(PROGRAM)}}}
    except (ValueError, AttributeError, TypeError) as error:
        message = f"{DAEMON_JSON} is not what Docker reads: {error}"
        raise StepFailed(message, code="docker-config-unreadable") from error
    write(DAEMON_JSON, (json.dumps(config, indent=2) + "\n").encode(), 0o644)
    return True


def write(path: Path, data: bytes, mode: int) -> None:
    """The file appears whole or not at all; the mode of one that was there stays."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.parent.chmod(0o755)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(data)
    fresh.chmod(path.stat().st_mode if path.exists() and mode == 0o644 else mode)
    fresh.replace(path)


def _known(runner: Runner) -> list[str]:
    runtimes = docker.parse_info(runner(docker.info_argv(), quiet=True).out)["runtimes"]
    if not runtimes:  # the command ends well although nobody answered it
        raise StepFailed("Docker does not answer", code="docker-unavailable")
    return list(runtimes)


def daemon() -> list[int] | None:
    """Docker's process, by tree.identity; None where it can't be told."""
    try:
        return tree.identity(int(DOCKER_PID.read_text()))
    except (OSError, ValueError):
        return None


def _reload(runner: Runner) -> None:
    os.kill(int(DOCKER_PID.read_text()), signal.SIGHUP)
    deadline = time.monotonic() + _RELOADED_S
    while NAME not in _known(runner):
        if time.monotonic() > deadline:
            raise StepFailed("Docker did not take our runtime", code="docker-runtime-refused")
        time.sleep(0.05)


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"prepare": prepare}
