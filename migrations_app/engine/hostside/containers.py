"""Verbs for Docker containers: the exercise's steps, each timed and watched."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepTimedOut
from ..tools import docker, procfs, runc
from . import jobs, tree
from .fields import Fields
from .run import Ran, Runner, failed
from .watch import CriuWatch, cgroup_probe
from .watched import size_of, watched

ABSENT = "absent"
MOST_TRIES = 4


def checkpoint_name(job: str) -> str:
    return f"ml-{job}"


@lru_cache(maxsize=1)
def _docker_root() -> str:
    return Runner()(docker.root_argv(), quiet=True).out.strip()


def find(name: str, runner: Runner) -> docker.Container | None:
    ran = runner(docker.inspect_argv(name), check=False, quiet=True)
    if ran.status == 0:
        return docker.parse_inspect(ran.out)
    if "No such container" in ran.err:
        return None
    raise failed(ran, code="docker-unavailable")


def _existing(name: str, runner: Runner) -> docker.Container:
    container = find(name, runner)
    if container is None:
        raise NotPossible(f"there is no container {name}", code="workload-absent")
    return container


def container_inspect(fields: Fields, runner: Runner) -> dict[str, Any]:
    return dataclasses.asdict(_existing(fields.name(), runner))


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


def container_discard(fields: Fields, runner: Runner) -> dict[str, Any]:
    """When this returns, the job's clone does not run here and will not."""
    made = jobs.read(fields.job_folder()).get("target_container")
    ended = end_restore(made, runner) if made else []
    return {**container_remove(fields, runner), "ended": ended}


def container_signal(fields: Fields, runner: Runner) -> dict[str, Any]:
    runner(["docker", "kill", "--signal", fields.choice("signal", "USR1"), fields.name()])
    return {}


def image_id(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`id` of the image under this reference or id; null when the host lacks it."""
    ran = runner(docker.image_id_argv(fields.image()), check=False, quiet=True)
    return {"id": ran.out.strip() if ran.status == 0 else None}


def container_checkpoint(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`docker checkpoint create`: the container ends when its image is written.

    Returns start_ns, end_ns, what the watch saw, and image_bytes.
    """
    name, job = fields.name(), fields.job()
    container = _existing(name, runner)
    folder = docker.checkpoint_folder(_docker_root(), container.id, checkpoint_name(job))
    jobs.note(fields.job_folder(), source_container=container.id, images_out=str(folder))
    argv = docker.checkpoint_create_argv(name, checkpoint_name(job))
    watch = CriuWatch(runc.criu_work_folders(container.id), cgroup_probe(container.pid))
    seen = watched(watch, lambda: _until_stored(argv, fields, runner), "dump")
    jobs.note(fields.job_folder(), dumped=True)
    return {**seen, "image_bytes": size_of(Path(folder))}


def container_create(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`docker create` of a clone of `source`, as container_inspect describes it."""
    source = docker.Container(**fields.mapping("source"))
    name, folder = fields.name(), fields.job_folder()
    if find(name, runner):
        raise NotPossible(f"there is a container {name} already", code="workload-exists")
    jobs.note(folder, target_container_name=name)
    ran = runner(docker.create_argv(source, name, fields.image()), limit_s=fields.seconds())
    made = ran.out.strip()
    images = docker.checkpoint_folder(_docker_root(), made, checkpoint_name(fields.job()))
    jobs.note(folder, target_container=made, images_in=str(images))
    Path(images).mkdir(mode=0o700, parents=True, exist_ok=True)
    return {"id": made, "start_ns": ran.start_ns, "end_ns": ran.end_ns}


def container_copy_checkpoint(fields: Fields, runner: Runner) -> dict[str, Any]:
    """The image into the clone's folder on the same host, as the exercise does it."""
    journal = jobs.read(fields.job_folder())
    argv = ["cp", "--archive", f"{journal['images_out']}/.", journal["images_in"]]
    ran = runner(argv, limit_s=fields.seconds())
    size = size_of(Path(journal["images_in"]))
    return {"bytes": size, "start_ns": ran.start_ns, "end_ns": ran.end_ns}


def container_restore(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`docker start --checkpoint`; start_ns, end_ns and what the watch saw."""
    name = fields.name()
    container = _existing(name, runner)
    argv = docker.start_checkpoint_argv(name, checkpoint_name(fields.job()))
    watch = CriuWatch(runc.criu_work_folders(container.id))
    try:
        return watched(watch, lambda: _until_stored(argv, fields, runner), "restore")
    except StepTimedOut:
        # Docker goes on with it, and holds its lock on the container meanwhile.
        end_restore(container.id, runner)
        raise


def end_restore(container_id: str, runner: Runner) -> list[int]:
    """End what restores into this container; CRIU has been seen reading a cut image for ever.

    A CRIU that was killed leaves its mounts: its root, its view of the cgroups, and a namespace
    that has nobody's name on it and is taken away when no other restore is under way.
    """
    ended = tree.kill_all_naming(["restore", container_id])
    alone = not tree.naming(["criu", "restore"])
    points = procfs.parse_mount_points(Path("/proc/self/mountinfo").read_text())
    for point in reversed(points):
        if (container_id in point and "criu" in point) or (alone and ".criu.mntns." in point):
            runner(["umount", "--lazy", point], check=False)
    return ended


def container_restored(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`state` of the job's clone once no restore of it is under way; one that hangs is ended."""
    made = jobs.read(fields.job_folder()).get("target_container")
    deadline = time.monotonic() + fields.seconds() / 2
    while made and tree.naming(["restore", made]):
        if time.monotonic() > deadline:
            end_restore(made, runner)
        time.sleep(0.01)
    return container_state(fields, runner)


def _until_stored(argv: list[str], fields: Fields, runner: Runner) -> list[Ran]:
    """Call Docker again when its containerd still holds the same image from the dump.

    Docker leaves what `checkpoint create` wrote to containerd's collector; until that has run,
    a start from it on the same host says `content … already exists`, and drops it on its way out.
    """
    tries: list[Ran] = []
    while len(tries) < MOST_TRIES:
        tries.append(runner(argv, limit_s=fields.seconds(), check=False))
        if tries[-1].status == 0 or "already exists" not in tries[-1].err:
            break
    return tries


def forget(folder: Path, job: str, runner: Runner) -> list[str]:
    """Remove the job's checkpoints, and its clone where that never ran; what was removed."""
    removed = []
    journal = jobs.read(folder)
    name, made = journal.get("target_container_name"), journal.get("target_container")
    clone = find(name, runner) if name else None
    if clone and clone.status == "created" and made in (None, clone.id):
        runner(["docker", "rm", "--force", clone.id], check=False)
        removed.append(f"container {clone.id}")
    if journal:
        removed += _remove_checkpoints(job, runner)
    return removed


def _remove_checkpoints(job: str, runner: Runner) -> list[str]:
    removed = []
    for folder in all_checkpoints(checkpoint_name(job)):
        runner(["rm", "--recursive", "--force", folder], check=False)
        removed.append(f"checkpoint {folder}")
    return removed


def all_checkpoints(name: str = "ml-*") -> list[str]:
    """Folders of our checkpoints below Docker's root."""
    return sorted(map(str, Path(_docker_root()).glob(f"containers/*/checkpoints/{name}")))


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "container_checkpoint": container_checkpoint,
    "container_copy_checkpoint": container_copy_checkpoint,
    "container_create": container_create,
    "container_discard": container_discard,
    "container_inspect": container_inspect,
    "container_remove": container_remove,
    "container_restore": container_restore,
    "container_restored": container_restored,
    "container_signal": container_signal,
    "container_start": container_start,
    "container_state": container_state,
    "container_tail": container_tail,
    "image_id": image_id,
}
