"""What changed between two looks at a host: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# What is another at every look without anything having happened.
PASSING = frozenset(
    {
        "disk_free_mib",
        "disks_free_mib",
        "shm_free_mib",
        "criu.check_output",
        "criu.check_all_output",
        "time_offset_ms",
        "round_trips_ms",
        "docker.error",
    }
)
# What charts mark: another version may mean other figures.
VERSIONS = (
    "distribution",
    "kernel",
    "criu.version",
    "docker.version",
    "runc",
    "podman",
    "python",
    "cpu_model",
)


def flat(facts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Each fact by its dotted name; lists are one fact. A null part has none of its own facts."""
    for name, value in facts.items():
        path = f"{before}{name}"
        if path in PASSING:
            continue
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}.")
        else:
            yield path, value


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    """By dotted name [before, after]; null where it was not there."""
    former, latter = dict(flat(old)), dict(flat(new))
    names = sorted({*former, *latter})
    return {
        name: [former.get(name), latter.get(name)]
        for name in names
        if former.get(name) != latter.get(name)
    }


def of_versions(changed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Those that can make figures others."""
    return {name: changed[name] for name in VERSIONS if name in changed}
