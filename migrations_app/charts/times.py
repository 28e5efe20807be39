"""A metric over days, and what a client saw during one run."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.utils.translation import gettext as _

from migrations_app.metrics import Metric
from migrations_app.quantities import Unit, shown
from migrations_app.statistics import Median

from .base import (
    QUIET,
    STOP,
    Chart,
    Column,
    Json,
    dashes_of,
    escaped,
    faint,
    layout,
    look_of,
    median_text,
    metric_named,
    scale_of,
    sentences,
    value_axis,
    wrapped,
)
from .data import Mark, Moment, Reply, Timeline

FEW_DAYS, DAY_MS = timedelta(days=8), 86_400_000
MOST_NOTES = 8  # below the chart; every mark tells its own when it is pointed at


def history_chart(
    lines: Sequence[Timeline], metric_name: str, *, marks: Sequence[Mark] = ()
) -> Chart:
    """Medians over time, one line per configuration, with a band; changes and notes as lines."""
    metric = metric_named(metric_name)
    dashes = dashes_of([line.strategy for line in lines])
    drawn = [pair for pair in zip(lines, dashes, strict=True) if pair[0].moments]
    traces = [trace for line, dash in drawn for trace in _line(line, dash, metric)]
    dates = {"type": "date", "tickformat": "%m-%d<br>%Y", "showgrid": False}
    time_axis = {**dates, **_daily(lines)}
    return Chart(
        name=f"{metric_name}-over-time",
        title=_("%(metric)s over time") % {"metric": metric.title},
        caption=_history_caption(metric),
        figure={
            "data": [*traces, *_marks(marks, bool(drawn))],
            "layout": layout(
                f"{metric_name} time",
                time_axis,
                value_axis(metric),
                shapes=[_upright(mark) for mark in marks] if drawn else [],
            ),
        },
        columns=(
            Column("configuration", _("Configuration")),
            Column("at", _("When")),
            Column("n", _("n")),
            Column(f"median_{metric.name}", _("Median"), metric.unit),
            Column(f"low_{metric.name}", _("Band from"), metric.unit),
            Column(f"high_{metric.name}", _("Band to"), metric.unit),
        ),
        rows=tuple(
            (line.label, m.at, m.n, m.median, m.low, m.high) for line in lines for m in line.moments
        ),
        logs="y",
        notes=tuple(f"{mark.at[:10]} · {mark.text}" for mark in marks[-MOST_NOTES:]),
    )


def _daily(lines: Sequence[Timeline]) -> Json:
    """Of few days each has one tick: left alone, Plotly puts several on the same date."""
    days = sorted({moment.at[:10] for line in lines for moment in line.moments})
    if not days or date.fromisoformat(days[-1]) - date.fromisoformat(days[0]) > FEW_DAYS:
        return {}
    return {"tick0": days[0], "dtick": DAY_MS}


def _history_caption(metric: Metric) -> str:
    return sentences(
        str(metric.definition),
        _(
            "Each mark is the median of the runs of a day with the same configuration; from five runs on the band is its interval (95 %). Upright lines are versions that changed (dashed) and notes (dotted)."
        ),
    )


def _line(line: Timeline, dash: str, metric: Metric) -> Iterable[Json]:
    colour, symbol = look_of(line.strategy)
    of = scale_of(metric).of
    yield from _band(line, colour, metric)
    yield {
        "type": "scatter",
        "name": wrapped(line.label),
        "mode": "lines+markers",
        "x": [moment.at for moment in line.moments],
        "y": [of(moment.median) for moment in line.moments],
        "line": {"color": colour, "dash": dash, "width": 2},
        "marker": {"color": colour, "symbol": symbol, "size": 7},
        "customdata": [_about(moment, metric) for moment in line.moments],
        "hovertemplate": "%{x|%Y-%m-%d}<br>%{customdata}<extra></extra>",
    }


def _about(moment: Moment, metric: Metric) -> str:
    return median_text(Median(moment.n, moment.median, moment.low, moment.high), metric.unit)


def _band(line: Timeline, colour: str, metric: Metric) -> Iterable[Json]:
    """One polygon over the moments that have one, forth above and back below."""
    known = [
        moment for moment in line.moments if moment.low is not None and moment.high is not None
    ]
    if len(known) < 2:
        return
    of = scale_of(metric).of
    yield {
        "type": "scatter",
        "mode": "lines",
        "x": [m.at for m in known] + [m.at for m in reversed(known)],
        "y": [of(m.high or 0) for m in known] + [of(m.low or 0) for m in reversed(known)],
        "fill": "toself",
        "fillcolor": faint(colour, 0.16),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _upright(mark: Mark) -> Json:
    dash = "dot" if mark.is_note else "dash"
    return {
        "type": "line",
        "x0": mark.at,
        "x1": mark.at,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {"color": QUIET, "width": 1, "dash": dash},
    }


def _marks(marks: Sequence[Mark], drawn: bool) -> Iterable[Json]:
    """At the foot of each upright line a mark that says on hover what happened."""
    if not (marks and drawn):
        return
    yield {
        "type": "scatter",
        "name": _("changes and notes"),
        "mode": "markers",
        "x": [mark.at for mark in marks],
        "y": [0] * len(marks),
        "cliponaxis": False,
        "marker": {
            "color": QUIET,
            "symbol": ["star" if mark.is_note else "triangle-up" for mark in marks],
            "size": 10,
        },
        "customdata": [escaped(mark.text) for mark in marks],
        "hovertemplate": "%{x|%Y-%m-%d}<br>%{customdata}<extra></extra>",
    }


def client_chart(
    replies: Sequence[Reply], *, gap: tuple[float, float] | None, stop: tuple[float, float] | None
) -> Chart:
    """Latency seen by a client over one run (ms from its start), gap and stop window shaded."""
    answered = [reply for reply in replies if reply.latency_ms is not None]
    lost = [reply for reply in replies if reply.latency_ms is None]
    seconds = {
        "title": {"text": _("Time since the start of the run")},
        "ticksuffix": " s",
        "zeroline": False,
    }
    latency = {
        "title": {"text": _("Latency in milliseconds")},
        "rangemode": "tozero",
        "ticksuffix": " ms",
        "zeroline": False,
        "automargin": True,
    }
    windows = [
        _shade(window, colour)
        for window, colour in ((gap, QUIET), (stop, STOP))
        if window is not None
    ]
    return Chart(
        name="client-latency",
        title=_("What a client saw"),
        caption=_(
            "How long the workload took to answer each request of a client outside. Grey: the longest time without an answer. Orange: the stop time as the hosts saw it. Crosses at the foot are requests without an answer."
        ),
        figure={
            "data": [*_answered(answered), *_lost(lost)],
            "layout": layout("client", seconds, latency, shapes=windows),
        },
        columns=(
            Column("at_ms", _("Asked at"), Unit.MS),
            Column("latency_ms", _("Latency"), Unit.MS),
        ),
        rows=tuple((reply.at_ms, reply.latency_ms) for reply in replies),
        logs="y",
        notes=(_gap_note(gap),) if gap else (),
    )


def _gap_note(gap: tuple[float, float]) -> str:
    return _("Longest time without an answer: %(gap)s.") % {"gap": shown(gap[1] - gap[0], Unit.MS)}


def _shade(window: tuple[float, float], colour: str) -> Json:
    return {
        "type": "rect",
        "x0": window[0] / 1000,
        "x1": window[1] / 1000,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "fillcolor": faint(colour, 0.18),
        "line": {"width": 0},
    }


def _answered(replies: Sequence[Reply]) -> Iterable[Json]:
    if replies:
        yield {
            "type": "scatter",
            "name": _("answered"),
            "mode": "lines+markers" if len(replies) < 80 else "lines",
            "x": [reply.at_ms / 1000 for reply in replies],
            "y": [reply.latency_ms for reply in replies],
            "line": {"color": "#0072B2", "width": 1.5},
            "marker": {"color": "#0072B2", "size": 5},
            "connectgaps": False,
            "hovertemplate": "%{x:.3f} s: %{y:.3g} ms<extra></extra>",
        }


def _lost(replies: Sequence[Reply]) -> Iterable[Json]:
    if replies:
        yield {
            "type": "scatter",
            "name": _("without an answer"),
            "mode": "markers",
            "x": [reply.at_ms / 1000 for reply in replies],
            "y": [0] * len(replies),
            "cliponaxis": False,
            "marker": {"color": STOP, "symbol": "x-thin-open", "size": 8},
            "hovertemplate": "%{x:.3f} s<extra>%{fullData.name}</extra>",
        }
