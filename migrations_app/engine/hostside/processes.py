"""Verbs for bare processes: CRIU's own dump and restore."""

from __future__ import annotations

import os
import shutil
import signal
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed, StepTimedOut
from ..tools import criu, procfs
from . import jobs
from .containers import size_of
from .fields import WORKLOADS, Fields
from .run import Runner, failed, start_detached
from .watch import CriuWatch, stopped_probe

# Hosts that boot alike hand out the same low pids, and a pid must be free on the target:
# workloads get theirs from this range, by their name.
PIDS = range(12_000, 30_000)
TAIL_BYTES = 1 << 20
SETTLED_S = 5.0
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        stat = stat_of(int(folder.name)) if folder.name.isdigit() else None
        if stat:
            found[stat.pid] = stat.parent
    return found


def stat_of(pid: int) -> procfs.Stat | None:
    try:
        return procfs.parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except OSError:
        return None


def _existing(pid: int) -> procfs.Stat:
    stat = stat_of(pid)
    if stat is None or stat.state == "Z":
        raise NotPossible(f"there is no process {pid}", code="workload-absent")
    return stat


def process_start(fields: Fields, _: Runner) -> dict[str, Any]:
    """Start argv in a session of its own, output into a file below its folder."""
    folder = WORKLOADS / fields.name()
    if _alive_in(folder):
        raise NotPossible(f"{fields.name()} runs already", code="workload-exists")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    output = folder / "output"
    output.unlink(missing_ok=True)
    _aim_pid(fields.name())
    pid = start_detached(fields.strings("argv"), output)
    (folder / "pid").write_text(str(pid))
    stat = stat_of(pid)
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
    pids = procfs.tree_of(root, _parents())
    output = _link(f"/proc/{root}/fd/1")
    return {
        "pids": pids,
        "name": stat.name,
        "start_ticks": stat.start_ticks,
        "output": output if output and Path(output).is_file() else None,
        "terminal": any(_on_terminal(pid) for pid in pids),
        "files": _open_files(pids),
        "mapped": _facts(_mapped_files(pids)),
    }


def _link(path: str) -> str | None:
    try:
        return str(Path(path).readlink())
    except OSError:
        return None


def _descriptors(pid: int) -> list[str]:
    try:
        links = (_link(str(entry)) for entry in Path(f"/proc/{pid}/fd").iterdir())
        return [link for link in links if link]
    except OSError:
        return []


def _on_terminal(pid: int) -> bool:
    return any(link.startswith(("/dev/pts/", "/dev/tty")) for link in _descriptors(pid))


def _open_files(pids: list[int]) -> list[str]:
    """Regular files that the tree has open, each once: they have to be the same on the target."""
    links = {link for pid in pids for link in _descriptors(pid) if link.startswith("/")}
    return sorted(link for link in links if Path(link).is_file())


def _mapped_files(pids: list[int]) -> list[str]:
    maps = (_map_text(pid) for pid in pids)
    return sorted({path for text in maps for path in procfs.parse_mapped_files(text)})


def _map_text(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return ""


def _facts(paths: list[str]) -> dict[str, int | None]:
    return {path: _size(Path(path)) for path in paths}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def files_facts(fields: Fields, _: Runner) -> dict[str, Any]:
    """Size of each file, null where there is none; and which of `pids` are taken here."""
    pids = [int(pid) for pid in fields.strings("pids", most=4096)]
    return {
        "sizes": _facts([str(path) for path in fields.paths("files")]),
        "pids_taken": [pid for pid in pids if Path(f"/proc/{pid}").exists()],
    }


def process_state(fields: Fields, _: Runner) -> dict[str, Any]:
    """`state`: running, stopped or absent; `start_ticks` tells a reused pid from the old one."""
    stat = stat_of(fields.pid())
    if stat is None or stat.state in "ZX" or not _writes(fields, stat.pid):
        return {"state": "absent", "start_ticks": None}
    state = "stopped" if stat.state in "tT" else "running"
    return {"state": state, "start_ticks": stat.start_ticks}


def _writes(fields: Fields, pid: int) -> bool:
    """Whether pid is still the workload: it writes where the workload writes."""
    if not fields.has("output"):
        return True
    return _link(f"/proc/{pid}/fd/1") == str(fields.paths("output")[0])


def process_tail(fields: Fields, _: Runner) -> dict[str, Any]:
    """The last lines of an output file between two offsets, a cut first line left out."""
    (path,) = fields.paths("output")
    size = path.stat().st_size
    low = fields.integer("start", 0, 2**60) if fields.has("start") else 0
    end = min(size, fields.integer("end", 0, 2**60)) if fields.has("end") else size
    start = max(low, end - TAIL_BYTES)
    with path.open("rb") as file:
        file.seek(start)
        lines = file.read(max(0, end - start)).decode(errors="replace").splitlines()
    whole = lines[1:] if start > low else lines
    return {"lines": whole[-fields.integer("lines", 1, 200_000) :]}


def process_signal(fields: Fields, _: Runner) -> dict[str, Any]:
    fields.choice("signal", "USR1")
    os.kill(fields.pid(), signal.SIGUSR1)
    return {}


def process_dump(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`criu dump`, the tree left stopped; start_ns, end_ns, image_bytes, what the watch saw."""
    pid, folder = fields.pid(), jobs.open_folder(fields.job_folder())
    pids = procfs.tree_of(pid, _parents())
    held = {"files": _open_files(pids), "mapped": _mapped_files(pids)}
    jobs.note(folder, source_pid=pid, source_pids=pids, output=_link(f"/proc/{pid}/fd/1"), **held)
    images, work = folder / "images", folder / "work"
    watch = CriuWatch([work, images], stopped_probe(pid))
    with watch:
        ran = runner(criu.dump_argv(pid, images, work), limit_s=fields.seconds(), check=False)
    seen = watch.result()
    watch.close()
    if ran.status != 0:
        _continue(_journal_pids(folder))
        raise _explained(ran, seen["log"], "dump-failed")
    jobs.note(folder, dumped=True)
    return {
        **seen,
        "start_ns": ran.start_ns,
        "end_ns": ran.end_ns,
        "image_bytes": size_of(images),
        "output_size": _output_size(pid),
    }


def _output_size(pid: int) -> int | None:
    output = _link(f"/proc/{pid}/fd/1")
    return _size(Path(output)) if output and Path(output).is_file() else None


def process_restore(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`criu restore`; pid, start_ns, end_ns and what the watch saw."""
    folder = jobs.open_folder(fields.job_folder())
    images, work = folder / "images", folder / "work"
    jobs.note(folder, target_pids=[int(pid) for pid in fields.strings("pids", most=4096)])
    argv = criu.restore_argv(images, work, work / "pid")
    (work / "pid").unlink(missing_ok=True)
    watch = CriuWatch([work, images])
    with watch:
        ran = runner(argv, limit_s=fields.seconds(), check=False)
    seen = watch.result()
    watch.close()
    if ran.status != 0:
        raise _explained(ran, seen["log"], "restore-failed")
    pid = int((work / "pid").read_text())
    jobs.note(folder, restored=pid)
    return {**seen, "pid": pid, "start_ns": ran.start_ns, "end_ns": ran.end_ns}


def process_restored(fields: Fields, _: Runner) -> dict[str, Any]:
    """Wait until no restore of this job is under way; `pid` of what it restored, or null."""
    folder = fields.job_folder()
    deadline = time.monotonic() + fields.seconds()
    while _restoring(folder):
        if time.monotonic() > deadline:
            raise StepTimedOut("a restore is still under way", code="restore-under-way")
        time.sleep(0.01)
    return {"pid": jobs.read(folder).get("restored")}


def process_discard(fields: Fields, _: Runner) -> dict[str, Any]:
    """End whatever a failed restore of this job left, so that the source may go on."""
    folder = fields.job_folder()
    _kill(_restoring(folder))
    pids = jobs.read(folder).get("target_pids", [])
    _kill(pids)
    return {"pids": pids}


def _restoring(folder: Path) -> list[int]:
    """CRIU processes at work on this job's image."""
    mark = str(folder / "images").encode()
    return [pid for pid in _parents() if mark in _command_line(pid)]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _explained(ran: Any, log: str, code: str) -> StepFailed:
    error = failed(ran, code=code, excerpt=criu.excerpt(log))
    error.message = criu.first_error(log) or error.message
    return error


def _journal_pids(folder: Path) -> list[int]:
    return list(jobs.read(folder).get("source_pids", []))


def _continue(pids: list[int]) -> None:
    """Let stopped processes go on: children first, as a shell watches its own."""
    for pid in reversed(pids):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            continue


def process_thaw(fields: Fields, _: Runner) -> dict[str, Any]:
    """The way back after a dump: the tree goes on where it was stopped."""
    pids = _journal_pids(fields.job_folder())
    _continue(pids)
    return {"pids": pids}


def process_kill(fields: Fields, _: Runner) -> dict[str, Any]:
    """End the dumped tree, and return when its pids are free."""
    pids = _journal_pids(fields.job_folder())
    _kill(pids)
    return {"pids": pids}


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + SETTLED_S
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > deadline:
            raise StepTimedOut(f"processes {pids} did not end", code="kill-failed")
        time.sleep(0.001)


def process_end(fields: Fields, _: Runner) -> dict[str, Any]:
    """End a workload and everything below it; fine when it is gone already."""
    if process_state(fields, _)["state"] == "absent":
        return {"ended": False}
    _kill(procfs.tree_of(fields.pid(), _parents()))
    return {"ended": True}


def process_settle_in(fields: Fields, _: Runner) -> dict[str, Any]:
    """After a restore: remember the pid with the workload's folder, if it has one here."""
    (output,) = fields.paths("output")
    if output.parent.parent == WORKLOADS:
        (output.parent / "pid").write_text(str(fields.pid()))
    return {}


def process_forget(fields: Fields, _: Runner) -> dict[str, Any]:
    """Remove the files that left with a workload: its folder, or just those files."""
    removed = []
    for path in fields.paths("files"):
        if path.parent.parent == WORKLOADS:
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
