"""Every verb there is; a name that is not here cannot be called."""

from __future__ import annotations

import os
import time
from typing import Any

from ..errors import EngineError
from . import (
    along_source,
    along_target,
    checkpoints,
    cleaning,
    clients,
    containers,
    facts,
    fence,
    fitting,
    jobs,
    left,
    library,
    look,
    machine,
    policy,
    preparing,
    processes,
    redis_data,
    runtime,
    shaping,
    source,
    target,
    transfer,
    tree,
    undoing,
    volumes,
)
from .fields import Fields
from .run import Runner
from .session import Verb

LAST_IMAGE = "inventory.img"  # CRIU writes it when all others are complete


def hello(_: Fields, __: Runner) -> dict[str, Any]:
    root = os.geteuid() == 0
    return {"pid": os.getpid(), "root": root, "boottime_ns": fence.boottime_ns()}


def clock(_: Fields, __: Runner) -> dict[str, Any]:
    """Both clocks of this host, read one after the other, in nanoseconds."""
    return {"monotonic_ns": time.monotonic_ns(), "wall_ns": time.time_ns()}


def journal(fields: Fields, _: Runner) -> dict[str, Any]:
    """The job's journal; `has_image`: whether its image was written to the end here."""
    folder = fields.job_folder()
    return {**jobs.read(folder), "has_image": (jobs.images_out(folder) / LAST_IMAGE).exists()}


def dump_ended(fields: Fields, _: Runner) -> dict[str, Any]:
    """Wait until no dump of this job is under way: one whose caller is gone goes on to its end.

    A container ends with it, so what runs before that says nothing. Raises StepTimedOut.
    """
    folder = fields.job_folder()
    memory = str(jobs.MEMORY / fields.job())
    marks = (
        ["checkpoint", checkpoints.checkpoint_name(fields.job())],
        ["dump", str(folder / "images")],
        ["checkpoint", memory],
    )
    journal = jobs.read(folder)
    us = [os.getpid(), 0]
    keeper, own = journal.get("keeper", us), journal.get("dumping") or us
    if journal.get("asked") and journal.get("lazy") and keeper != us and not tree.lives(keeper):
        # It serves pages that nobody will fetch. Its tasks stand still without it, too.
        tree.end([own])
        tree.kill_all_naming(["checkpoint", memory])
    tree.wait_for_none(
        lambda: [
            *(pid for words in marks for pid in tree.naming(words)),
            *_kept_by(keeper),
            *_kept_by(own),
        ],
        fields.seconds(),
    )
    return {}


def _kept_by(keeper: list[int]) -> list[int]:
    """Another hostside program that still carries out this job's hand-over."""
    return keeper[:1] if keeper[0] != os.getpid() and tree.lives(keeper) else []


def left_behind(fields: Fields, runner: Runner) -> dict[str, Any]:
    """What jobs left on this host: folders of jobs, and checkpoints of ours in Docker's folder."""
    places = (fields.jobs, jobs.MEMORY, runtime.ARMED)
    folders = sorted(str(path) for place in places for path in place.glob("*"))
    try:
        found = checkpoints.all_checkpoints()
    except EngineError:
        found = []  # no Docker here, so none of its checkpoints either
    return {"folders": folders, "checkpoints": found}


VERBS: dict[str, Verb] = {
    "hello": hello,
    "clock": clock,
    "journal": journal,
    "dump_ended": dump_ended,
    "left_behind": left_behind,
    **along_source.VERBS,
    **along_target.VERBS,
    **checkpoints.VERBS,
    **cleaning.VERBS,
    **clients.VERBS,
    **containers.VERBS,
    **machine.VERBS,
    **preparing.VERBS,
    **undoing.VERBS,
    **fitting.VERBS,
    **left.VERBS,
    **policy.VERBS,
    **processes.VERBS,
    **redis_data.VERBS,
    **runtime.VERBS,
    **shaping.VERBS,
    **source.VERBS,
    **target.VERBS,
    **facts.VERBS,
    **library.VERBS,
    **look.VERBS,
    **transfer.VERBS,
    **volumes.VERBS,
}
