"""About how long an experiment takes, from what is known of runs like its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Duration:
    """`seconds` is for what is known of; `unknown` so many trials of which nothing is known."""

    seconds: float | None  # None: nothing is known of any
    unknown: int


def how_long(expected: Sequence[tuple[frozenset[int], float | None]], cool_down_s: int) -> Duration:
    """Of trials given as (their hosts, seconds or None).

    One trial at a time on a host; trials on hosts that have nothing to do with each other go side
    by side, so the longest of such groups counts.
    """
    known = [(hosts, seconds) for hosts, seconds in expected if seconds is not None]
    unknown = len(expected) - len(known)
    if not known:
        return Duration(None, unknown)
    group_of = _groups(hosts for hosts, _seconds in known)
    sums: dict[int, float] = {}
    for hosts, seconds in known:
        group = group_of[next(iter(hosts))]
        sums[group] = sums.get(group, 0) + seconds + cool_down_s
    return Duration(max(sums.values()), unknown)


def _groups(sets: Iterable[frozenset[int]]) -> dict[int, int]:
    """For every host the smallest id of those it is connected with by trials."""
    group: dict[int, int] = {}
    for hosts in set(sets):
        met = {group.get(host, host) for host in hosts}
        name = min(met)
        for host in hosts:
            group[host] = name
        group.update({host: name for host, old in group.items() if old in met})
    return group
