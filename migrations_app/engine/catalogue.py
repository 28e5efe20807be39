"""The workloads that come with the program: parameters in ranges, how they start, their proof.

A process and a container of one type run the same command; a container runs it from `image`.
Both programs are on every prepared host: busybox, and our own `migration-lab-memory`
(lab/programs/memory.c, static).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import NotPossible
from .plan import ProofKind

MEMORY_PROGRAM = "/usr/local/bin/migration-lab-memory"
COUNTER_SCRIPT = 'i=0; while true; do echo "$i"; i=$((i+1)); sleep "$1"; done'


@dataclass(frozen=True)
class Parameter:
    """An integer in a closed range; `unit` as in a metric's name."""

    name: str
    unit: str
    default: int
    minimum: int
    maximum: int

    def checked(self, value: object) -> int:
        """The value as an int in range. Raises NotPossible with code `bad-parameter`."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise NotPossible(f"{self.name} must be a whole number", code="bad-parameter")
        if not self.minimum <= value <= self.maximum:
            raise NotPossible(
                f"{self.name} must be from {self.minimum} to {self.maximum} {self.unit}",
                code="bad-parameter",
            )
        return value


@dataclass(frozen=True)
class WorkloadType:
    name: str
    image: str
    proof: ProofKind
    parameters: tuple[Parameter, ...]

    def checked(self, values: Mapping[str, object]) -> dict[str, int]:
        """Every parameter with its value or default. Raises NotPossible for one unknown."""
        unknown = set(values) - {p.name for p in self.parameters}
        if unknown:
            raise NotPossible(f"unknown parameter: {min(unknown)}", code="bad-parameter")
        return {p.name: p.checked(values.get(p.name, p.default)) for p in self.parameters}

    def argv(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """The command, as a list; values are checked first."""
        return _ARGV[self.name](self.checked(values))


def _counter_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    return (
        "/bin/busybox",
        "sh",
        "-c",
        COUNTER_SCRIPT,
        "counter",
        f"{values['interval_ms'] / 1000:g}",
    )


def _memory_argv(values: Mapping[str, int]) -> tuple[str, ...]:
    return (
        MEMORY_PROGRAM,
        "--mebibytes",
        str(values["memory_mib"]),
        "--dirty-pages-per-second",
        str(values["dirty_pages_per_s"]),
        "--interval-ms",
        str(values["interval_ms"]),
    )


_ARGV = {"counter": _counter_argv, "memory": _memory_argv}

COUNTER = WorkloadType(
    name="counter",
    image="busybox:latest",
    proof=ProofKind.SEQUENCE,
    parameters=(Parameter("interval_ms", "ms", default=1000, minimum=10, maximum=60_000),),
)
MEMORY = WorkloadType(
    name="memory",
    image="migration-lab/memory:1",
    proof=ProofKind.MEMORY,
    parameters=(
        Parameter("memory_mib", "MiB", default=64, minimum=1, maximum=4096),
        Parameter("dirty_pages_per_s", "pages/s", default=0, minimum=0, maximum=100_000),
        Parameter("interval_ms", "ms", default=1, minimum=1, maximum=1000),
    ),
)
CATALOGUE: dict[str, WorkloadType] = {t.name: t for t in (COUNTER, MEMORY)}
