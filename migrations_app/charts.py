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

from .engine.plan import Operation
from .metrics import METRICS
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

    @property
    def group(self) -> str:
        """What the runs are grouped by on the axis."""
        operation = title_of(OPERATIONS, self.operation)
        return _("%(workload)s · %(operation)s") % {
            "workload": self.workload,
            "operation": operation,
        }


def runs_chart(points: Sequence[Point], metric_name: str) -> dict[str, Any]:
    """Every run a mark, in a column per workload and operation, oldest left; a trace per strategy.

    Values are shown in seconds; a line marks a column's median once it has five runs.
    """
    columns = _columns(points)
    strategies = dict.fromkeys(point.strategy for point in points)
    traces = [_runs(name, columns, metric_name) for name in sorted(strategies)]
    medians = [_median(*place, metric_name) for place in enumerate(columns.values())]
    return _plain(go.Figure([*traces, *filter(None, medians)], _layout(columns, metric_name)))


def _columns(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Points by group, groups and points in order."""
    columns: dict[str, list[Point]] = {}
    for point in sorted(points, key=_order):
        columns.setdefault(point.group, []).append(point)
    return columns


def _order(point: Point) -> tuple[str, int, str, int]:
    """By workload, then operations as the exercise has them, then oldest first."""
    operations = [str(operation) for operation in Operation]
    known = point.operation in operations
    place = operations.index(point.operation) if known else len(operations)
    return point.workload, place, point.operation, point.job


def _runs(strategy: str, columns: Mapping[str, Sequence[Point]], metric_name: str) -> go.Scatter:
    colour, symbol = LOOKS.get(strategy, OTHER_LOOK)
    placed = [
        (column + _offset(place, len(members)), point)
        for column, members in enumerate(columns.values())
        for place, point in enumerate(members)
        if point.strategy == strategy
    ]
    unit = METRICS[metric_name].unit
    return go.Scatter(
        name=str(title_of(STRATEGIES, strategy)),
        mode="markers",
        x=[x for x, _point in placed],
        y=[point.value / 1000 for _x, point in placed],
        marker={"color": colour, "symbol": symbol, "size": 11, "opacity": 0.85},
        customdata=[[p.job, p.at, shown(p.value, unit), p.group] for _x, p in placed],
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


def _layout(columns: Mapping[str, Sequence[Point]], metric_name: str) -> dict[str, Any]:
    title = str(METRICS[metric_name].title)
    labels = [
        _("%(group)s<br>n = %(n)s") % {"group": group.replace(" · ", "<br>"), "n": len(members)}
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
