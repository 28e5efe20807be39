"""Median and interval of a few measurements, without assuming a distribution."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_FOR_INTERVAL = 5
WANTED_COVERAGE = 0.95


@dataclass(frozen=True)
class Spread:
    """The median between two of the measurements."""

    median: float
    low: float
    high: float
    coverage: float | None  # how surely the true median lies there; None: too few to say, the range


def spread(values: Sequence[float]) -> Spread | None:
    """Of at least one value; None of none.

    The interval goes from the k-th smallest to the k-th largest value (the sign test's): it
    holds the true median with 1 - 2 P(B < k), B binomial(n, 1/2), whatever the distribution. k is
    the largest with 95 %, or 1 where none has: n = 5 gives the whole range with 93.8 %.
    """
    if not values:
        return None
    ordered, n = sorted(values), len(values)
    rank = _rank(n)
    return Spread(
        median=statistics.median(ordered),
        low=ordered[rank - 1],
        high=ordered[n - rank],
        coverage=coverage(n, rank) if n >= FEWEST_FOR_INTERVAL else None,
    )


def coverage(n: int, rank: int) -> float:
    """That the true median lies between the rank-th smallest and the rank-th largest of n."""
    return 1 - 2 * sum(math.comb(n, below) for below in range(rank)) / float(2**n)


def _rank(n: int) -> int:
    good = [rank for rank in range(1, n // 2 + 1) if coverage(n, rank) >= WANTED_COVERAGE]
    return max(good, default=1)
