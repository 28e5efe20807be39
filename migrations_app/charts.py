"""Charts as Plotly figures: numbers in, a dictionary for Plotly out. Nothing here knows a row.

Colours of the page (text, grid, background) are put in by static/js/charts.js, so that one figure
serves the light and the dark theme.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from django.utils.translation import gettext as _

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
MEDIAN_MARKER = "line-ew-open"


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
    """Every run a mark, runs of one workload and operation side by side, one trace per strategy.

    The marks' values are seconds; a dash marks each group's median once it has five runs.
    """
    ordered = sorted(points, key=lambda point: (point.group, point.strategy, point.job))
    strategies = dict.fromkeys(point.strategy for point in ordered)
    traces = [_runs(name, [p for p in ordered if p.strategy == name]) for name in strategies]
    figure = go.Figure(data=[*traces, *_medians(ordered)], layout=_layout(metric_name))
    figure.update_xaxes(title_text=_("run, grouped by workload"))
    return _plain(figure)


def _runs(strategy: str, points: Sequence[Point]) -> go.Scatter:
    colour, symbol = LOOKS.get(strategy, OTHER_LOOK)
    return go.Scatter(
        name=str(title_of(STRATEGIES, strategy)),
        mode="markers",
        x=_places(points),
        y=[point.value / 1000 for point in points],
        marker={"color": colour, "symbol": symbol, "size": 11},
        customdata=[[point.job, point.at, shown(point.value, METRICS_UNIT)] for point in points],
        hovertemplate=_hover(),
    )


METRICS_UNIT = METRICS["stop_time_ms"].unit


def _hover() -> str:
    """What stands beside the pointer; customdata is run, time, value with its unit."""
    return "<b>%{customdata[2]}</b><br>" + _("run %(run)s, %(time)s") % {
        "run": "#%{customdata[0]}",
        "time": "%{customdata[1]}",
    }


def _places(points: Iterable[Point]) -> list[list[str]]:
    """Two rows of labels: the group, and the run in it."""
    pairs = [(point.group, f"#{point.job}") for point in points]
    return [[group for group, _run in pairs], [run for _group, run in pairs]]


def _medians(points: Sequence[Point]) -> list[go.Scatter]:
    """A dash over each run of a group that is large enough to have a median worth showing."""
    groups: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.group, point.strategy), []).append(point)
    return [_median(members) for members in groups.values()]


def _median(members: Sequence[Point]) -> go.Scatter:
    median = median_of([point.value for point in members])
    large = median is not None and median.low is not None
    value = median.value / 1000 if median and large else None
    return go.Scatter(
        name=_("median"),
        mode="lines",
        x=_places(members),
        y=[value] * len(members),
        line={"color": LOOKS.get(members[0].strategy, OTHER_LOOK)[0], "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
        visible=large,
    )


def _layout(metric_name: str) -> dict[str, Any]:
    title = str(METRICS[metric_name].title)
    return {
        "template": "none",
        "height": 360,
        "margin": {"l": 64, "r": 16, "t": 24, "b": 80},
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
        "xaxis": {"type": "multicategory", "showgrid": False, "automargin": True},
    }


def _plain(figure: go.Figure) -> dict[str, Any]:
    """Only what JSON knows."""
    plain: dict[str, Any] = json.loads(figure.to_json())
    return plain
