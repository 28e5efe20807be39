"""Docker's command line as the exercise uses it, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

RESTORE_BROKEN_SINCE = (28,)  # `start --checkpoint` of a container with a network namespace
LOGS_TO_READ = 20_000


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
    mounts: Sequence[Mapping[str, Any]] = ()
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    upper_dir: str | None = None  # its writable layer, where the storage driver tells it
    exit_code: int = 0  # of one that has exited

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
        mounts=found.get("Mounts") or [],
        networks=found["NetworkSettings"].get("Networks") or {},
        upper_dir=((found.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir"),
        exit_code=found["State"]["ExitCode"],
    )


def inspect_argv(name: str) -> list[str]:
    return ["docker", "container", "inspect", name]


def image_size_argv(reference: str) -> list[str]:
    return ["docker", "image", "inspect", "--format", "{{.Size}}", reference]


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


def snapshot_argv(socket: str, container: str) -> list[str]:
    """Has containerd print the mount of a container's layers, where it keeps them."""
    ctr = ["ctr", "--address", socket, "--namespace", "moby", "snapshots"]
    return [*ctr, "--snapshotter", "overlayfs", "mounts", "/mnt", container]


def checkpoint_folder(root: str, container_id: str, checkpoint: str) -> PurePosixPath:
    """Where Docker keeps a checkpoint; `--checkpoint-dir` is refused by start since 17.12."""
    return PurePosixPath(root) / "containers" / container_id / "checkpoints" / checkpoint


def root_argv() -> list[str]:
    return ["docker", "info", "--format", "{{.DockerRootDir}}"]


def run_argv(
    name: str,
    image: str,
    argv: list[str],
    volumes: Sequence[str] = (),
    network: Sequence[str] = (),
) -> list[str]:
    """A new workload; its log is bounded, since some print every millisecond.

    volumes: where it has volumes of its own. network: options that name one and its address.
    """
    log = ["--log-opt", "max-size=20m", "--log-opt", "max-file=2"]
    own = [word for place in volumes for word in ("--volume", place)]
    run = ["docker", "run", "--detach", "--pull", "never"]
    return [*run, *log, *own, *network, "--name", name, image, *argv]


def logs_argv(name: str, tail: int | None = LOGS_TO_READ) -> list[str]:
    """tail: so many lines of its end; None: all."""
    lines = "all" if tail is None else str(tail)
    return ["docker", "logs", "--timestamps", "--tail", lines, name]


def parse_log_line(line: bytes) -> str | None:
    """A line of the json-file driver as `docker logs --timestamps` prints it on standard output.

    None for one of standard error, and for one that is no such line.
    """
    try:
        said = json.loads(line)
        if said["stream"] != "stdout":
            return None
        moment, text = str(said["time"]), str(said["log"])
    except (ValueError, KeyError, TypeError):
        return None
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    return f"{whole}.{fraction.ljust(9, '0')}Z {text.removesuffix(chr(10))}"


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
        "runtimes": sorted(info["Runtimes"] or ()),  # none: nobody answered the command
        "root": info["DockerRootDir"],
        "security_options": info.get("SecurityOptions") or [],
    }
