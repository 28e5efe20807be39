"""A metric against what it depends on: one factor as an axis, two as a heat map."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from migrations_app.metrics import Metric, Text
from migrations_app.quantities import shown
from migrations_app.statistics import Summary, summary_of

from .base import (
    FACTORS,
    QUIET,
    Chart,
    Column,
    Json,
    bar_height,
    dashes_of,
    escaped,
    faint,
    label_axis,
    layout,
    look_of,
    median_text,
    metric_named,
    scale_of,
    sentences,
    summary_columns,
    summary_values,
    value_axis,
)
from .data import Cell, Published, XYSeries
from .groups import published_notes
from .theory import Theory, over

CURVE_POINTS = 60


def against_chart(
    series: Sequence[XYSeries],
    factor: str,
    metric_name: str = "stop_time_ms",
    *,
    theories: Sequence[Theory] = (),
    published: Sequence[Published] = (),
) -> Chart:
    """Every run a dot over `factor` (of FACTORS), medians joined, theory dotted beneath."""
    metric = metric_named(metric_name)
    theirs = [row for row in published if row.metric == metric_name and factor in row.x]
    dashes = dashes_of([group.strategy for group in series])
    lines = [_medians(g, dash, metric) for g, dash in zip(series, dashes, strict=True) if g.points]
    dots = [_dots(group, metric) for group in series if group.points]
    places = [x for group in series for x in group.places] + [row.x[factor] for row in theirs]
    curves = [
        # One name for all of them in the legend: their colours say whose they are.
        _curve(theory, factor, places, metric) | {"showlegend": place == 0}
        for place, theory in enumerate(theories)
        if places
    ]
    foreign = [_foreign(theirs, factor, metric)] if theirs else []
    x_axis = {
        "title": {"text": str(FACTORS[factor])},
        "rangemode": "tozero",
        "zeroline": False,
        "automargin": True,
    }
    return Chart(
        name=f"{metric_name}-against-{factor}",
        title=_("%(metric)s against: %(factor)s")
        % {"metric": metric.title, "factor": FACTORS[factor]},
        caption=_against_caption(metric, bool(theories)),
        figure={
            "data": [*curves, *foreign, *dots, *lines],
            "layout": layout(f"{metric_name} {factor}", x_axis, value_axis(metric)),
        },
        columns=(
            Column("group", _("Group")),
            Column(factor, FACTORS[factor]),
            *summary_columns(metric),
        ),
        rows=tuple(
            (group.label, round(x, 2), *summary_values(summary_of(group.at(x))))
            for group in series
            for x in group.places
        ),
        logs="xy",
        notes=published_notes(theirs, metric),
    )


def _against_caption(metric: Metric, with_theory: bool) -> str:
    told = [
        str(metric.definition),
        _(
            "Each dot is one run, hollow ones are warm-up; lines join medians, whiskers are intervals (95 %) from five runs on."
        ),
    ]
    if with_theory:
        told.append(
            _(
                "The dotted line is theory: what is left to send when the workload is frozen, over the bandwidth, plus the least that a run took beyond that."
            )
        )
    return sentences(*told)


def _dots(group: XYSeries, metric: Metric) -> Json:
    colour, symbol = look_of(group.strategy)
    trials = [point.trial for point in group.points]
    return {
        "type": "scatter",
        "name": escaped(group.label),
        "mode": "markers",
        "x": [point.x for point in group.points],
        "y": [scale_of(metric).of(trial.value) for trial in trials],
        "marker": {
            "color": faint(colour, 0.55),
            "symbol": [symbol + ("-open" if trial.warm_up else "") for trial in trials],
            "size": 7,
        },
        "customdata": [
            [shown(trial.value, metric.unit), f"#{trial.job}" if trial.job else ""]
            for trial in trials
        ],
        "hovertemplate": "<b>%{customdata[0]}</b> %{customdata[1]}<extra>%{fullData.name}</extra>",
        "showlegend": False,
    }


def _medians(group: XYSeries, dash: str, metric: Metric) -> Json:
    colour, symbol = look_of(group.strategy)
    found = [(x, summary_of(group.at(x))) for x in group.places]
    known = [(x, summary) for x, summary in found if summary.median is not None]
    of = scale_of(metric).of
    return {
        "type": "scatter",
        "name": escaped(group.label),
        "mode": "lines+markers",
        "x": [x for x, _summary in known],
        "y": [of(summary.median or 0) for _x, summary in known],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [of(_reach(summary)[1]) for _x, summary in known],
            "arrayminus": [of(_reach(summary)[0]) for _x, summary in known],
            "color": colour,
            "thickness": 1.5,
        },
        "line": {"color": colour, "dash": dash, "width": 2},
        "marker": {"color": colour, "symbol": symbol, "size": 10},
        "customdata": [median_text(summary, metric.unit) for _x, summary in known],
        "hovertemplate": "%{customdata}<extra>%{fullData.name}</extra>",
    }


def _reach(summary: Summary) -> tuple[float, float]:
    """How far the interval reaches below and above the median; nothing without one."""
    if summary.median is None or summary.low is None or summary.high is None:
        return 0.0, 0.0
    return summary.median - summary.low, summary.high - summary.median


def _curve(theory: Theory, factor: str, places: Sequence[float], metric: Metric) -> Json:
    low, high = min(places), max(places)
    step = (high - low) / (CURVE_POINTS - 1)
    xs = [low + step * place for place in range(CURVE_POINTS)] if step else [low]
    # Nothing is sent over a link of no bandwidth.
    xs = [x for x in xs if x > 0 or factor != "bandwidth_mbit_s"]
    stop_time = over(theory, factor)
    colour, _symbol = look_of(theory.strategy)
    return {
        "type": "scatter",
        "name": _("theory"),
        "mode": "lines",
        "x": [round(x, 4) for x in xs],
        "y": [scale_of(metric).of(stop_time(x)) for x in xs],
        "line": {"color": colour, "dash": "dot", "width": 1.5},
        "opacity": 0.8,
        "hovertemplate": _("theory") + " %{y:.3g}" + scale_of(metric).suffix + "<extra></extra>",
    }


def _foreign(rows: Sequence[Published], factor: str, metric: Metric) -> Json:
    return {
        "type": "scatter",
        "name": _("published by others"),
        "mode": "markers",
        "x": [row.x[factor] for row in rows],
        "y": [scale_of(metric).of(row.value) for row in rows],
        "marker": {"color": QUIET, "symbol": "star-open", "size": 11},
        "customdata": [
            [shown(row.value, metric.unit), f"{row.label}: {row.setting}"] for row in rows
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    }


def heatmap_chart(cells: Sequence[Cell], metric_name: str, *, x: Text, y: Text) -> Chart:
    """Medians over two factors, x and y in the order in which they first come; unmeasured: blank."""
    metric = metric_named(metric_name)
    columns = list(dict.fromkeys(cell.x for cell in cells))
    lines = list(dict.fromkeys(cell.y for cell in cells))
    by_place = {(cell.x, cell.y): cell.summary for cell in cells}
    grid = [[by_place.get((column, line)) for column in columns] for line in lines]
    return Chart(
        name=f"{metric_name}-heat-map",
        title=_("%(metric)s over two factors") % {"metric": metric.title},
        caption=sentences(
            str(metric.definition),
            _(
                "Each field has the median of its runs and how many there were; a field without runs is blank."
            ),
        ),
        figure={
            "data": [_heat(grid, metric)] if cells else [],
            "layout": layout(
                f"{metric_name} heat",
                label_axis(columns, title={"text": str(x)}),
                label_axis(lines, title={"text": str(y)}),
                showlegend=False,
                height=bar_height(len(lines)),
            ),
        },
        columns=(Column("x", x), Column("y", y), *summary_columns(metric)),
        rows=tuple((cell.x, cell.y, *summary_values(cell.summary)) for cell in cells),
    )


def _heat(grid: Sequence[Sequence[Summary | None]], metric: Metric) -> Json:
    scale = scale_of(metric)
    return {
        "type": "heatmap",
        "z": [[scale.maybe(cell.median) if cell else None for cell in line] for line in grid],
        "text": [[_field(cell, metric) for cell in line] for line in grid],
        "texttemplate": "%{text}",
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
        "colorscale": "Cividis",  # told apart by people who see no red or no green
        "xgap": 2,
        "ygap": 2,
        "showscale": False,  # each field has its value; and a colour bar needs inline styles
    }


def _field(cell: Summary | None, metric: Metric) -> str:
    if cell is None or cell.median is None:
        return ""
    return f"{shown(cell.median, metric.unit)}<br>n = {cell.n}"
