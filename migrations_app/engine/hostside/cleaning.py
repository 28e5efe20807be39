"""The end of every job on a host: what it made goes, found by its name; nothing that is alive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..tools import procfs
from . import (
    along_source,
    along_target,
    checkpoints,
    containers,
    jobs,
    lazy,
    runtime,
    shaping,
    target,
    transfer,
    volumes,
)
from .fields import Fields
from .run import Runner


def clean_up(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Remove what a job left here, found by its name; nothing that is alive."""
    folder = fields.job_folder()
    shaping.clear(folder, runner)
    transfer.channel_close(fields, runner)
    target.hand_over_release(fields, runner)
    lazy.end_left(fields.job())
    removed = runtime.disarm(jobs.read(folder).get("target_container"))
    if jobs.read(folder).get("source_container") or jobs.read(folder).get("target_container_name"):
        removed += checkpoints.forget(folder, fields.job(), runner)
    removed += _volumes_back(folder, runner)
    along_source.forget(fields.job())
    along_target.forget(fields.job())
    removed += _unmount_below(folder, runner)
    if jobs.remove_folder(folder):
        removed.append(str(folder))
    return {"removed": removed}


def _unmount_below(folder: Path, runner: Runner) -> list[str]:
    """What a CRIU that was killed had mounted for itself in the job's folder, innermost first."""
    points = procfs.parse_mount_points(Path("/proc/self/mountinfo").read_text())
    ours = [point for point in reversed(points) if Path(point).is_relative_to(folder)]
    for point in ours:
        runner(["umount", "--lazy", point], check=False)
    return ours


def _volumes_back(folder: Path, runner: Runner) -> list[str]:
    """Volumes that were made for a container that never came, or did not stay."""
    journal = jobs.read(folder)
    made = journal.get("target_container")
    if "volumes" not in journal or (made and containers.find(made, runner)):
        return []
    return volumes.take_back(folder, runner)


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"clean_up": clean_up}
