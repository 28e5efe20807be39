"""What all charts share: looks, axes, the table beside the picture.

A figure is a plain dictionary in Plotly's own form; Plotly's Python library checks it in the tests
and is not needed to serve a page. Colours of the page (text, grid, background) are
put in by static/js/charts.js, so that one figure serves the light and the dark theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from migrations_app.metrics import METRICS, Metric, Text
from migrations_app.quantities import Unit, shown
from migrations_app.statistics import Median, Summary

Json = dict[str, Any]

# One colour and one marker per strategy everywhere (Okabe-Ito).
LOOKS: dict[str, tuple[str, str]] = {
    "cold": ("#0072B2", "circle"),
    "stop-and-copy": ("#E69F00", "square"),
    "pre-copy": ("#009E73", "diamond"),
    "post-copy": ("#D55E00", "triangle-up"),
    "hybrid": ("#CC79A7", "cross"),
}
OTHER_LOOK = ("#56B4E9", "x")
QUIET = "#7a8594"  # medians, zero, theory, what others published: readable on both grounds
STOP = "#D55E00"  # the stop window, as in the waterfall
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
LABEL_WIDTH = 26  # letters of a label's line; longer ones are broken
SPREAD = 0.3  # of a column, to either side: the runs
FACTORS: dict[str, Text] = {
    "memory_mib": gettext_lazy("Memory in MiB"),
    "dirty_mib_s": gettext_lazy("Dirty rate in MiB/s"),
    "bandwidth_mbit_s": gettext_lazy("Bandwidth in Mbit/s"),
}


@dataclass(frozen=True)
class Column:
    """A column of a chart's table; `name` is the file's (with the unit), `title` the page's."""

    name: str
    title: Text
    unit: Unit | None = None  # None: text, or a number that is shown as it is

    @property
    def is_figure(self) -> bool:
        return self.unit is not None


Value = str | float | int | None


@dataclass(frozen=True)
class Chart:
    """A picture, what it shows in words, and its data."""

    name: str  # of the element and of saved files
    title: str
    caption: str
    figure: Json
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Value, ...], ...] = ()
    logs: str = ""  # which axes may be logarithmic on request: "", "x", "y", "xy"
    notes: tuple[str, ...] = ()  # below the caption, each in a line

    @property
    def is_empty(self) -> bool:
        return not self.rows


@dataclass(frozen=True)
class Scale:
    """How a metric is drawn: its own unit divided by `by`, named `suffix`."""

    by: float
    suffix: str

    def of(self, value: float) -> float:
        return value / self.by

    def maybe(self, value: float | None) -> float | None:
        return None if value is None else value / self.by


SCALES = {
    Unit.MS: Scale(1000, " s"),
    Unit.BYTES: Scale(2**20, " MiB"),
    Unit.COUNT: Scale(1, ""),
}


def scale_of(metric: Metric) -> Scale:
    return SCALES[metric.unit]


def metric_named(name: str) -> Metric:
    return METRICS[name]


def look_of(strategy: str) -> tuple[str, str]:
    """Colour and marker."""
    return LOOKS.get(strategy, OTHER_LOOK)


def dashes_of(strategies: Sequence[str]) -> list[str]:
    """A dash for each line: those of one strategy share a colour, so their dashes differ."""
    return [
        DASHES[list(strategies[:place]).count(strategy) % len(DASHES)]
        for place, strategy in enumerate(strategies)
    ]


def offset(place: int, count: int) -> float:
    """Where in its column the nth of so many runs stands, from -SPREAD to SPREAD."""
    return 0.0 if count == 1 else SPREAD * (2 * place / (count - 1) - 1)


def faint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def wrapped(label: str) -> str:
    """A label in lines, broken where it has a dot or a space."""
    lines: list[str] = []
    for word in label.replace(" · ", " ·\N{ZERO WIDTH SPACE} ").split(" "):
        if lines and len(lines[-1]) + len(word) < LABEL_WIDTH:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return "<br>".join(escaped(line) for line in lines).replace("\N{ZERO WIDTH SPACE}", "")


def escaped(text: str) -> str:
    """Plotly takes some tags in texts; names that people typed shall have none."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sentences(*texts: Text) -> str:
    """Sentences after each other: Chinese ones without a space between."""
    told = [str(text) for text in texts]
    return "".join(text if text.endswith("。") else f"{text} " for text in told).strip()


def axis_title(metric: Metric) -> str:
    if metric.unit is Unit.MS:
        return _("%(metric)s in seconds") % {"metric": metric.title}
    if metric.unit is Unit.BYTES:
        return _("%(metric)s in MiB") % {"metric": metric.title}
    return str(metric.title)


def value_axis(metric: Metric, **more: Any) -> Json:
    return {
        "title": {"text": axis_title(metric)},
        "rangemode": "tozero",
        "ticksuffix": scale_of(metric).suffix,
        "zeroline": False,
        "automargin": True,
        **more,
    }


def label_axis(labels: Sequence[str], **more: Any) -> Json:
    """An axis with one place per label, 0 the first."""
    return {
        "range": [-0.5, max(len(labels), 1) - 0.5],
        "tickvals": list(range(len(labels))),
        "ticktext": [wrapped(label) for label in labels],
        "tickangle": 0,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        **more,
    }


def layout(key: str, xaxis: Json, yaxis: Json, **more: Any) -> Json:
    """`key` names what is drawn: while it stays the same, zoom is kept when new runs arrive."""
    return {
        "template": {},
        "height": 380,
        "margin": {"l": 64, "r": 16, "t": 16, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "uirevision": key,
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "traceorder": "normal",
        },
        "xaxis": xaxis,
        "yaxis": yaxis,
        **more,
    }


def bar_height(count: int) -> int:
    """Of a chart with a line of bars or points for each label."""
    return 140 + 48 * max(count, 1)


def median_text(median: Summary | Median, unit: Unit) -> str:
    """A median in words, with its interval where there is one, always with n."""
    value = median.median if isinstance(median, Summary) else median.value
    values = {
        "median": shown(value, unit),
        "low": shown(median.low, unit),
        "high": shown(median.high, unit),
        "n": median.n,
    }
    if median.low is None:
        return _("median %(median)s, n = %(n)s") % values
    return _("median %(median)s, 95 %% interval %(low)s to %(high)s, n = %(n)s") % values


def _named(metric: Metric, part: str) -> str:
    """stop_time_ms and median: stop_time_median_ms; the unit stays at the end."""
    stem, _underscore, unit = metric.name.rpartition("_")
    return f"{stem}_{part}_{unit}" if unit in ("ms", "bytes") else f"{metric.name}_{part}"


SUMMARY_COLUMNS = ("n", "failed", "median", "low", "high", "mean", "q1", "q3")


def summary_columns(metric: Metric) -> tuple[Column, ...]:
    """Of a table of summaries; see summary_values."""
    return (
        Column("n", _("n")),
        Column("failed", _("Without success")),
        Column(_named(metric, "median"), _("Median"), metric.unit),
        Column(_named(metric, "low"), _("Lower end (95 %)"), metric.unit),
        Column(_named(metric, "high"), _("Upper end (95 %)"), metric.unit),
        Column(_named(metric, "mean"), _("Mean"), metric.unit),
        Column(_named(metric, "q1"), _("First quartile"), metric.unit),
        Column(_named(metric, "q3"), _("Third quartile"), metric.unit),
    )


def summary_values(summary: Summary) -> tuple[Value, ...]:
    return tuple(getattr(summary, name) for name in SUMMARY_COLUMNS)
