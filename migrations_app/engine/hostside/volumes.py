"""Volumes of a container that is to come: made, taken back, compared, removed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible, StepFailed
from . import jobs
from .fields import Fields
from .filestore import remove
from .filetree import Entry, digest, names_in, open_below, open_folder, pieces, scan, summary
from .run import Runner, failed

ANONYMOUS = "com.docker.volume.anonymous"  # so that `docker rm --volumes` takes it along
MOST_COMPARED = 1 << 34  # bytes; to compare more takes longer than anybody waits


def inspect(name: str, runner: Runner) -> dict[str, Any] | None:
    """As `docker volume inspect` has it; None when there is no such volume."""
    ran = runner(["docker", "volume", "inspect", name], check=False, quiet=True)
    if ran.status == 0:
        (found,) = json.loads(ran.out)
        return dict(found)
    if "no such volume" in ran.err.lower():
        return None
    raise failed(ran, code="docker-unavailable")


def existing(name: str, runner: Runner) -> dict[str, Any]:
    found = inspect(name, runner)
    if found is None:
        raise NotPossible(f"there is no volume {name}", code="volume-missing")
    return found


def is_anonymous(volume: Mapping[str, Any]) -> bool:
    return ANONYMOUS in (volume.get("Labels") or {})


def plain(volume: Mapping[str, Any]) -> bool:
    """A folder of the host's, and nothing that a driver or an option makes of it."""
    return volume["Driver"] == "local" and not volume.get("Options")


def volumes_make(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Make the volumes that are not there; `made`: those.

    Journaled before they are made, as all of it goes back when the migration fails.
    """
    folder, wanted = fields.job_folder(), fields.volumes()
    anonymous = set(fields.volumes("anonymous"))
    lacking = [name for name in wanted if inspect(name, runner) is None]
    jobs.note(folder, volumes_made=lacking)
    for name in lacking:
        label = ["--label", f"{ANONYMOUS}="] if name in anonymous else []
        runner(["docker", "volume", "create", *label, name])
    places = {name: existing(name, runner)["Mountpoint"] for name in wanted}
    bare = [name for name, place in places.items() if is_empty(place)]
    jobs.note(folder, volumes=places, volumes_were_empty=bare)
    return {"made": lacking}


def take_back(folder: Path, runner: Runner) -> list[str]:
    """After a failure on the target: what the job made is removed, what it filled is emptied."""
    journal, removed = jobs.read(folder), []
    for name in journal.get("volumes_made", []):
        if runner(["docker", "volume", "rm", name], check=False).status == 0:
            removed.append(f"volume {name}")
    filled = set(journal.get("volumes_were_empty", [])) - set(journal.get("volumes_made", []))
    empty_again(journal.get("volumes", {}), sorted(filled))
    return removed


def remove_volumes(fields: Fields, runner: Runner) -> dict[str, Any]:
    """After a success on the source: what has gone along. `kept`: what somebody else uses."""
    kept = []
    for name in jobs.read(fields.job_folder()).get("volumes_sent", []):
        ran = runner(["docker", "volume", "rm", name], check=False)
        if ran.status != 0 and "no such volume" not in ran.err.lower():
            kept.append(name)
    return {"kept": kept}


def empty_again(places: Mapping[str, str], names: list[str]) -> None:
    """What Docker itself puts into a volume when it makes a container is not the source's."""
    for name in names:
        folder = open_folder(places[name])
        try:
            for one in names_in(folder):
                remove(folder, one)
        finally:
            os.close(folder)


def is_empty(place: str) -> bool:
    folder = open_folder(place)
    try:
        return not names_in(folder)
    finally:
        os.close(folder)


def folder_digest(place: Path) -> str:
    """One checksum of a folder, or of one file, with everything that makes it what it is.

    Raises StepFailed with code `files-failed` for what is neither, or too large to be compared.
    """
    if place.is_file():
        return _file_digest(place)
    try:
        root = open_folder(str(place))
    except OSError as error:
        raise StepFailed(f"{place} cannot be read: {error}", code="files-failed") from error
    try:
        entries = scan(root, {})
        if sum(entry.size for entry in entries.values()) > MOST_COMPARED:
            raise StepFailed(f"{place} is too large to be compared", code="files-failed")
        return summary(entries, {path: _sums(root, path, one) for path, one in entries.items()})
    finally:
        os.close(root)


def _sums(root: int, path: str, entry: Entry) -> list[bytes]:
    if entry.kind != "file":
        return []
    descriptor = open_below(root, path)
    try:
        return [digest(data) for _, data in pieces(descriptor, entry.size)]
    finally:
        os.close(descriptor)


def _file_digest(place: Path) -> str:
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        info = os.fstat(descriptor)
        sums = [digest(data) for _, data in pieces(descriptor, info.st_size)]
        stamp = (info.st_mode, info.st_uid, info.st_gid, info.st_size)
        return digest(repr((stamp, sums)).encode()).hex()
    finally:
        os.close(descriptor)


def volume_digest(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`digest` of what a volume holds."""
    volume = existing(fields.volume(), runner)
    return {"digest": folder_digest(Path(volume["Mountpoint"]))}


def mount_digest(fields: Fields, _: Runner) -> dict[str, Any]:
    """`digest` of a file or folder of the host that is mounted into a container; null: absent."""
    places = fields.paths("path")
    if len(places) != 1:
        raise NotPossible("one path is looked at", code="bad-request")
    (place,) = places
    return {"digest": folder_digest(place) if place.exists() else None}


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "mount_digest": mount_digest,
    "volume_digest": volume_digest,
    "volumes_make": volumes_make,
    "volumes_remove": remove_volumes,
}
