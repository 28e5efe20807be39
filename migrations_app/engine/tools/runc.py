"""runc, and where Docker keeps what runc works with."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_VERSION = re.compile(r"^\w+ version (\S+)", re.MULTILINE)
_CRIU_LOG = re.compile(r"(?:path= |log file: )(\S+\.log)")

# Docker's containerd keeps a bundle per running container, and in it a link `work` to where its
# shim lets CRIU work. The second is Docker's own containerd, where none is on the host.
DOCKER_BUNDLES = tuple(
    PurePosixPath(state) / "io.containerd.runtime.v2.task" / "moby"
    for state in ("/run/containerd", "/run/docker/containerd/daemon")
)

# Where those links lead.
BUNDLES_ON_DISK = tuple(
    PurePosixPath(root) / "io.containerd.runtime.v2.task" / "moby"
    for root in ("/var/lib/containerd", "/var/lib/docker/containerd/daemon")
)


def parse_version(output: str) -> str | None:
    """`1.1.15+ds1` from `runc --version`, and the same from crun, podman."""
    found = _VERSION.search(output)
    return found.group(1) if found else None


def criu_work_folders(container_id: str) -> list[PurePosixPath]:
    """Where CRIU's log and statistics may lie while the container's bundle exists."""
    inside = ("work", "work/criu-work", "work/work", ".")
    return [base / container_id / sub for base in DOCKER_BUNDLES for sub in inside]


def criu_log_path(message: str) -> str | None:
    """The log that runc's or Docker's error message names."""
    found = _CRIU_LOG.search(message)
    return found.group(1) if found else None


def checkpoint_argv(
    root: str, container_id: str, images: str, work: str, flags: list[str]
) -> list[str]:
    """Docker's own container, checkpointed behind its back: it stays what it is to Docker."""
    folders = ["--image-path", images, "--work-path", work]
    return ["runc", "--root", root, "checkpoint", *flags, *folders, container_id]


def restore_arguments(images: str, work: str) -> list[str]:
    """What our runtime adds to `runc restore`; it adds the bundle and the rest itself."""
    return ["--image-path", images, "--work-path", work]
