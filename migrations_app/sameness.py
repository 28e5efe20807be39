"""Which runs count as the same, and what they found: configuration and environment of a job.

Pure: values in, plain dictionaries and their digests out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
# What of a host's facts could explain another figure, and where it stands in them.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "kernel": ("kernel",),
    "criu": ("criu", "version"),
    "docker": ("docker", "version"),
    "runc": ("runc",),
    "cpu": ("cpu_model",),
}
VERSIONED = ("kernel", "criu", "docker", "runc")  # changes of these are marked in the history
PROGRAM = "program"
SIDES = ("source", "target")


def digest_of(values: Json) -> str:
    """The same for the same values, whatever their order."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def versions_of(report: Json, *, source: str, target: str) -> dict[str, str]:
    """{"program": …, "source.host": …, "source.kernel": …}: what is known, nothing else."""
    environment: Json = report.get("environment") or {}
    known = {PROGRAM: environment.get("engine_version")}
    for side, host in zip(SIDES, (source, target), strict=True):
        facts = environment.get(side) or {}
        known[f"{side}.host"] = host
        known |= {f"{side}.{name}": _at(facts, path) for name, path in COMPONENTS.items()}
    return {name: str(value) for name, value in known.items() if value}


def _at(facts: Json, path: tuple[str, ...]) -> Any:
    found: Any = facts
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
