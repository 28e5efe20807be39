"""Charts as Plotly figures: numbers in, a dictionary for Plotly out. Nothing here knows a row.

Colours of the page (text, grid, background) are put in by static/js/charts.js, so that one figure
serves the light and the dark theme.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from django.utils.translation import gettext as _

from .engine.plan import Operation, Strategy
from .metrics import METRICS, Text
from .quantities import shown
from .statistics import median_of
from .words import OPERATIONS, STRATEGIES, title_of

# One colour and one marker per strategy everywhere (Okabe-Ito).
LOOKS: dict[str, tuple[str, str]] = {
    "cold": ("#0072B2", "circle"),
    "stop-and-copy": ("#E69F00", "square"),
    "pre-copy": ("#009E73", "diamond"),
    "post-copy": ("#D55E00", "triangle-up"),
    "hybrid": ("#CC79A7", "cross"),
}
OTHER_LOOK = ("#56B4E9", "x")
SPREAD = 0.3  # of a column, to either side: the runs
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


def runs_chart(points: Sequence[Point], metric_name: str) -> dict[str, Any]:
    """Every run a mark, oldest left, in a column of those that did the same in the same way.

    A trace per strategy. Values are shown in seconds; a line marks a column's median once it has
    five runs.
    """
    columns = _columns(points)
    strategies = sorted({p.strategy for p in points}, key=lambda name: _place(name, Strategy))
    traces = [_runs(name, columns, metric_name) for name in strategies]
    medians = [_median(*place, metric_name) for place in enumerate(columns.values())]
    return _plain(go.Figure([*traces, *filter(None, medians)], _layout(columns, metric_name)))


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


def _runs(strategy: str, columns: Mapping[Group, Sequence[Point]], metric_name: str) -> go.Scatter:
    colour, symbol = LOOKS.get(strategy, OTHER_LOOK)
    placed = [
        (column + _offset(place, len(members)), point, len(members))
        for column, members in enumerate(columns.values())
        for place, point in enumerate(members)
        if point.strategy == strategy
    ]
    unit = METRICS[metric_name].unit
    return go.Scatter(
        name=str(title_of(STRATEGIES, strategy)),
        mode="markers+text",
        x=[x for x, _point, _count in placed],
        y=[point.value / 1000 for _x, point, _count in placed],
        # A run alone in its column stands for it: its value is written beside the mark.
        text=[shown(p.value, unit) if count == 1 else "" for _x, p, count in placed],
        textposition="top center",
        cliponaxis=False,
        marker={"color": colour, "symbol": symbol, "size": 11, "opacity": 0.85},
        customdata=[
            [p.job, p.at, shown(p.value, unit), " · ".join(str(w) for w in _words(p.group) if w)]
            for _x, p, _count in placed
        ],
        hovertemplate=_hover(),
    )


def _offset(place: int, count: int) -> float:
    """Where in its column the nth of so many runs stands, from -SPREAD to SPREAD."""
    return 0.0 if count == 1 else SPREAD * (2 * place / (count - 1) - 1)


def _hover() -> str:
    """What stands beside the pointer; customdata is run, time, value with its unit, group."""
    about = _("run %(run)s, %(time)s") % {"run": "#%{customdata[0]}", "time": "%{customdata[1]}"}
    return "<b>%{customdata[2]}</b><br>%{customdata[3]}<br>" + about + "<extra></extra>"


def _median(column: int, members: Sequence[Point], metric_name: str) -> go.Scatter | None:
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
    return go.Scatter(
        mode="lines",
        x=[column - WIDE, column, column + WIDE],
        y=[median.value / 1000] * 3,
        line={"color": "#7a8594", "width": 2, "dash": "dot"},
        hovertemplate=f"{text}<extra></extra>",
        showlegend=False,
    )


def _layout(columns: Mapping[Group, Sequence[Point]], metric_name: str) -> dict[str, Any]:
    title = str(METRICS[metric_name].title)
    titles = _titles(columns)
    labels = [
        "<br>".join([*titles[group], _("n = %(n)s") % {"n": len(members)}]).replace(" · ", "<br>")
        for group, members in columns.items()
    ]
    return {
        "template": "none",
        "height": 360,
        "margin": {"l": 64, "r": 16, "t": 24, "b": 64},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "uirevision": metric_name,  # zoom is kept when new runs arrive
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "showlegend": True,
        "yaxis": {
            "title": {"text": _("%(metric)s in seconds") % {"metric": title}},
            "rangemode": "tozero",
            "ticksuffix": " s",
            "zeroline": False,
        },
        "xaxis": {
            "range": [-0.5, len(columns) - 0.5],
            "tickvals": list(range(len(columns))),
            "ticktext": labels,
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
        },
    }


def _plain(figure: go.Figure) -> dict[str, Any]:
    """Only what JSON knows."""
    plain: dict[str, Any] = json.loads(figure.to_json())
    return plain
