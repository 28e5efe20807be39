"""Whether Docker starts a container again by itself: never while it is on its way.

Switched off on the source before the container may end there, noted before that, and set again by
whoever has it at the end; the note outlives a crash of this program and of the host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..tools import docker_create
from . import jobs
from .containers import existing, find
from .fields import Fields
from .run import Runner

WORD = r"no|always|unless-stopped|on-failure(:[0-9]{1,9})?"


def policy_off(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`word`: what it was, as `docker update --restart` takes it."""
    container, folder = existing(fields.name(), runner), fields.job_folder()
    word = docker_create.restart_word(docker_create.restart_policy(container))
    if word != "no":
        jobs.note(folder, restart_word=word, restart_container=container.id)
        runner(docker_create.restart_argv(container.id, "no"))
    return {"word": word}


def policy_back(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Set it on the source again as it was; `word`, null where nothing was switched off."""
    journal = jobs.read(fields.job_folder())
    word, container = journal.get("restart_word"), journal.get("restart_container")
    if word is None or container is None or find(container, runner) is None:
        return {"word": None}
    runner(docker_create.restart_argv(container, word))
    return {"word": word}


def policy_set(fields: Fields, runner: Runner) -> dict[str, Any]:
    """On the target, for the container that has come: as the source's note says."""
    name, word = fields.name(), fields.matching("word", WORD)
    if word != "no":
        runner(docker_create.restart_argv(name, word))
    return {"word": word}


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "policy_back": policy_back,
    "policy_off": policy_off,
    "policy_set": policy_set,
}
