"""The statistics that the pages show; every figure goes with its n. Pure, standard library only.

Median: the middle value, or the mean of the two middle ones. Quartiles: linear interpolation
between order statistics (type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages",
1996; what numpy and R do by default). Intervals: 95 %, Efron's percentile bootstrap of the median
with 2000 resamples ("Bootstrap Methods: Another Look at the Jackknife", 1979), seeded: the same
values give the same interval every time. Below five values there is no interval and no claim.
"""

from __future__ import annotations

import bisect
import itertools
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

ENOUGH_FOR_INTERVAL = 5  # below that there are points only
RESAMPLES = 2000
CONFIDENCE = 0.95
WHISKER = 1.5  # times the distance of the quartiles: Tukey's rule for a box's whiskers
_TAIL = round(RESAMPLES * (1 - CONFIDENCE) / 2)  # resamples outside the interval, on each side


@dataclass(frozen=True)
class Median:
    """A median of n values; `low` and `high` bound it with 95 % confidence, None for a small n."""

    n: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Summary:
    """What is said of several values of one metric, in its own unit; None: there are no values."""

    n: int
    failed: int  # trials that gave no value because they failed
    median: float | None
    mean: float | None
    q1: float | None
    q3: float | None
    least: float | None
    most: float | None
    low: float | None  # 95 % interval of the median; None below five values
    high: float | None

    @property
    def is_one_run(self) -> bool:
        return self.n == 1

    @property
    def has_interval(self) -> bool:
        return self.low is not None


@dataclass(frozen=True)
class Box:
    """A box of a box plot: whiskers end at the farthest values within 1.5 quartile distances."""

    lower: float
    q1: float
    median: float
    q3: float
    upper: float


class Verdict(StrEnum):
    """What can be said of two medians."""

    NOTHING = "nothing"  # one side has no values
    TOO_FEW = "too-few"  # fewer than five on one side: no claim
    UNCLEAR = "unclear"  # the interval of the difference includes zero
    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True)
class Difference:
    """Median of b less median of a, the baseline; in the metric's own unit.

    `ratio` is median of b over median of a, None where that is zero. Intervals are None below five
    values on either side.
    """

    n_a: int
    n_b: int
    median_a: float | None
    median_b: float | None
    value: float | None
    low: float | None
    high: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None

    @property
    def verdict(self) -> Verdict:
        """Only an interval that excludes zero makes a claim."""
        if self.value is None:
            return Verdict.NOTHING
        if self.low is None or self.high is None:
            return Verdict.TOO_FEW
        if self.low > 0:
            return Verdict.HIGHER
        return Verdict.LOWER if self.high < 0 else Verdict.UNCLEAR

    @property
    def is_clear(self) -> bool:
        return self.verdict in (Verdict.LOWER, Verdict.HIGHER)


def median_of(values: Sequence[float], *, seed: int = 1) -> Median | None:
    """The median with its bootstrap interval; None of nothing. Same seed, same answer."""
    if not values:
        return None
    low, high = _median_bounds(sorted(values), seed) if _enough(values) else (None, None)
    return Median(len(values), statistics.median(values), low, high)


def summary_of(values: Sequence[float], *, failed: int = 0, seed: int = 1) -> Summary:
    """All that is shown of one group of values; also of one value, and of none."""
    median = median_of(values, seed=seed)
    if median is None:
        return Summary(0, failed, *[None] * 8)
    q1, q3 = quartiles_of(values)
    mean = statistics.fmean(values)
    bounds = (median.low, median.high)
    return Summary(median.n, failed, median.value, mean, q1, q3, min(values), max(values), *bounds)


def quartiles_of(values: Sequence[float]) -> tuple[float, float]:
    """First and third, by linear interpolation (type 7); of one value, that value twice."""
    if len(values) == 1:
        return values[0], values[0]
    q1, _middle, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return q1, q3


def box_of(values: Sequence[float]) -> Box | None:
    """None below five values: then there are points only."""
    if not _enough(values):
        return None
    q1, q3 = quartiles_of(values)
    reach = WHISKER * (q3 - q1)
    inside = [value for value in values if q1 - reach <= value <= q3 + reach]
    return Box(min(inside), q1, statistics.median(values), q3, max(inside))


def difference_of(a: Sequence[float], b: Sequence[float], *, seed: int = 1) -> Difference:
    """How b's median differs from that of a, the baseline; both resampled independently."""
    median_a = statistics.median(a) if a else None
    median_b = statistics.median(b) if b else None
    value = median_b - median_a if median_a is not None and median_b is not None else None
    (low, high), of_ratio = _difference_bounds(a, b, seed)
    known = (median_a, median_b, value, low, high, _ratio(median_b, median_a))
    return Difference(len(a), len(b), *known, *of_ratio)


Bounds = tuple[float, float] | tuple[None, None]


def _difference_bounds(a: Sequence[float], b: Sequence[float], seed: int) -> tuple[Bounds, Bounds]:
    """Of the difference and of the ratio."""
    if not (_enough(a) and _enough(b)):
        return (None, None), (None, None)
    first, second = sorted(a), sorted(b)
    pairs = [
        (_mean_at(first, of_a), _mean_at(second, of_b), times)
        for (of_a, of_b), times in _counted_pairs(len(a), len(b), seed)
    ]
    ratios = [(y / x, times) for x, y, times in pairs if x]
    of_ratio = _interval(ratios) if len(ratios) == len(pairs) else (None, None)
    return _interval([(y - x, times) for x, y, times in pairs]), of_ratio


def _mean_at(ordered: Sequence[float], places: tuple[int, int]) -> float:
    return (ordered[places[0]] + ordered[places[1]]) / 2


def _ratio(over: float | None, under: float | None) -> float | None:
    return over / under if over is not None and under else None


def _enough(values: Sequence[float]) -> bool:
    return len(values) >= ENOUGH_FOR_INTERVAL


def _median_bounds(ordered: Sequence[float], seed: int) -> tuple[float, float]:
    return _interval(
        [
            (_mean_at(ordered, places), times)
            for places, times in _counted_middles(len(ordered), seed)
        ]
    )


def _interval(resampled: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Efron's percentile interval: what is left without the outer 2.5 % on each side.

    Each value with how many resamples gave it: of five values there are few different ones.
    """
    counted = sorted(resampled)
    ends = list(itertools.accumulate(times for _value, times in counted))
    low = counted[bisect.bisect_right(ends, _TAIL)][0]
    high = counted[bisect.bisect_right(ends, RESAMPLES - _TAIL - 1)][0]
    return low, high


@lru_cache(maxsize=64)
def _middles(count: int, seed: int) -> tuple[tuple[int, int], ...]:
    """Which two of `count` ordered values are a resample's middle ones (one value twice: odd).

    A resample draws places floor(count · U) with U uniform, so its middle places are those of the
    middle order statistics of `count` uniform numbers. These are Beta distributed (David and
    Nagaraja, "Order Statistics", 2003, section 2.1) and are drawn directly: a resample of any size
    costs the same, and the places, which do not depend on the values, are kept.
    """
    source = random.Random(f"{count} {seed}")  # noqa: S311  not for secrets
    return tuple(_middle(count, source) for _resample in range(RESAMPLES))


@lru_cache(maxsize=256)
def _counted_middles(count: int, seed: int) -> tuple[tuple[tuple[int, int], int], ...]:
    return tuple(Counter(_middles(count, seed)).items())


@lru_cache(maxsize=64)
def _counted_pairs(
    count_a: int, count_b: int, seed: int
) -> tuple[tuple[tuple[tuple[int, int], tuple[int, int]], int], ...]:
    """The middles of two groups, resampled independently of each other."""
    pairs = zip(_middles(count_a, seed), _middles(count_b, -seed - 1), strict=True)
    return tuple(Counter(pairs).items())


def _middle(count: int, source: random.Random) -> tuple[int, int]:
    half = count // 2
    if count % 2:
        place = int(count * source.betavariate(half + 1, half + 1))
        return place, place
    lower = source.betavariate(half, half + 1)
    # The next one is the least of the `half` numbers that are above it.
    upper = lower + (1 - lower) * (1 - source.random() ** (1 / half))
    return int(count * lower), min(int(count * upper), count - 1)
