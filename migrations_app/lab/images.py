"""Images for the lab hosts, made on the spot: there is no registry to pull from.

An image is put together here as `docker load` takes it, with a fixed date, so that it has the
same id on every host.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

from .builds import PREFIX
from .commands import run
from .errors import LabBootFailed

CREATED = "2026-01-01T00:00:00Z"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
DOCKER_TIMEOUT_S = 60
REDIS = "usr/bin/redis-server"
_LIBRARY = re.compile(r"(/\S+) \(0x")


@dataclass(frozen=True)
class Link:
    """A symbolic link in an image."""

    target: str


Entry = bytes | Link  # bytes: a program


@dataclass(frozen=True)
class Image:
    tag: str
    id: str  # "sha256:…", as Docker will call it
    archive: bytes  # as `docker load` takes it


def build_image(tag: str, files: Mapping[str, Entry], command: str, machine: str) -> Image:
    """An image of one layer; `files` by path without a leading slash, `machine` as in uname."""
    layer = _tar(files)
    config = _json(
        {
            "architecture": ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "created": CREATED,
            "config": {"Cmd": [command], "Env": ["PATH=/usr/local/bin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(layer)}"]},
            "history": [{"created": CREATED, "created_by": "migration-lab"}],
        }
    )
    name = f"{_sha256(config)}.json"
    manifest = [{"Config": name, "RepoTags": [tag], "Layers": ["layer.tar"]}]
    archive = _tar({name: config, "layer.tar": layer, "manifest.json": _json(manifest)})
    return Image(tag, f"sha256:{_sha256(config)}", archive)


def lab_images(root: Path, programs: Sequence[Path], machine: str) -> list[Image]:
    """busybox and redis from the hosts' own root, and each workload program alone in its image."""
    busybox = root / "usr/bin/busybox"
    applets = run([str(busybox), "--list"]).split()
    files: dict[str, Entry] = {f"bin/{applet}": Link("busybox") for applet in applets}
    files["bin/busybox"] = busybox.read_bytes()
    alone = [_alone(program, machine) for program in programs]
    redis = build_image("migration-lab/redis:1", with_libraries(root, REDIS), f"/{REDIS}", machine)
    return [build_image("busybox:latest", files, "/bin/sh", machine), redis, *alone]


def with_libraries(root: Path, program: str) -> dict[str, Entry]:
    """A program of the root and all that it is linked with, by their paths."""
    paths = [program, *linked(run(["chroot", str(root), "ldd", f"/{program}"]))]
    return {path: (root / path).read_bytes() for path in paths}


def linked(said: str) -> list[str]:
    """Paths without a leading slash from what ldd says; pure."""
    return [found.lstrip("/") for found in _LIBRARY.findall(said)]


def _alone(program: Path, machine: str) -> Image:
    """migration-lab-memory as migration-lab/memory:1."""
    path = f"usr/local/bin/{program.name}"
    tag = f"migration-lab/{program.name.removeprefix(PREFIX)}:1"
    return build_image(tag, {path: program.read_bytes()}, f"/{path}", machine)


def load_images(leader: int, images: Sequence[Image]) -> None:
    """Gives the host whose process 1 is `leader` the images that it lacks."""
    socket = f"unix:///proc/{leader}/root/run/docker.sock"
    try:
        client = docker.DockerClient(base_url=socket, timeout=DOCKER_TIMEOUT_S)
        try:
            for image in images:
                if _id_of(client, image.tag) != image.id:
                    client.images.load(image.archive)
        finally:
            client.close()
    except DockerException as error:
        raise LabBootFailed(f"the lab host's Docker does not take images: {error}") from error


def _id_of(client: docker.DockerClient, tag: str) -> str | None:
    try:
        return client.images.get(tag).id
    except ImageNotFound:
        return None


def _tar(files: Mapping[str, Entry]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(files):
            _add(tar, path, files[path])
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, path: str, entry: Entry) -> None:
    info = tarfile.TarInfo(path)  # dated 1970, owned by root
    info.mode = 0o755
    if isinstance(entry, Link):
        info.type, info.linkname = tarfile.SYMTYPE, entry.target
        tar.addfile(info)
    else:
        info.size = len(entry)
        tar.addfile(info, io.BytesIO(entry))


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
