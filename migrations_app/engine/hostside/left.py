"""What a job could not remove at its end, because its host did not answer then: removed later.

Later may be days later, and the workload may have come back meanwhile under its old name and with
its old pid. So nothing goes by its name alone: the original is the container with the id, or the
processes with the pids and starts, that the journal has, and only while it stands still; what the
job made as a target goes by the same rule. Nothing that runs is ended here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from . import checkpoints, jobs, processes, silence, tree
from .cleaning import clean_up
from .containers import find, remove
from .fields import Fields
from .freezer import Freezer
from .run import Runner

LEFT_RUNS = "left-runs"


def left_remove(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Bring the job to its end on this host; `removed`, and `kept`: volumes that stay.

    half: which the host had in the job. ended_here: the workload is here since, or was then.
    copied: the original goes on beside its copy. Raises StepFailed with code `left-runs` where
    something that should stand still runs: a person must have let it go on.
    """
    half = fields.choice("half", "source", "target")
    told: dict[str, list[str]] = {"removed": [], "kept": []}
    if not fields.flag("ended_here"):
        told = _source(fields, runner) if half == "source" else _target(fields, runner)
    told["removed"] += clean_up(fields, runner)["removed"]
    return told


def _source(fields: Fields, runner: Runner) -> dict[str, list[str]]:
    journal = jobs.read(fields.job_folder())
    container = journal.get("container") or journal.get("source_container")
    copied = fields.flag("copied")
    if container:
        return _original_container(container, journal, runner, fields, copied=copied)
    return _original_processes(journal, fields, copied=copied)


def _original_container(
    container: str, journal: Mapping[str, Any], runner: Runner, fields: Fields, *, copied: bool
) -> dict[str, list[str]]:
    """By its id. Its named volumes stay: nobody has looked whether all of them arrived."""
    found = find(container, runner)
    kept = [] if copied else list(journal.get("volumes_sent") or [])
    if found is None:
        return {"removed": [], "kept": []}
    freezer = Freezer(found.pid) if found.pid else None
    if copied:
        _let_go_on(freezer, found.pid, fields, runner)
        return {"removed": [], "kept": []}
    if freezer is not None and not freezer.frozen():
        raise StepFailed(f"the original, container {container[:12]}, runs", code=LEFT_RUNS)
    remove(found, runner, fields.seconds())
    return {"removed": [f"container {container[:12]}"], "kept": kept}


def _let_go_on(freezer: Freezer | None, pid: int, fields: Fields, runner: Runner) -> None:
    if freezer is None or not freezer.frozen():
        return
    if silence.is_own(pid):
        silence.be_heard(silence.of_process(pid), fields.job(), runner, must=False)
    freezer.thaw()


def _original_processes(
    journal: Mapping[str, Any], fields: Fields, *, copied: bool
) -> dict[str, list[str]]:
    alive = [one for one in journal.get("source_tasks", []) if tree.lives(one)]
    pids = [pid for pid, _ in alive]
    if copied:
        tree.let_continue([pid for pid in pids if _stands(pid)])
        return {"removed": [], "kept": []}
    running = [pid for pid in pids if not _stands(pid)]
    if running:
        raise StepFailed(f"processes {running} of the original run", code=LEFT_RUNS)
    ended = [f"process {pid}" for pid in tree.end(alive)]
    mapped = journal.get("mapped", [])
    files = [path for path in journal.get("files", []) if path not in mapped]
    return {"removed": ended + _forget(files, fields), "kept": []}


def _stands(pid: int) -> bool:
    stat = tree.stat_of(pid)
    return stat is None or stat.state in "tTZX"


def _forget(files: list[str], fields: Fields) -> list[str]:
    """Those that nobody has open: the workload may be back, and write to them."""
    in_use = set(tree.open_files(list(tree.parents())))
    free = [path for path in files if Path(path).exists() and path not in in_use]
    return list(processes.process_forget(fields.but(files=free), Runner())["removed"])


def _target(fields: Fields, runner: Runner) -> dict[str, list[str]]:
    """The workload stayed on the source: what was made for it here goes, by id and by start."""
    folder = fields.job_folder()
    journal = jobs.read(folder)
    name, made = journal.get("target_container_name"), journal.get("target_container")
    removed = []
    if name and _is_the_jobs(name, made, runner):
        removed.append(f"container {name}")
        checkpoints.container_discard(fields.but(name=name), runner)
    removed += [f"process {pid}" for pid in processes.process_discard(fields, runner)["pids"]]
    return {"removed": removed + _forget(journal.get("files", []), fields), "kept": []}


def _is_the_jobs(name: str, made: str | None, runner: Runner) -> bool:
    """Whether what has the name is what the job created. Without its id: only if it never ran."""
    found = find(name, runner)
    if found is None:
        return made is not None  # what was begun with its id may be there without it
    return found.id == made if made else found.status == "created"


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {"left_remove": left_remove}
