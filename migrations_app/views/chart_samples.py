"""Every chart with made-up values, for the style page and the browser tests."""

from __future__ import annotations

import random
from collections.abc import Sequence

from migrations_app.charts import (
    XY,
    Cell,
    Chart,
    Compared,
    Mark,
    Moment,
    PhaseStack,
    Reply,
    Round,
    RoundSeries,
    Series,
    Theory,
    Timeline,
    Trial,
    XYSeries,
    against_chart,
    client_chart,
    ecdf_chart,
    forest_chart,
    heatmap_chart,
    history_chart,
    metric_chart,
    phases_chart,
    published_for,
    rounds_chart,
)
from migrations_app.statistics import difference_of, median_of, summary_of

STRATEGIES = {"cold": 2900.0, "stop-and-copy": 900.0, "pre-copy": 340.0, "post-copy": 210.0}
MEMORY = (64.0, 256.0, 1024.0)
PARTS = ("freeze_ms", "dump_ms", "hand_over_ms", "restore_ms", "resume_ms")
STOP = "stop_time_ms"


def every_chart() -> list[Chart]:
    series = [_series(strategy) for strategy in STRATEGIES]
    return [
        metric_chart(series, STOP, published=published_for(STOP)),
        phases_chart([_stack(group) for group in series]),
        ecdf_chart(series, STOP),
        _against(),
        rounds_chart([_rounds("mem · 256 MiB", "pre-copy"), _rounds("mem · 1 GiB", "hybrid")]),
        _history(),
        _forest(series),
        _heat(),
        client_chart(_replies(), gap=(1610, 1960), stop=(1640, 1880)),
    ]


def _values(middle: float, count: int = 12, seed: int = 1) -> list[float]:
    source = random.Random(f"{middle} {seed}")  # noqa: S311  not for secrets
    return [middle * source.lognormvariate(0, 0.12) for _ in range(count)]


def _series(strategy: str) -> Series:
    trials = [Trial(value, job=n + 1) for n, value in enumerate(_values(STRATEGIES[strategy]))]
    warm_up = Trial(STRATEGIES[strategy] * 1.4, job=99, warm_up=True)
    return Series(f"{strategy} · mem · 256 MiB", strategy, (warm_up, *trials), failed=1)


def _stack(group: Series) -> PhaseStack:
    median = group.summary.median or 0.0
    shares = (0.05, 0.4, 0.05, 0.4, 0.1)
    parts = {name: median * share for name, share in zip(PARTS, shares, strict=True)}
    return PhaseStack(group.label, group.strategy, parts, group.summary)


def _against() -> Chart:
    strategies = ("stop-and-copy", "pre-copy", "post-copy")
    slopes = {"stop-and-copy": 1.1, "pre-copy": 0.08, "post-copy": 0.01}
    series = [
        XYSeries(
            strategy,
            strategy,
            tuple(
                XY(memory, Trial(value))
                for memory in MEMORY
                for value in _values(200 + slopes[strategy] * memory, 6)
            ),
        )
        for strategy in strategies
    ]
    theory = Theory("stop-and-copy", floor_ms=200, memory_mib=0, bandwidth_mbit_s=8000)
    return against_chart(series, "memory_mib", STOP, theories=[theory])


def _rounds(label: str, strategy: str) -> RoundSeries:
    sizes = (268e6, 61e6, 22e6, 9e6, 8.6e6)
    runs = [
        tuple(Round(number, size * factor) for number, size in enumerate(sizes, start=1))
        for factor in _values(1.0, 5)
    ]
    return RoundSeries(label, strategy, tuple(runs))


def _history() -> Chart:
    days = [f"2026-01-{day:02}" for day in range(3, 24)]
    lines = [
        Timeline(
            f"{strategy} · container mem · 256 MiB · lab-a → lab-b",
            strategy,
            tuple(_moment(day, middle, n) for n, day in enumerate(days)),
        )
        for strategy, middle in (("stop-and-copy", 900.0), ("pre-copy", 340.0))
    ]
    marks = [
        Mark("2026-01-10", "CRIU 4.1 → 4.2"),
        Mark("2026-01-17", "cables swapped", is_note=True),
    ]
    return history_chart(lines, STOP, marks=marks)


def _moment(day: str, middle: float, place: int) -> Moment:
    median = median_of(_values(middle * (1 if place < 7 else 0.8), 9, seed=place))
    if median is None:
        raise ValueError(day)
    return Moment(day, median.n, median.value, median.low, median.high)


def _forest(series: Sequence[Series]) -> Chart:
    baseline = series[0]
    rows = [
        Compared(group.label, group.strategy, difference_of(baseline.values, group.values))
        for group in series[1:]
    ]
    few = difference_of(baseline.values, [2800.0, 3100.0])
    return forest_chart([*rows, Compared("hybrid", "hybrid", few)], STOP, baseline=baseline.label)


def _heat() -> Chart:
    cells = [
        Cell(
            f"{memory:.0f} MiB", f"{dirty} MiB/s", summary_of(_values(100 + memory / 2 + dirty, 6))
        )
        for dirty in (0, 64, 512)
        for memory in MEMORY
        if (memory, dirty) != (1024.0, 512)
    ]
    return heatmap_chart(cells, STOP, x="Memory", y="Dirty rate")


def _replies() -> list[Reply]:
    return [
        Reply(
            at,
            None
            if 1610 < at < 1960
            else 2 + (at % 7) * 0.3 + (9 if at > 1960 else 0) / (at - 1950 or 1),
        )
        for at in range(0, 4000, 20)
    ]
