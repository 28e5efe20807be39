"""The charts of a comparison."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from migrations_app.charts import (
    XY,
    Chart,
    Compared,
    PhaseStack,
    Published,
    Round,
    RoundSeries,
    Series,
    Trial,
    XYSeries,
    against_chart,
    ecdf_chart,
    forest_chart,
    metric_chart,
    phases_chart,
    published_for,
    rounds_chart,
)
from migrations_app.models import Configuration
from migrations_app.words import STOP_PARTS, STRATEGIES, title_of

from .comparison import Comparison
from .groups import Group

PAGE_MIB = 4096 / 2**20


def charts_of(comparison: Comparison, *, with_published: bool) -> list[Chart]:
    """Those that have something to show."""
    name = comparison.metric.name
    series = [_series(group, name) for group in comparison.groups]
    published = published_for(name) if with_published else []
    charts = [
        metric_chart(series, name, published=published),
        _forest(comparison),
        ecdf_chart(series, name),
        phases_chart([_stack(group) for group in comparison.groups if _parts(group)]),
        rounds_chart([_rounds(group) for group in comparison.groups if _has_rounds(group)]),
        *_against(comparison, published),
    ]
    return [chart for chart in charts if not chart.is_empty]


def _series(group: Group, metric: str) -> Series:
    known = [(run, run.values[metric]) for run in group.runs if run.succeeded]
    trials = tuple(
        Trial(float(value), job=run.pk, warm_up=run.is_warm_up)
        for run, value in known
        if value is not None
    )
    return Series(group.label, group.strategy, trials, group.failed)


def _forest(comparison: Comparison) -> Chart:
    rows = [
        Compared(line.group.label, line.group.strategy, line.difference)
        for line in comparison.lines
        if line.difference is not None
    ]
    return forest_chart(rows, comparison.metric.name, baseline=comparison.baseline.label)


def _parts(group: Group) -> dict[str, float]:
    """The median of each part of the stop time; what nobody saw takes no room."""
    windows = [run.stop_window for run in group.good if run.stop_window]
    known = {name: [w[name] for w in windows if w.get(name) is not None] for name in STOP_PARTS}
    return {name: statistics.median(map(float, v)) for name, v in known.items() if v}  # type: ignore[arg-type]


def _stack(group: Group) -> PhaseStack:
    return PhaseStack(group.label, group.strategy, _parts(group), group.summary("stop_time_ms"))


def _has_rounds(group: Group) -> bool:
    return any(run.round_bytes for run in group.good)


def _rounds(group: Group) -> RoundSeries:
    runs = [run.round_bytes for run in group.good if run.round_bytes]
    told = tuple(tuple(Round(n, size) for n, size in enumerate(run, start=1)) for run in runs)
    return RoundSeries(group.label, group.strategy, told)


def _against(comparison: Comparison, published: Sequence[Published]) -> list[Chart]:
    """Over each factor that takes at least two values in these runs."""
    ids = {run.configuration_id for group in comparison.groups for run in group.runs}
    configurations = Configuration.objects.in_bulk([pk for pk in ids if pk is not None])
    factors = {pk: factors_of(row) for pk, row in configurations.items()}
    names = dict.fromkeys(name for found in factors.values() for name in found)
    wide = [n for n in names if len({f[n] for f in factors.values() if n in f}) > 1]
    return [_over(comparison, factor, factors, published) for factor in wide]


def factors_of(configuration: Configuration) -> dict[str, float]:
    """Of charts.FACTORS, those that it fixes."""
    parameters, options = configuration.parameters, configuration.options
    limits = [options.get("link_rate_mbit_s"), options.get("bandwidth_limit_mbit_s")]
    known = {
        "memory_mib": parameters.get("memory_mib"),
        "bandwidth_mbit_s": min((limit for limit in limits if limit), default=None),
    }
    pages = parameters.get("dirty_pages_per_s")
    if isinstance(pages, (int, float)):
        known["dirty_mib_s"] = pages * PAGE_MIB
    return {n: float(v) for n, v in known.items() if isinstance(v, (int, float))}


def _over(
    comparison: Comparison,
    factor: str,
    factors: Mapping[int, Mapping[str, float]],
    published: Sequence[Published],
) -> Chart:
    metric = comparison.metric.name
    points: dict[str, list[XY]] = {}
    for run in (run for group in comparison.groups for run in group.good):
        x = factors.get(run.configuration_id or 0, {}).get(factor)
        value = run.values[metric]
        if x is not None and value is not None:
            points.setdefault(run.strategy, []).append(XY(x, Trial(float(value), job=run.pk)))
    series = [
        XYSeries(str(title_of(STRATEGIES, name)), name, tuple(found))
        for name, found in points.items()
    ]
    return against_chart(series, factor, metric, published=published)
