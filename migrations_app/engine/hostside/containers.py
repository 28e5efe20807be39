"""Verbs for Docker containers: looking at them, starting and removing them, their images."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import NotPossible
from ..tools import docker
from . import tree
from .fields import Fields
from .run import Runner, failed

ABSENT = "absent"


@lru_cache(maxsize=1)
def docker_root() -> str:
    return Runner()(docker.root_argv(), quiet=True).out.strip()


def find(name: str, runner: Runner) -> docker.Container | None:
    ran = runner(docker.inspect_argv(name), check=False, quiet=True)
    if ran.status == 0:
        return docker.parse_inspect(ran.out)
    if "No such container" in ran.err:
        return None
    raise failed(ran, code="docker-unavailable")


def existing(name: str, runner: Runner) -> docker.Container:
    container = find(name, runner)
    if container is None:
        raise NotPossible(f"there is no container {name}", code="workload-absent")
    return container


def container_inspect(fields: Fields, runner: Runner) -> dict[str, Any]:
    """docker.Container as JSON, `memory_bytes` of its tasks, and runc's `descriptors` of it.

    Those are null for a container that is not alive or not runc's.
    """
    container = existing(fields.name(), runner)
    tasks = tree.subtree(container.pid) if container.pid else []
    return {
        **dataclasses.asdict(container),
        "memory_bytes": tree.memory_bytes(tasks),
        "descriptors": external_descriptors(container.id),
    }


def external_descriptors(container: str) -> list[str] | None:
    """What runc wrote down of the container's standard streams: its restore asks for them."""
    for state in Path("/run/docker").glob(f"runtime-*/moby/{container}/state.json"):
        return list(json.loads(state.read_text())["external_descriptors"])
    return None


def container_state(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`state`: running, paused, created, exited, dead or absent; `id` or null."""
    container = find(fields.name(), runner)
    if container is None:
        return {"state": ABSENT, "id": None}
    return {"state": container.status, "id": container.id}


def container_tail(fields: Fields, runner: Runner) -> dict[str, Any]:
    """The last lines of its log, each with Docker's time stamp before it."""
    argv = docker.logs_argv(fields.name(), fields.integer("lines", 1, docker.LOGS_TO_READ))
    return {"lines": runner(argv, quiet=True).out.splitlines()}


def container_start(fields: Fields, runner: Runner) -> dict[str, Any]:
    name = fields.name()
    if find(name, runner):
        raise NotPossible(f"there is a container {name} already", code="workload-exists")
    ran = runner(docker.run_argv(name, fields.image(), fields.strings("argv")), check=False)
    if ran.status != 0:
        runner(["docker", "rm", "--force", name], check=False)
        raise failed(ran, code="workload-start-failed")
    return {"id": ran.out.strip()}


def container_remove(fields: Fields, runner: Runner) -> dict[str, Any]:
    name = fields.name()
    if find(name, runner) is None:
        return {"removed": False}
    runner(["docker", "rm", "--force", "--volumes", name], limit_s=fields.seconds())
    return {"removed": True}


def container_signal(fields: Fields, runner: Runner) -> dict[str, Any]:
    runner(["docker", "kill", "--signal", fields.choice("signal", "USR1"), fields.name()])
    return {}


def image_id(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`id` of the image under this reference or id; null when the host lacks it."""
    ran = runner(docker.image_id_argv(fields.image()), check=False, quiet=True)
    return {"id": ran.out.strip() if ran.status == 0 else None}


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "container_inspect": container_inspect,
    "container_remove": container_remove,
    "container_signal": container_signal,
    "container_start": container_start,
    "container_state": container_state,
    "container_tail": container_tail,
    "image_id": image_id,
}
