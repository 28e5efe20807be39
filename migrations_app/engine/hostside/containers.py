"""Verbs for Docker containers: looking at them, starting and removing them, their images."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from ..tools import docker, docker_create
from . import history, jobs, silence, tree
from .fields import Fields
from .run import Runner, failed

ABSENT = "absent"
START_S = 150.0  # an emulated host takes that long
NUMBERED = re.compile(r"[0-9a-f]{64}")  # what Docker calls a volume that nobody gave a name


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
    """docker.Container as JSON, `memory_bytes` of its tasks, `huge_bytes` of them in huge pages,
    and runc's `descriptors` of it.

    These are null for a container that is not alive or not runc's.
    """
    container = existing(fields.name(), runner)
    tasks = tree.subtree(container.pid) if container.pid else []
    return {
        **dataclasses.asdict(container),
        "memory_bytes": tree.memory_bytes(tasks),
        "huge_bytes": tree.huge_bytes(tasks),
        "descriptors": external_descriptors(container.id),
    }


def external_descriptors(container: str) -> list[str] | None:
    """What runc wrote down of the container's standard streams: its restore asks for them."""
    for state in Path("/run/docker").glob(f"runtime-*/moby/{container}/state.json"):
        return list(json.loads(state.read_text())["external_descriptors"])
    return None


def container_state(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`state`: running, paused, created, exited, dead or absent; `id`, `exit_code` or null."""
    container = find(fields.name(), runner)
    if container is None:
        return {"state": ABSENT, "id": None, "exit_code": None}
    code = container.exit_code if container.status == "exited" else None
    return {"state": container.status, "id": container.id, "exit_code": code}


def container_tail(fields: Fields, runner: Runner) -> dict[str, Any]:
    """The last lines of its log, each with Docker's time stamp before it.

    own: only what the container has written on this host, without the history that came along;
    first: of that the first lines instead. Raises StepFailed with code `output-cut` where they are
    not in the log any more.
    """
    wanted = fields.integer("lines", 1, docker.LOGS_TO_READ)
    last = jobs.read(fields.job_folder()).get("log_last") if fields.flag("own") else None
    if fields.flag("first"):
        return {"lines": _first_lines(fields.name(), wanted, last, runner)}
    return {"lines": history.after_history(_log(fields.name(), wanted, runner), last)}


def _log(name: str, lines: int | None, runner: Runner) -> list[str]:
    return runner(docker.logs_argv(name, lines), quiet=True).out.splitlines()


def _first_lines(name: str, wanted: int, last: str | None, runner: Runner) -> list[str]:
    """Docker reads logs from their end alone, so the whole is asked for where that is too short."""
    lines = _log(name, wanted, runner)
    if len(lines) >= wanted and last not in lines:
        lines = _log(name, None, runner)
        if last is not None and last not in lines:
            message = f"the log of {name} does not reach back to its move"
            raise StepFailed(message, code="output-cut")
    return history.after_history(lines, last)[:wanted]


def container_start(fields: Fields, runner: Runner) -> dict[str, Any]:
    name = fields.name()
    if find(name, runner):
        raise NotPossible(f"there is a container {name} already", code="workload-exists")
    places = fields.paths("volumes") if fields.has("volumes") else []
    network = _place(fields, runner) if fields.has("network") else []
    argv = docker.run_argv(
        name, fields.image(), fields.strings("argv"), list(map(str, places)), network
    )
    ran = runner(argv, check=False, limit_s=START_S)
    if ran.status != 0:
        runner(["docker", "rm", "--force", "--volumes", name], check=False)
        raise failed(ran, code="workload-start-failed")
    if network:
        _announce(name, runner)
    return {"id": ran.out.strip()}


def _announce(name: str, runner: Runner) -> None:
    """Another container may have had its address, elsewhere."""
    pid = existing(name, runner).pid
    if pid:
        silence.announce_quietly(silence.of_process(pid))


def _place(fields: Fields, runner: Runner) -> list[str]:
    """Options for an address of its own: the `host_number`th of a network's first subnet.

    Raises NotPossible with code `network-missing` or `bad-parameter`.
    """
    network = Fields({"volume": fields.mapping("network").get("name")}).volume()
    number = Fields(fields.mapping("network")).integer("host_number", 1, 2**16)
    ran = runner(["docker", "network", "inspect", network], check=False, quiet=True)
    if ran.status != 0:
        message = f"there is no network {network} on this host: make it, or take a lab host"
        raise NotPossible(message, code="network-missing")
    (pool, *_) = json.loads(ran.out)[0]["IPAM"]["Config"]
    subnet = ipaddress.ip_network(pool["Subnet"])
    if number >= subnet.num_addresses - 1:
        raise NotPossible(f"{subnet} has no address {number}", code="bad-parameter")
    return ["--network", network, "--ip", str(subnet[number])]


def container_remove(fields: Fields, runner: Runner) -> dict[str, Any]:
    found = find(fields.name(), runner)
    if found is None:
        return {"removed": False}
    remove(found, runner, fields.seconds())
    return {"removed": True}


def remove(found: docker.Container, runner: Runner, limit_s: float) -> None:
    """This very container, with the volumes that nobody gave a name."""
    runner(["docker", "rm", "--force", "--volumes", found.id], limit_s=limit_s)
    for volume in filter(NUMBERED.fullmatch, docker_create.volumes(found)):
        # One that came along is mounted by its number, and Docker takes that for a name.
        runner(["docker", "volume", "rm", "--force", volume], check=False)


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
