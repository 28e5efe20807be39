"""Every run of a small history a mark, in a column of those that did the same in the same way."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from migrations_app.engine.plan import Operation, Strategy
from migrations_app.metrics import METRICS, Text
from migrations_app.quantities import shown
from migrations_app.statistics import median_of, summary_of
from migrations_app.words import OPERATIONS, STRATEGIES, title_of

from .base import (
    Chart,
    Column,
    Json,
    Value,
    label_axis,
    layout,
    look_of,
    offset,
    scale_of,
    sentences,
    summary_columns,
    summary_values,
    value_axis,
)

WIDE = 0.42  # the median's line


@dataclass(frozen=True)
class Point:
    """One run in a chart; `value` is in the metric's own unit (milliseconds)."""

    job: int
    workload: str
    operation: str
    strategy: str
    at: str  # when it ended, as the page writes it
    value: float
    options: str = ""  # those not by default, in words

    @property
    def group(self) -> Group:
        """What shares a column: the same thing done in the same way."""
        return self.workload, self.operation, self.strategy, self.options


Group = tuple[str, str, str, str]


def runs_chart(points: Sequence[Point], metric_name: str, *, notes: tuple[str, ...] = ()) -> Chart:
    """A trace per strategy; a line marks a column's median once it has five runs."""
    metric = METRICS[metric_name]
    columns = _columns(points)
    titles = _titles(columns)
    labels = [_label(titles[group], len(columns[group])) for group in columns]
    strategies = sorted({p.strategy for p in points}, key=lambda name: _place(name, Strategy))
    told = {group: " · ".join(str(word) for word in _words(group) if word) for group in columns}
    traces = [_runs(name, columns, metric_name, told) for name in strategies]
    medians = [_median(*place, metric_name) for place in enumerate(columns.values())]
    axes = (label_axis(labels), value_axis(metric))
    return Chart(
        name=metric_name,
        title=str(metric.title),
        caption=sentences(
            str(metric.definition),
            _(
                "Each mark is one run that succeeded. A column has the runs of one strategy with the same workload and options; the dotted line is its median from five runs on."
            ),
        ),
        figure={
            "data": [*traces, *(median for median in medians if median)],
            "layout": layout(metric_name, *axes, meta={"columns": True}),
        },
        columns=(Column("group", _("Group")), *summary_columns(metric)),
        rows=tuple(_row(titles[group], members) for group, members in columns.items()),
        logs="y",
        notes=notes,
    )


def _columns(points: Iterable[Point]) -> dict[Group, list[Point]]:
    """Points by group, groups and points in order."""
    columns: dict[Group, list[Point]] = {}
    for point in sorted(points, key=lambda point: (order_of(point.group), point.job)):
        columns.setdefault(point.group, []).append(point)
    return columns


def order_of(group: Group) -> tuple[str, int, int, str]:
    """By workload, then operations and strategies as the engine lists them."""
    workload, operation, strategy, options = group
    return workload, _place(operation, Operation), _place(strategy, Strategy), options


def _place(name: str, known: Iterable[str]) -> int:
    names = [str(member) for member in known]
    return names.index(name) if name in names else len(names)


def _titles(columns: Iterable[Group]) -> dict[Group, list[str]]:
    """Each column in words: only what tells it from the others, but at least its strategy."""
    groups = list(columns)
    told = [len({group[place] for group in groups}) > 1 for place in range(4)]
    told[2] = True
    return {
        group: [str(word) for word, tell in zip(_words(group), told, strict=True) if tell and word]
        for group in groups
    }


def _words(group: Group) -> tuple[Text, Text, Text, Text]:
    workload, operation, strategy, options = group
    return workload, title_of(OPERATIONS, operation), title_of(STRATEGIES, strategy), options


def _runs(
    strategy: str,
    columns: Mapping[Group, Sequence[Point]],
    metric_name: str,
    told: Mapping[Group, str],
) -> Json:
    """`told`: every group in words, shown beside the pointer."""
    colour, symbol = look_of(strategy)
    placed = [
        (column + offset(place, len(members)), point, len(members))
        for column, members in enumerate(columns.values())
        for place, point in enumerate(members)
        if point.strategy == strategy
    ]
    unit = METRICS[metric_name].unit
    return {
        "type": "scatter",
        "name": str(title_of(STRATEGIES, strategy)),
        "mode": "markers+text",
        "x": [x for x, _point, _count in placed],
        "y": [scale_of(METRICS[metric_name]).of(point.value) for _x, point, _count in placed],
        # A run alone in its column stands for it: its value is written beside the mark.
        "text": [shown(p.value, unit) if count == 1 else "" for _x, p, count in placed],
        "textposition": "top center",
        "cliponaxis": False,
        "marker": {"color": colour, "symbol": symbol, "size": 11, "opacity": 0.85},
        "customdata": [
            [p.job, p.at, shown(p.value, unit), told[p.group]] for _x, p, _count in placed
        ],
        "hovertemplate": _hover(),
    }


def _hover() -> str:
    """What stands beside the pointer; customdata is run, time, value with its unit, group."""
    about = _("run %(run)s, %(time)s") % {"run": "#%{customdata[0]}", "time": "%{customdata[1]}"}
    return "<b>%{customdata[2]}</b><br>%{customdata[3]}<br>" + about + "<extra></extra>"


def _median(column: int, members: Sequence[Point], metric_name: str) -> Json | None:
    """A line across a column that is large enough to have a median worth showing."""
    median = median_of([point.value for point in members])
    if median is None or median.low is None or median.high is None:
        return None
    unit = METRICS[metric_name].unit
    text = _("median %(median)s, 95 %% interval %(low)s to %(high)s, n = %(n)s") % {
        "median": shown(median.value, unit),
        "low": shown(median.low, unit),
        "high": shown(median.high, unit),
        "n": median.n,
    }
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [column - WIDE, column, column + WIDE],
        "y": [scale_of(METRICS[metric_name]).of(median.value)] * 3,
        "line": {"color": "#7a8594", "width": 2, "dash": "dot"},
        "hovertemplate": f"{text}<extra></extra>",
        "showlegend": False,
    }


def _label(title: list[str], count: int) -> str:
    return " · ".join([*title, _("n = %(n)s") % {"n": count}])


def _row(title: list[str], members: Sequence[Point]) -> tuple[Value, ...]:
    return " · ".join(title), *summary_values(summary_of([point.value for point in members]))
