"""Making a bare host ready, a step at a time, and what is around a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .clocks import measure
from .hosts.base import Host, call
from .tools.preparing import Archives

STEP_S = 1800.0  # Docker over a slow line


def prepare_step(
    host: Host, *, name: str, agreed: Sequence[Sequence[str]], archives: Archives
) -> dict[str, Any]:
    """Run one step of tools.preparing.plan; `agreed`: its commands, as somebody said yes to them.

    Raises NotPossible with code `plan-changed`, StepFailed with what apt or CRIU failed for.
    """
    params = {
        "step": name,
        "agreed": {"commands": [list(words) for words in agreed]},
        "archives": {
            "docker": archives.docker,
            "criu": archives.criu,
            "docker_packages": list(archives.docker_packages),
        },
    }
    return call(host, "prepare_step", params, timeout_s=STEP_S)


def prepare_output(host: Host, *, name: str, offset: int) -> tuple[str, int]:
    """What the step has written since `offset`, and the next one; while it runs, too."""
    found = call(host, "prepare_output", {"step": name, "offset": offset}, timeout_s=10)
    return str(found["text"]), int(found["offset"])


def undo_step(host: Host, *, name: str) -> dict[str, Any]:
    """Take back what a step wrote. Raises StepFailed with code `nothing-to-undo`."""
    return call(host, "prepare_undo", {"step": name}, timeout_s=60)


def look_around(host: Host, peers: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    """Its clock against ours, and the round trip to others by name (address and port); in ms.

    Null where a peer does not answer there.
    """
    clock = measure(host)
    asked = [[name, address, port] for name, (address, port) in peers.items()]
    found = call(host, "round_trips", {"peers": {"of": asked}}, timeout_s=30)
    return {
        "time_offset_ms": round(clock.wall_offset_ns / 1e6, 2),
        "time_offset_uncertainty_ms": round(clock.uncertainty_ns / 1e6, 2),
        "round_trips_ms": found["round_trips_ms"],
    }
