"""Memory and descriptors over time: of this program and of each host."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrations_app.bench.stage import Station

# Of all processes but the workloads: resident KiB, and open descriptors.
LOOK = """\
memory=0 open=0
for process in /proc/[0-9]*; do
    case $(cat "$process/comm" 2>/dev/null) in
        migration-lab-*|busybox|bash|sshd-session|'') continue ;;
    esac
    kib=$(sed -n 's/^VmRSS:[[:space:]]*\\([0-9]*\\).*/\\1/p' "$process/status" 2>/dev/null)
    memory=$((memory + ${kib:-0}))
    open=$((open + $(ls "$process/fd" 2>/dev/null | wc -l)))
done
echo "$memory $open"
"""
FEWEST = 8  # samples, for a first and a last quarter to say something
FLAT_FACTOR, FLAT_KIB, FLAT_OPEN = 1.2, 20 * 1024, 20


@dataclass(frozen=True)
class Sample:
    minute: float
    name: str  # "controller", or the host's
    kib: int
    descriptors: int


def sample_host(station: Station, minute: float) -> Sample:
    kib, descriptors = map(int, station.shell.run(LOOK).split())
    return Sample(minute, station.host.name, kib, descriptors)


def sample_self(minute: float) -> Sample:
    own = Path("/proc/self")
    lines = own.joinpath("status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return Sample(minute, "controller", kib, len(list(own.joinpath("fd").iterdir())))


@dataclass(frozen=True)
class Trend:
    """Medians of the first and the last quarter."""

    name: str
    kib: tuple[float, float]
    descriptors: tuple[float, float]

    @property
    def flat(self) -> bool:
        """Neither grew by more than a fifth, or by what the programs' own buffers take."""
        return _flat(self.kib, FLAT_KIB) and _flat(self.descriptors, FLAT_OPEN)


def _flat(ends: tuple[float, float], slack: float) -> bool:
    first, last = ends
    return last <= max(first * FLAT_FACTOR, first + slack)


def trends(samples: Sequence[Sample]) -> list[Trend]:
    """One for each name with enough samples, in the order in which they first appear."""
    names = dict.fromkeys(sample.name for sample in samples)
    grouped = [[one for one in samples if one.name == name] for name in names]
    return [_trend(group) for group in grouped if len(group) >= FEWEST]


def _trend(group: Sequence[Sample]) -> Trend:
    quarter = len(group) // 4
    first, last = group[:quarter], group[-quarter:]
    kib = tuple(statistics.median(one.kib for one in part) for part in (first, last))
    open_files = tuple(statistics.median(one.descriptors for one in part) for part in (first, last))
    return Trend(group[0].name, (kib[0], kib[1]), (open_files[0], open_files[1]))
