"""What the stop time should be: bytes left over bandwidth, plus a floor.

    stop time = V / B + floor

V: bytes still to be sent when the workload is frozen. B: bandwidth of the link. floor: what freeze,
dump of everything but memory, hand-over and restore take however little memory there is.

The two parts are those of Liu et al., "Performance and energy modeling for live migration of
virtual machines", HPDC 2011 (T_down = T_n + T_resume), where the nth pre-copy round leaves
V_n = M · λ^n, with λ = D / B: of what was sent in a round, as much is dirty again as the workload
writes (D bytes/s) while it is sent. Where λ ≥ 1 the rounds gain nothing and all of M is left: an
upper bound, since no more than the writable working set is ever dirty (Clark et al., "Live
Migration of Virtual Machines", NSDI 2005), which is not known beforehand.

| strategy | V |
|---|---|
| cold, stop-and-copy | M: all memory |
| pre-copy | M · λ^n after n rounds where λ < 1, else M |
| post-copy, hybrid | 0: the pages follow while it runs |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from migrations_app.engine.plan import Strategy

MIB = 2**20
BITS = 8
ALL_MEMORY = (Strategy.COLD, Strategy.STOP_AND_COPY)
ROUNDS = 3  # of pre-copy, where a caller does not say: after that the stop rules usually hold


@dataclass(frozen=True)
class Link:
    """`bandwidth_mbit_s` is what memory can be sent with; 1 Mbit/s is 10^6 bit/s."""

    bandwidth_mbit_s: float

    @property
    def mib_per_s(self) -> float:
        return self.bandwidth_mbit_s * 1e6 / BITS / MIB


@dataclass(frozen=True)
class Theory:
    """What is held fixed while one factor changes; `floor_ms` from the runs themselves."""

    strategy: str
    floor_ms: float
    memory_mib: float
    bandwidth_mbit_s: float
    dirty_mib_s: float = 0.0
    rounds: int = ROUNDS


def bytes_left_mib(theory: Theory) -> float:
    """MiB still to be sent when the workload is frozen."""
    if theory.strategy in ALL_MEMORY:
        return theory.memory_mib
    if theory.strategy != Strategy.PRE_COPY:
        return 0.0
    again = theory.dirty_mib_s / Link(theory.bandwidth_mbit_s).mib_per_s
    return float(theory.memory_mib * min(again, 1.0) ** theory.rounds)


def stop_time_ms(theory: Theory) -> float:
    """V / B + floor, in milliseconds."""
    return 1000 * bytes_left_mib(theory) / Link(theory.bandwidth_mbit_s).mib_per_s + theory.floor_ms


def floor_of(runs: Iterable[tuple[Theory, float]]) -> float:
    """The least that runs took (ms) beyond what was to be sent; not below zero."""
    return max(0.0, min(time - stop_time_ms(replace(told, floor_ms=0.0)) for told, time in runs))


def over(theory: Theory, factor: str) -> Callable[[float], float]:
    """The stop time (ms) as a function of one of FACTORS (charts/base.py), all else as given."""
    return lambda x: stop_time_ms(Theory(**{**vars(theory), factor: x}))
