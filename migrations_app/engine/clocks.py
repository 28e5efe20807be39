"""Comparing the clocks of two hosts: Cristian's algorithm, the shortest of a few round trips.

Cristian, "Probabilistic clock synchronization", Distributed Computing 3 (1989): the host's clock
was read somewhere between our question and its answer, so it is known to half a round trip.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from .hosts.base import Host, call
from .report import Clock

ROUND_TRIPS = 8


@dataclass(frozen=True)
class HostClock:
    """A host's clocks against the controller's, in nanoseconds."""

    offset_ns: int  # host's monotonic clock minus ours
    wall_offset_ns: int
    uncertainty_ns: int

    def to_ours(self, host_ns: int) -> int:
        """A moment on the host's monotonic clock, on ours."""
        return host_ns - self.offset_ns


def measure(host: Host, *, round_trips: int = ROUND_TRIPS) -> HostClock:
    """Ask the host for its clocks a few times; the shortest round trip counts."""
    return min((_once(host) for _ in range(round_trips)), key=lambda one: one.uncertainty_ns)


def _once(host: Host) -> HostClock:
    wall_ns, asked_ns = time.time_ns(), time.monotonic_ns()
    answer = call(host, "clock", timeout_s=10)
    half_ns = (time.monotonic_ns() - asked_ns) // 2
    return HostClock(
        offset_ns=answer["monotonic_ns"] - asked_ns - half_ns,
        wall_offset_ns=answer["wall_ns"] - wall_ns - half_ns,
        uncertainty_ns=half_ns,
    )


def between(source: HostClock, target: HostClock) -> Clock:
    """Target's clocks minus source's, for the report; the uncertainties add up."""
    return Clock(
        offset_ms=(target.offset_ns - source.offset_ns) / 1e6,
        uncertainty_ms=(target.uncertainty_ns + source.uncertainty_ns) / 1e6,
        wall_offset_ms=(target.wall_offset_ns - source.wall_offset_ns) / 1e6,
    )
