"""A folder per job on the host: images, CRIU's work files, and a journal of what was made.

The journal is what clean-up and settlement go by after a crash, so it is written before the
thing that it names is made.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

from ..errors import StepFailed

# Images that are never to touch a disk: a folder per job, in memory.
MEMORY = Path("/dev/shm/migration-lab")  # noqa: S108  root's alone, see memory_folder


def memory_folder(job: str) -> Path:
    """The job's folder in memory, made readable by root alone: images hold a process's memory."""
    MEMORY.mkdir(mode=0o700, exist_ok=True)
    if MEMORY.is_symlink() or MEMORY.stat().st_uid != os.getuid():
        raise StepFailed(f"{MEMORY} is somebody else's", code="memory-folder-taken")
    folder = MEMORY / job
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def open_folder(folder: Path) -> Path:
    """Make the job's folder and its two parts, readable by root alone: images hold memory."""
    for part in (folder, folder / "images", folder / "work"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


_writing = threading.Lock()


def note(folder: Path, *, durable: bool = True, **entries: Any) -> None:
    """Add entries to the job's journal; on the disk before this returns.

    Not durable: it outlives this program, but not the kernel. Enough for what is void after a
    crash of the host anyway, and quick enough for the stop window. It begins no job anew: a program
    that stood still may go on when its job was settled without it, and cleaned up.
    """
    if not durable and not folder.is_dir():
        return
    with _writing:
        _write(folder, entries, durable)


def _write(folder: Path, entries: dict[str, Any], durable: bool) -> None:
    open_folder(folder)
    journal = {**read(folder), **entries}
    fresh = folder / "journal.json.new"
    with fresh.open("w") as file:
        json.dump(journal, file)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(folder / "journal.json")


def read(folder: Path) -> dict[str, Any]:
    """The job's journal; empty when it was never here."""
    try:
        found: dict[str, Any] = json.loads((folder / "journal.json").read_text())
    except FileNotFoundError:
        return {}
    return found


def images_out(folder: Path) -> Path:
    """Where this host, as source, has the job's image: Docker keeps it at a place of its own."""
    return Path(read(folder).get("images_out") or folder / "images")


def images_in(folder: Path) -> Path:
    """Where this host, as target, wants the job's image."""
    return Path(read(folder).get("images_in") or folder / "images")


def remove_folder(folder: Path) -> bool:
    """Remove the job's folder and what it has in memory; whether there was anything."""
    places = [place for place in (folder, MEMORY / folder.name) if place.is_dir()]
    for place in places:
        shutil.rmtree(place)
    return bool(places)
