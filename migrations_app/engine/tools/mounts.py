"""Tables of mounts: text in, places out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    point: str
    root: str  # what of the file system is mounted there
    kind: str  # of file system
    source: str
    options: Mapping[str, str]  # of the file system itself


def parse_mounts(mountinfo: str) -> list[Mount]:
    """`/proc/PID/mountinfo` in its order (proc_pid_mountinfo(5))."""
    return [_mount(line) for line in mountinfo.splitlines() if " - " in line]


def _mount(line: str) -> Mount:
    head, _, tail = line.partition(" - ")
    before, after = head.split(" "), tail.split(" ")
    pairs = (option.partition("=") for option in after[2].split(","))
    options = {name: _plain(value) for name, _, value in pairs}
    return Mount(_plain(before[4]), _plain(before[3]), after[0], _plain(after[1]), options)


def _plain(text: str) -> str:
    """The kernel writes spaces and the like as three octal digits."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)


def upper_of(mounts: list[Mount]) -> str | None:
    """The writable layer below the root of a container, by the container's own table."""
    roots = [one for one in mounts if one.point == "/"]
    return roots[-1].options.get("upperdir") if roots else None


def mounted_over(mounts: list[Mount], upper: str) -> str | None:
    """Where the overlay with this writable layer is mounted."""
    points = [one.point for one in mounts if one.options.get("upperdir") == upper]
    return points[-1] if points else None


def parse_upper_of_snapshot(output: str) -> str | None:
    """`ctr snapshots mounts /PLACE KEY`: the writable layer in the command that it prints."""
    found = re.search(r"[ ,]upperdir=([^,\s]+)", output)
    return found[1] if found else None


def parse_written_through_memory(maps: str) -> list[str]:
    """`/proc/PID/maps`: files that a task may change without a call, each once."""
    fields = (line.split(maxsplit=5) for line in maps.splitlines())
    shared = (one[5] for one in fields if len(one) == 6 and one[1][1] == "w" and one[1][3] == "s")
    return sorted({path for path in shared if path.startswith("/")})


def tree_of(path: str, volumes: Mapping[str, str]) -> tuple[str, str] | None:
    """Which tree a container's path lies in, and where in it.

    volumes: place in the container by tree name. None: somewhere else (a tmpfs, a bind mount is
    for the caller to leave out by naming it with an empty name).
    """
    best = max(
        (place for place in volumes.values() if path == place or path.startswith(f"{place}/")),
        key=len,
        default=None,
    )
    if best is None:
        return "root", path.lstrip("/")
    name = next(name for name, place in volumes.items() if place == best)
    return (name, path[len(best) :].lstrip("/")) if name else None
