"""Carries out one step of preparing this host, and lets its output be read while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from ..tools import preparing
from ..tools.preparing import Archives, Command, Edit, Step
from . import jobs, runtime, selftest, undoing
from .facts import facts as read_facts
from .fields import Fields
from .run import Runner, run_into

OUTPUT_CHUNK = 60_000


def prepare_step(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Run the commands of one step, in order, until one fails; its output goes into a file.

    `commands`: what was agreed to. Raises NotPossible with code `plan-changed` when the facts
    make it other commands by now, StepFailed with a code of tools.preparing.SAID.
    """
    step = _planned(fields, runner)
    agreed = [list(words) for words in fields.mapping("agreed").get("commands", [])]
    if agreed != step.commands:
        raise NotPossible("the commands are not those agreed to", code="plan-changed")
    log = _log(fields)
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log.write_text("")
    for action in step.actions:
        _carry_out(action, step.name, log, runner, fields.seconds())
    return {"step": step.name}


def prepare_output(fields: Fields, _: Runner) -> dict[str, Any]:
    """What the step has written from `offset` on."""
    log, offset = _log(fields), fields.integer("offset", 0, 2**31)
    if not log.exists():
        return {"text": "", "offset": 0}
    with log.open("rb") as file:
        file.seek(offset)
        data = file.read(OUTPUT_CHUNK)
    return {"text": data.decode(errors="replace"), "offset": offset + len(data)}


def _planned(fields: Fields, runner: Runner) -> Step:
    name = fields.choice("step", *preparing.STEPS)
    sources = fields.mapping("archives")
    try:
        archives = Archives(
            docker=str(sources.get("docker", "")),
            criu=str(sources.get("criu", "")),
            docker_packages=tuple(map(str, sources.get("docker_packages", ()))),
        )
    except ValueError as error:
        raise NotPossible(str(error), code="bad-request") from error
    steps = preparing.plan(read_facts(fields, runner), archives)
    step = next(step for step in steps if step.name == name)
    if step.obstacle:
        raise NotPossible(f"{name} can't be run: {step.obstacle}", code="plan-changed")
    return step


def _log(fields: Fields) -> Path:
    return fields.jobs.parent / "preparing" / f"{fields.choice('step', *preparing.STEPS)}.log"


def _carry_out(
    action: Edit | Command, name: str, log: Path, runner: Runner, limit_s: float
) -> None:
    with log.open("a") as file:
        file.write(f"$ {' '.join(action.words)}\n")
    if isinstance(action, Edit):
        _edit(action, name)
    elif name == preparing.SELF_TEST:
        with log.open("a") as file:
            file.write(selftest.run(jobs.MEMORY.parent, runner) + "\n")
    else:
        _run(action, log, limit_s)


def _run(action: Command, log: Path, limit_s: float) -> None:
    before = log.stat().st_size
    status = run_into(action.argv, log, limit_s=limit_s)
    if status != 0:
        said = log.read_bytes()[before:].decode(errors="replace")
        message = f"{' '.join(action.argv[:6])} ended with {status}"
        raise StepFailed(message, code=preparing.code_of(said), log_excerpt=said[-1500:])


def _edit(edit: Edit, name: str) -> None:
    path = Path(edit.path)
    if path == runtime.PROGRAM:
        if not runtime.is_current():
            runtime.write(path, runtime.text(), 0o755)
    elif path == runtime.DAEMON_JSON:
        _edit_daemon_json(path, json.loads(edit.sets))
        if name == preparing.RUNTIME:
            runtime.have_docker_know(Runner())
    elif name == preparing.KERNEL:
        runtime.write(path, undoing.kernel_lines(undoing.kernel_now()).encode(), 0o644)
    else:
        runtime.write(path, f"{edit.sets}\n".encode(), 0o644)


def _edit_daemon_json(path: Path, changes: Mapping[str, Any]) -> None:
    """Keep the file as it was before the first change of ours beside it."""
    old = path.read_text() if path.exists() else ""
    try:
        fresh = preparing.merged(old, changes)
    except ValueError as error:
        message = f"{path} is not what Docker reads: {error}; it was left as it is"
        raise StepFailed(message, code="docker-config-unreadable") from error
    if path.exists() and json.loads(old or "{}") == json.loads(fresh):
        return
    if not undoing.BACKUP.exists():
        runtime.write(undoing.BACKUP, old.encode(), 0o644)
    runtime.write(path, fresh.encode(), 0o644)


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "prepare_step": prepare_step,
    "prepare_output": prepare_output,
}
