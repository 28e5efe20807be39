"""Charts: plain dataclasses in, a `Chart` out: a Plotly figure, its caption, its data as a table.

Pure: nothing here knows a row, and none fails on groups without runs or with one. What each shows,
and how its figures are defined, is in docs/analysis.md.
"""

from .base import FACTORS, LOOKS, Chart, Column
from .columns import Point, order_of, runs_chart
from .data import (
    XY,
    Cell,
    Compared,
    Mark,
    Moment,
    PhaseStack,
    Published,
    Reply,
    Round,
    RoundSeries,
    Series,
    Timeline,
    Trial,
    XYSeries,
)
from .differences import forest_chart
from .factors import against_chart, heatmap_chart
from .groups import ecdf_chart, metric_chart
from .phases import phases_chart, rounds_chart
from .published import PUBLISHED, published_for
from .theory import Theory, stop_time_ms
from .times import client_chart, history_chart

__all__ = (
    "FACTORS",
    "LOOKS",
    "PUBLISHED",
    "XY",
    "Cell",
    "Chart",
    "Column",
    "Compared",
    "Mark",
    "Moment",
    "PhaseStack",
    "Point",
    "Published",
    "Reply",
    "Round",
    "RoundSeries",
    "Series",
    "Theory",
    "Timeline",
    "Trial",
    "XYSeries",
    "against_chart",
    "client_chart",
    "ecdf_chart",
    "forest_chart",
    "heatmap_chart",
    "history_chart",
    "metric_chart",
    "order_of",
    "phases_chart",
    "published_for",
    "rounds_chart",
    "runs_chart",
    "stop_time_ms",
)
