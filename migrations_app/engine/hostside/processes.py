"""Verbs for bare processes: CRIU's own dump and restore."""

from __future__ import annotations

import os
import shutil
import signal
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from ..tools import criu, procfs
from . import jobs, lazy, restored, tree
from .fields import Fields
from .run import Ran, Runner, start_detached
from .watch import CriuWatch, stopped_probe
from .watched import size_of, watched

# Hosts that boot alike hand out the same low pids, and a pid must be free on the target:
# workloads get theirs from this range, by their name.
PIDS = range(12_000, 30_000)
TAIL_BYTES = 1 << 20
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


def _existing(pid: int) -> procfs.Stat:
    stat = tree.stat_of(pid)
    if stat is None or stat.state == "Z":
        raise NotPossible(f"there is no process {pid}", code="workload-absent")
    return stat


def process_start(fields: Fields, _: Runner) -> dict[str, Any]:
    """Start argv in a session of its own, output into a file below its folder."""
    folder = fields.workloads / fields.name()
    if _alive_in(folder):
        raise NotPossible(f"{fields.name()} runs already", code="workload-exists")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    output = folder / "output"
    output.unlink(missing_ok=True)
    _aim_pid(fields.name())
    pid = start_detached(fields.strings("argv"), output)
    (folder / "pid").write_text(str(pid))
    stat = tree.stat_of(pid)
    if stat is None or stat.state == "Z":
        raise StepFailed(
            output.read_text()[-500:] or "it ended at once", code="workload-start-failed"
        )
    return {"pid": pid, "output": str(output)}


def _alive_in(folder: Path) -> bool:
    """Whether the process that was started or restored in this folder still writes there."""
    try:
        pid = int((folder / "pid").read_text())
        return Path(f"/proc/{pid}/fd/1").readlink() == folder / "output"
    except (OSError, ValueError):
        return False


def _aim_pid(name: str) -> None:
    start = PIDS.start + zlib.crc32(name.encode()) % (len(PIDS) - 1000)
    for pid in range(start, start + 1000):
        if not Path(f"/proc/{pid}").exists():
            try:
                LAST_PID.write_text(str(pid - 1))
            except OSError:
                return  # not ours to set: any pid will do, preflight asks the target
            return


def process_inspect(fields: Fields, _: Runner) -> dict[str, Any]:
    """The tree below pid and what it holds: pids, files, mapped files, where its output goes."""
    root = fields.pid()
    stat = _existing(root)
    pids = procfs.tree_of(root, tree.parents())
    output = tree.link(f"/proc/{root}/fd/1")
    return {
        "pids": pids,
        "name": stat.name,
        "start_ticks": stat.start_ticks,
        "output": output if output and Path(output).is_file() else None,
        "terminal": any(tree.on_terminal(pid) for pid in pids),
        "files": tree.open_files(pids),
        "mapped": _facts(tree.mapped_files(pids)),
        "memory_bytes": tree.memory_bytes(pids),
        "huge_bytes": tree.huge_bytes(pids),
    }


def _facts(paths: list[str]) -> dict[str, int | None]:
    return {path: tree.size(Path(path)) for path in paths}


def files_facts(fields: Fields, _: Runner) -> dict[str, Any]:
    """Size of each file, null where there is none; and which of `pids` are taken here."""
    taken = tree.numbers_in_use()
    return {
        "sizes": {str(path): tree.own_size(path) for path in fields.paths("files")},
        "pids_taken": [pid for pid in fields.pids() if pid in taken],
    }


def process_state(fields: Fields, _: Runner) -> dict[str, Any]:
    """`state`: running, stopped or absent; `start_ticks` tells a reused pid from the old one."""
    stat = tree.stat_of(fields.pid())
    if stat is None or stat.state in "ZX" or not _writes(fields, stat.pid):
        return {"state": "absent", "start_ticks": None}
    state = "stopped" if stat.state in "tT" else "running"
    return {"state": state, "start_ticks": stat.start_ticks}


def _writes(fields: Fields, pid: int) -> bool:
    """Whether pid is still the workload: it writes where the workload writes."""
    if not fields.has("output"):
        return True
    return tree.link(f"/proc/{pid}/fd/1") == str(fields.paths("output")[0])


def process_tail(fields: Fields, _: Runner) -> dict[str, Any]:
    """The last lines of an output file between two offsets, a cut first line left out.

    first: the first lines instead, a cut last line left out.
    """
    (path,) = fields.paths("output")
    size = path.stat().st_size
    low = fields.integer("start", 0, 2**60) if fields.has("start") else 0
    end = min(size, fields.integer("end", 0, 2**60)) if fields.has("end") else size
    wanted = fields.integer("lines", 1, 200_000)
    if fields.flag("first"):
        text = _read(path, low, min(end, low + TAIL_BYTES))
        return {"lines": text[: text.rfind("\n") + 1].splitlines()[:wanted]}
    start = max(low, end - TAIL_BYTES)
    lines = _read(path, start, end).splitlines()
    whole = lines[1:] if start > low else lines
    return {"lines": whole[-wanted:]}


def _read(path: Path, start: int, end: int) -> str:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(max(0, end - start)).decode(errors="replace")


def process_signal(fields: Fields, _: Runner) -> dict[str, Any]:
    fields.choice("signal", "USR1")
    os.kill(fields.pid(), signal.SIGUSR1)
    return {}


def process_dump(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`criu dump`, the tree left stopped; start_ns, end_ns, image_bytes, what the watch saw."""
    pid, folder = fields.pid(), jobs.open_folder(fields.job_folder())
    pids = procfs.tree_of(pid, tree.parents())
    held: dict[str, Any] = {
        "files": tree.open_files(pids),
        "mapped": tree.mapped_files(pids),
    }
    jobs.note(folder, source_pid=pid, output=tree.link(f"/proc/{pid}/fd/1"), **held)
    images, work = folder / "images", folder / "work"
    watch = CriuWatch([work, images], stopped_probe(pid))
    try:
        argv = criu.dump_argv(pid, images, work, fields.adapts())
        seen = watched(watch, _called(argv, fields, runner), "dump")
    except StepFailed:
        tree.let_continue(procfs.tree_of(pid, tree.parents()))
        raise
    # Only now, when all of them stand still: a shell's children come and go until the freeze.
    pids = procfs.tree_of(pid, tree.parents())
    tasks = [tree.identity(pid) for pid in pids]
    jobs.note(folder, dumped=True, source_pids=pids, source_tasks=tasks)
    return {
        **seen,
        "pids": pids,
        "image_bytes": size_of(images),
        "output_size": _output_size(pid),
    }


def _output_size(pid: int) -> int | None:
    output = tree.link(f"/proc/{pid}/fd/1")
    return tree.size(Path(output)) if output and Path(output).is_file() else None


def process_restore(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`criu restore`; pid, start_ns, end_ns and what the watch saw."""
    folder = jobs.open_folder(fields.job_folder())
    images, work = folder / "images", folder / "work"
    free = restored.expect(folder, fields.pids())
    argv = criu.restore_argv(images, work, work / "pid")
    (work / "pid").unlink(missing_ok=True)
    try:
        seen = watched(CriuWatch([work, images]), _called(argv, fields, runner), "restore")
        pid = int((work / "pid").read_text())
    except Exception:
        restored.over(folder)
        raise
    restored.found(folder, free)
    jobs.note(folder, restored=pid)
    return {**seen, "pid": pid}


def _called(argv: list[str], fields: Fields, runner: Runner) -> Callable[[], list[Ran]]:
    return lambda: [runner(argv, limit_s=fields.seconds(), check=False)]


def process_restored(fields: Fields, _: Runner) -> dict[str, Any]:
    """Wait until no restore of this job is under way.

    `pid` of what it restored, or null; `known`: whether the job is in this host's books at all.
    """
    folder = fields.job_folder()
    tree.wait_for_none(lambda: _restoring(folder), fields.seconds())
    journal = jobs.read(folder)
    return {"pid": journal.get("restored"), "known": "target_pids" in journal}


def process_discard(fields: Fields, _: Runner) -> dict[str, Any]:
    """End whatever a failed restore of this job left, so that the source may go on."""
    folder = fields.job_folder()
    tree.kill(_restoring(folder))
    restoring = jobs.read(folder).get("restoring")
    ended = tree.end([restoring]) if restoring else []
    ended += restored.end(folder)
    lazy.end_left(fields.job())
    return {"pids": ended}


def _restoring(folder: Path) -> list[int]:
    """CRIU processes at work on this job's image."""
    return tree.naming(["restore", str(folder / "images")])


def _dumped_tree(folder: Path) -> list[int]:
    """What the dump left stopped; where nobody could write it down, as it stands now."""
    journal = jobs.read(folder)
    noted, root = journal.get("source_pids"), journal.get("source_pid")
    if noted is not None or root is None:
        return list(noted or [])
    return procfs.tree_of(root, tree.parents())


def process_thaw(fields: Fields, _: Runner) -> dict[str, Any]:
    """The way back after a dump: the tree goes on where it was stopped."""
    pids = _dumped_tree(fields.job_folder())
    tree.let_continue(pids)
    return {"pids": pids}


def process_kill(fields: Fields, _: Runner) -> dict[str, Any]:
    """End the dumped tree, and return when its pids are free."""
    pids = _dumped_tree(fields.job_folder())
    tree.kill(pids)
    return {"pids": pids}


def process_end(fields: Fields, _: Runner) -> dict[str, Any]:
    """End a workload and everything below it; fine when it is gone already."""
    if process_state(fields, _)["state"] == "absent":
        return {"ended": False}
    tree.kill(procfs.tree_of(fields.pid(), tree.parents()))
    return {"ended": True}


def process_settle_in(fields: Fields, _: Runner) -> dict[str, Any]:
    """After a restore: remember the pid with the workload's folder, if it has one here."""
    (output,) = fields.paths("output")
    if output.parent.parent == fields.workloads:
        (output.parent / "pid").write_text(str(fields.pid()))
    return {}


def process_forget(fields: Fields, _: Runner) -> dict[str, Any]:
    """Remove the files that left with a workload: its folder, or just those files."""
    removed = []
    for path in fields.paths("files"):
        if path.parent.parent == fields.workloads:
            shutil.rmtree(path.parent, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed.append(str(path))
    return {"removed": removed}


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "files_facts": files_facts,
    "process_dump": process_dump,
    "process_end": process_end,
    "process_forget": process_forget,
    "process_discard": process_discard,
    "process_inspect": process_inspect,
    "process_kill": process_kill,
    "process_restore": process_restore,
    "process_restored": process_restored,
    "process_settle_in": process_settle_in,
    "process_signal": process_signal,
    "process_start": process_start,
    "process_state": process_state,
    "process_tail": process_tail,
    "process_thaw": process_thaw,
}
