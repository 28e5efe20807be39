"""Verbs for the exercise's steps on Docker containers, each timed and watched."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepTimedOut
from ..tools import docker, docker_create, mounts, procfs, runc
from . import docker_api, history, jobs, lazy, restored, runtime, tree, volumes
from .containers import container_remove, container_state, docker_root, existing, find
from .fields import Fields
from .run import Ran, Runner
from .watch import CriuWatch, cgroup_probe
from .watched import size_of, watched

MOST_TRIES = 8
CONTAINERD_SOCKETS = (
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",  # where Docker brings its own
)


def checkpoint_name(job: str) -> str:
    return f"ml-{job}"


def container_checkpoint(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`docker checkpoint create`: the container ends when its image is written.

    Returns start_ns, end_ns, what the watch saw, and image_bytes.
    """
    name, job = fields.name(), fields.job()
    container = existing(name, runner)
    folder = docker.checkpoint_folder(docker_root(), container.id, checkpoint_name(job))
    jobs.note(fields.job_folder(), source_container=container.id, images_out=str(folder))
    stays = fields.flag("leave_running")
    argv = docker.checkpoint_create_argv(name, checkpoint_name(job), leave_running=stays)
    watch = CriuWatch(runc.criu_work_folders(container.id), cgroup_probe(container.pid))
    try:
        seen = watched(watch, lambda: [runner(argv, limit_s=fields.seconds(), check=False)], "dump")
    except StepTimedOut:
        jobs.note(fields.job_folder(), dump_unheard=True)  # Docker goes on with it
        raise
    jobs.note(fields.job_folder(), dumped=True)
    return {**seen, "image_bytes": size_of(Path(folder))}


def container_create(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Another container like `source`, as container_inspect describes it."""
    source = docker.Container(**fields.mapping("source"))
    name, folder = fields.name(), fields.job_folder()
    if find(name, runner):
        raise NotPossible(f"there is a container {name} already", code="workload-exists")
    jobs.note(folder, target_container_name=name)
    kept = fields.choice("runtime", runtime.NAME) if fields.has("runtime") else None
    body = docker_create.create_body(source, fields.image(), kept)
    empty = _empty_volumes(folder)
    made, ran = docker_api.create_container(name, body, runner, fields.seconds())
    images = docker.checkpoint_folder(docker_root(), made, checkpoint_name(fields.job()))
    jobs.note(folder, target_container=made, images_in=str(images), docker=runtime.daemon())
    log = str(history.log_path(docker_root(), made))
    jobs.note(folder, target_upper=_upper(made, runner), target_log=log)
    volumes.empty_again(jobs.read(folder).get("volumes", {}), empty)
    if kept is None:
        Path(images).mkdir(mode=0o700, parents=True, exist_ok=True)
    return {"id": made, "start_ns": ran.start_ns, "end_ns": ran.end_ns}


def _empty_volumes(folder: Path) -> list[str]:
    """Those of the job that hold nothing: Docker puts into them what the image has there."""
    places = jobs.read(folder).get("volumes", {})
    return [name for name, place in places.items() if volumes.is_empty(place)]


def _upper(container: str, runner: Runner) -> str | None:
    """The writable layer of a container that is not mounted yet."""
    found = existing(container, runner)
    if found.upper_dir or shutil.which("ctr") is None:
        return found.upper_dir
    socket = next((path for path in CONTAINERD_SOCKETS if Path(path).exists()), None)
    if socket is None:
        return None
    ran = runner(docker.snapshot_argv(socket, container), check=False, quiet=True)
    return mounts.parse_upper_of_snapshot(ran.out) if ran.status == 0 else None


def container_copy_checkpoint(fields: Fields, runner: Runner) -> dict[str, Any]:
    """The image into the clone's folder on the same host, as the exercise does it."""
    journal = jobs.read(fields.job_folder())
    argv = ["cp", "--archive", f"{journal['images_out']}/.", journal["images_in"]]
    ran = runner(argv, limit_s=fields.seconds())
    _copy_layer(journal, fields, runner)
    size = size_of(Path(journal["images_in"]))
    return {"bytes": size, "start_ns": ran.start_ns, "end_ns": ran.end_ns}


def _copy_layer(journal: Mapping[str, Any], fields: Fields, runner: Runner) -> None:
    """What the original has changed of its image's files, on the same host; volumes they share."""
    upper = existing(journal["source_container"], runner).upper_dir
    if upper and journal.get("target_upper"):
        argv = ["cp", "--archive", f"{upper}/.", journal["target_upper"]]
        runner(argv, limit_s=fields.seconds())


def container_restore(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`docker start --checkpoint`; start_ns, end_ns and what the watch saw.

    dumped_here: the image was made on this very host, whose containerd may still hold it.
    """
    name = fields.name()
    container = existing(name, runner)
    argv = docker.start_checkpoint_argv(name, checkpoint_name(fields.job()))
    if fields.flag("dumped_here"):
        container_collect(fields, runner)
    watch = CriuWatch(runc.criu_work_folders(container.id))
    _note_unpacked(fields.job_folder())
    try:
        return watched(watch, lambda: _until_stored(argv, fields, runner), "restore")
    except StepTimedOut:
        # Docker goes on with it, and holds its lock on the container meanwhile.
        end_restore(container.id, runner)
        raise


def _unpacked() -> set[str]:
    """Where containerd unpacks what it restores; it never removes it, and it is memory."""
    return set(map(str, Path(tempfile.gettempdir()).glob("ctrd-checkpoint*")))


def _note_unpacked(folder: Path) -> None:
    """What was there before the job's first restore is not the job's to remove."""
    if "unpacked_before" not in jobs.read(folder):
        jobs.note(folder, unpacked_before=sorted(_unpacked()))


def _remove_unpacked(journal: Mapping[str, Any]) -> list[str]:
    """By the journal, so that it also happens when the program that restored was killed."""
    if "unpacked_before" not in journal:
        return []
    ours = sorted(_unpacked() - set(journal["unpacked_before"]))
    for folder in ours:
        shutil.rmtree(folder, ignore_errors=True)
    return ours


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
    if alone:
        for folder in Path(tempfile.gettempdir()).glob(".criu.mntns.*"):
            with contextlib.suppress(OSError):  # it is empty, or somebody's
                folder.rmdir()
    return ended


def container_restored(fields: Fields, runner: Runner) -> dict[str, Any]:
    """State of the job's clone once no restore of it is under way; one that hangs is ended.

    `docker_stayed`: whether Docker is the one that made it. After one that was started again,
    exit codes mean nothing: what it ended itself has 0.
    """
    journal = jobs.read(fields.job_folder())
    made = journal.get("target_container")
    deadline = time.monotonic() + fields.seconds() / 2
    while made and tree.naming(["restore", made]):
        if time.monotonic() > deadline:
            end_restore(made, runner)
        time.sleep(0.01)
    found = container_state(fields, runner)  # may wait for Docker to come back, so look after it
    made_by = journal.get("docker")
    return {**found, "docker_stayed": made_by is not None and tree.lives(made_by)}


def container_discard(fields: Fields, runner: Runner) -> dict[str, Any]:
    """When this returns, the job's clone does not run here and will not."""
    journal = jobs.read(fields.job_folder())
    made = journal.get("target_container")
    ended = end_restore(made, runner) if made else []
    ended += restored.end(fields.job_folder())  # quicker than Docker
    lazy.end_left(fields.job())
    if journal.get("target_container_name") != fields.name():
        return {"removed": False, "ended": ended}  # of that name there may be somebody else's
    removed = container_remove(fields, runner)
    if made:
        _remove_leftover_bundle(made)
    volumes.take_back(fields.job_folder(), runner)
    return {**removed, "ended": ended}


def _remove_leftover_bundle(container_id: str) -> None:
    """containerd cannot remove a bundle in which a killed CRIU had mounts, and forgets it."""
    points = procfs.parse_mount_points(Path("/proc/self/mountinfo").read_text())
    for base in runc.BUNDLES_ON_DISK:
        for folder in (base / container_id, base / f".{container_id}"):
            if not any(point.startswith(str(folder)) for point in points):
                shutil.rmtree(folder, ignore_errors=True)
    for state in Path("/run/docker").glob(f"runtime-*/moby/{container_id}"):
        shutil.rmtree(state, ignore_errors=True)  # of a runc that was killed


def _until_stored(argv: list[str], fields: Fields, runner: Runner) -> list[Ran]:
    """Start from a checkpoint, again while containerd says that it still has that image.

    Each try drops it on its way out, but a collector at work can bring the answer up again.
    """
    tries: list[Ran] = []
    while len(tries) < MOST_TRIES:
        tries.append(runner(argv, limit_s=fields.seconds(), check=False))
        if tries[-1].status == 0 or "already exists" not in tries[-1].err:
            break
    return tries


def container_collect(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Empty containerd's store of what earlier checkpoints left; `done`: whether it could be."""
    socket = next((path for path in CONTAINERD_SOCKETS if Path(path).exists()), None)
    if socket is None or shutil.which("ctr") is None:
        return {"done": False}
    argvs = docker.collect_argvs(socket, checkpoint_name(fields.job()))
    return {"done": all(runner(argv, check=False).status == 0 for argv in argvs)}


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
        removed += _remove_checkpoints(job, runner) + _remove_unpacked(journal)
    return removed


def _remove_checkpoints(job: str, runner: Runner) -> list[str]:
    removed = []
    for folder in all_checkpoints(checkpoint_name(job)):
        runner(["rm", "--recursive", "--force", folder], check=False)
        removed.append(f"checkpoint {folder}")
    return removed


def all_checkpoints(name: str = "ml-*") -> list[str]:
    """Folders of our checkpoints below Docker's root."""
    return sorted(map(str, Path(docker_root()).glob(f"containers/*/checkpoints/{name}")))


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "container_checkpoint": container_checkpoint,
    "container_collect": container_collect,
    "container_copy_checkpoint": container_copy_checkpoint,
    "container_create": container_create,
    "container_discard": container_discard,
    "container_restore": container_restore,
    "container_restored": container_restored,
}
