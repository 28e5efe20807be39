"""Two clocks compared over round trips of different lengths."""

import time

import pytest

from migrations_app.engine.clocks import HostClock, between, measure

from .scripted import ScriptedHost

SECOND = 10**9


def host_with_clock(offset_ns: int, wall_offset_ns: int = 0, delays_s: tuple = ()) -> ScriptedHost:
    """A host whose answers take these times, half of them after it has read its clock."""
    delays = iter(delays_s)

    def clock(_):
        half_s = next(delays, 0.0) / 2
        time.sleep(half_s)
        read = {
            "monotonic_ns": time.monotonic_ns() + offset_ns,
            "wall_ns": time.time_ns() + wall_offset_ns,
        }
        time.sleep(half_s)
        return read

    return ScriptedHost({"clock": clock})


@pytest.mark.parametrize("offset_s", [0, 86_400, -86_400])
def test_offset_is_found_within_its_uncertainty(offset_s: int):
    clock = measure(host_with_clock(offset_s * SECOND, -3 * SECOND))
    assert abs(clock.offset_ns - offset_s * SECOND) <= clock.uncertainty_ns
    assert clock.wall_offset_ns == pytest.approx(-3 * SECOND, abs=10**7)


def test_shortest_round_trip_counts():
    clock = measure(host_with_clock(5, delays_s=(0.02, 0.0, 0.02)), round_trips=3)
    assert clock.uncertainty_ns < 5 * 10**6


def test_slow_host_is_known_less_well():
    slow = measure(host_with_clock(0, delays_s=(0.02, 0.02)), round_trips=2)
    assert slow.uncertainty_ns >= 10**7


def test_moment_of_the_host_is_told_on_our_clock():
    assert HostClock(7 * SECOND, 0, 0).to_ours(10 * SECOND) == 3 * SECOND


def test_between_two_hosts_offsets_are_subtracted_and_uncertainties_added():
    clock = between(
        HostClock(2 * SECOND, 10**9, 10**6), HostClock(5 * SECOND, 4 * 10**9, 2 * 10**6)
    )
    assert (clock.offset_ms, clock.wall_offset_ms, clock.uncertainty_ms) == (3000, 3000, 3)
