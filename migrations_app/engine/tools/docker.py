"""Docker's command line as the exercise uses it, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

RESTORE_BROKEN_SINCE = (28,)  # `start --checkpoint` of a container with a network namespace
LOGS_TO_READ = 20_000

# Limits that the clone gets from the source where they are set.
_HOST_OPTIONS = {
    "Memory": "--memory",
    "ShmSize": "--shm-size",
    "CpuShares": "--cpu-shares",
    "PidsLimit": "--pids-limit",
}


@dataclass(frozen=True)
class Container:
    """What `docker inspect` says, as far as a migration asks."""

    id: str
    name: str
    image: str  # the reference it was created from
    image_id: str  # sha256:…
    status: str  # created, running, paused, exited, dead, …
    pid: int  # 0 unless running or paused
    tty: bool
    config: Mapping[str, Any]
    host_config: Mapping[str, Any]

    @property
    def alive(self) -> bool:
        return self.status in ("running", "paused")


def parse_inspect(output: str) -> Container:
    """The one container of `docker container inspect NAME`."""
    (found,) = json.loads(output)
    return Container(
        id=found["Id"],
        name=found["Name"].lstrip("/"),
        image=found["Config"]["Image"],
        image_id=found["Image"],
        status=found["State"]["Status"],
        pid=found["State"]["Pid"],
        tty=found["Config"]["Tty"],
        config=found["Config"],
        host_config=found["HostConfig"],
    )


def inspect_argv(name: str) -> list[str]:
    return ["docker", "container", "inspect", name]


def image_id_argv(reference: str) -> list[str]:
    return ["docker", "image", "inspect", "--format", "{{.Id}}", reference]


def checkpoint_create_argv(name: str, checkpoint: str, *, leave_running: bool = False) -> list[str]:
    """The exercise's step: the container stops when its checkpoint is written, or goes on."""
    flags = ["--leave-running"] if leave_running else []
    return ["docker", "checkpoint", "create", *flags, name, checkpoint]


def checkpoint_remove_argv(name: str, checkpoint: str) -> list[str]:
    return ["docker", "checkpoint", "rm", name, checkpoint]


def start_checkpoint_argv(name: str, checkpoint: str) -> list[str]:
    return ["docker", "start", "--checkpoint", checkpoint, name]


def collect_argvs(socket: str, lease: str) -> list[list[str]]:
    """Have Docker's containerd collect its garbage now: a lease that is given back does.

    `docker checkpoint create` leaves its image in containerd's store until the collector comes
    by; while it is there, a start from that checkpoint fails (`content … already exists`).
    """
    ctr = ["ctr", "--address", socket, "--namespace", "moby", "leases"]
    return [[*ctr, "create", "--id", lease], [*ctr, "delete", "--sync", lease]]


def checkpoint_folder(root: str, container_id: str, checkpoint: str) -> PurePosixPath:
    """Where Docker keeps a checkpoint; `--checkpoint-dir` is refused by start since 17.12."""
    return PurePosixPath(root) / "containers" / container_id / "checkpoints" / checkpoint


def root_argv() -> list[str]:
    return ["docker", "info", "--format", "{{.DockerRootDir}}"]


def run_argv(name: str, image: str, argv: list[str]) -> list[str]:
    """A new workload; its log is bounded, since some print every millisecond."""
    log = ["--log-opt", "max-size=20m", "--log-opt", "max-file=2"]
    return ["docker", "run", "--detach", "--pull", "never", *log, "--name", name, image, *argv]


def create_argv(source: Container, name: str, image: str, runtime: str | None = None) -> list[str]:
    """A clone that the source's image can be restored into; runtime None: Docker's default."""
    config, host = source.config, source.host_config
    options = _config_options(config) + _host_options(host)
    entrypoint = list(config.get("Entrypoint") or [])
    if entrypoint:
        options += ["--entrypoint", entrypoint[0]]
    arguments = [*entrypoint[1:], *(config.get("Cmd") or [])]
    if runtime:
        options += ["--runtime", runtime]
    return ["docker", "create", "--pull", "never", "--name", name, *options, image, *arguments]


def _config_options(config: Mapping[str, Any]) -> list[str]:
    options: list[str] = []
    for variable in config.get("Env") or []:
        options += ["--env", variable]
    for label, value in sorted((config.get("Labels") or {}).items()):
        options += ["--label", f"{label}={value}"]
    for key, option in (("User", "--user"), ("WorkingDir", "--workdir")):
        if config.get(key):
            options += [option, config[key]]
    if config.get("OpenStdin"):
        options.append("--interactive")
    return options


def _host_options(host: Mapping[str, Any]) -> list[str]:
    options: list[str] = []
    log = host.get("LogConfig") or {}
    if log.get("Type"):
        options += ["--log-driver", log["Type"]]
    for key, value in sorted((log.get("Config") or {}).items()):
        options += ["--log-opt", f"{key}={value}"]
    for key, option in _HOST_OPTIONS.items():
        if (host.get(key) or 0) > 0:
            options += [option, str(host[key])]
    if host.get("NetworkMode") not in (None, "", "default", "bridge"):
        options += ["--network", host["NetworkMode"]]
    for option, key in (("--cap-add", "CapAdd"), ("--security-opt", "SecurityOpt")):
        for value in host.get(key) or []:
            options += [option, value]
    return options


def logs_argv(name: str, tail: int = LOGS_TO_READ) -> list[str]:
    return ["docker", "logs", "--timestamps", "--tail", str(tail), name]


def version_argv() -> list[str]:
    return ["docker", "version", "--format", "{{json .Server}}"]


def parse_version(output: str) -> dict[str, Any]:
    """Version, and whether the daemon has its experimental features on."""
    server = json.loads(output)
    return {"version": server["Version"], "experimental": bool(server.get("Experimental"))}


def info_argv() -> list[str]:
    return ["docker", "info", "--format", "{{json .}}"]


def parse_info(output: str) -> dict[str, Any]:
    info = json.loads(output)
    return {
        "storage_driver": info["Driver"],
        "default_runtime": info["DefaultRuntime"],
        "runtimes": sorted(info["Runtimes"]),
        "root": info["DockerRootDir"],
        "security_options": info.get("SecurityOptions") or [],
    }
