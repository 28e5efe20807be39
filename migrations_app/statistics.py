"""The few statistics the pages show; every figure goes with its n."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH_FOR_INTERVAL = 5  # below that there are points only
RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Median:
    """A median of n values; `low` and `high` bound it with 95 % confidence, None for a small n."""

    n: int
    value: float
    low: float | None
    high: float | None


def median_of(values: Sequence[float], *, seed: int = 1) -> Median | None:
    """The median with its bootstrap interval; None of nothing. Same seed, same answer."""
    if not values:
        return None
    middle = statistics.median(values)
    if len(values) < ENOUGH_FOR_INTERVAL:
        return Median(len(values), middle, None, None)
    low, high = _bootstrap(values, random.Random(seed))  # noqa: S311  not for secrets
    return Median(len(values), middle, low, high)


def _bootstrap(values: Sequence[float], source: random.Random) -> tuple[float, float]:
    """Efron's percentile interval of the median over resamples with replacement."""
    count = len(values)
    medians = sorted(
        statistics.median(source.choices(values, k=count)) for _resample in range(RESAMPLES)
    )
    tail = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return medians[tail], medians[-tail - 1]
