"""Differences to a baseline as a forest plot."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from migrations_app.metrics import METRICS, Metric
from migrations_app.quantities import shown
from migrations_app.statistics import Difference
from migrations_app.words import VERDICTS

from .base import (
    QUIET,
    Chart,
    Column,
    Json,
    bar_height,
    escaped,
    label_axis,
    layout,
    look_of,
    scale_of,
    sentences,
)
from .data import Compared


def forest_chart(rows: Sequence[Compared], metric_name: str, *, baseline: str) -> Chart:
    """A line per group: its median less the baseline's with the 95 % interval, and zero."""
    metric = METRICS[metric_name]
    known = [(place, row) for place, row in enumerate(rows) if row.difference.value is not None]
    values = {
        "title": {"text": _("Difference of the medians")},
        "ticksuffix": scale_of(metric).suffix,
        "zeroline": True,
        "zerolinecolor": QUIET,
        "zerolinewidth": 2,
        "automargin": True,
    }
    labels = label_axis([row.label for row in rows], autorange="reversed")
    return Chart(
        name=f"{metric_name}-differences",
        title=_("%(metric)s against the baseline") % {"metric": metric.title},
        caption=sentences(
            str(metric.definition),
            _(
                "Median of each group less the median of the baseline, %(baseline)s, with the interval of the difference (95 %%). Where the line touches zero, the two can't be told apart; a hollow mark without a line has under five runs on one side and claims nothing."
            )
            % {"baseline": baseline},
        ),
        figure={
            "data": [_mark(place, row, metric) for place, row in known],
            "layout": layout(
                f"{metric_name} differences",
                values,
                labels,
                showlegend=False,
                height=bar_height(len(rows)),
                meta={"rows": True},
            ),
        },
        columns=(
            Column("group", _("Group")),
            Column("n", _("n")),
            Column("baseline_n", _("n of the baseline")),
            Column(f"difference_{metric.name}", _("Difference"), metric.unit),
            Column(f"low_{metric.name}", _("Lower end (95 %)"), metric.unit),
            Column(f"high_{metric.name}", _("Upper end (95 %)"), metric.unit),
            Column("ratio", _("Ratio")),
            Column("verdict", _("Verdict")),
        ),
        rows=tuple(
            (
                row.label,
                row.difference.n_b,
                row.difference.n_a,
                row.difference.value,
                row.difference.low,
                row.difference.high,
                None if row.difference.ratio is None else round(row.difference.ratio, 4),
                str(VERDICTS[row.difference.verdict].title),
            )
            for row in rows
        ),
    )


def _mark(place: int, row: Compared, metric: Metric) -> Json:
    colour, symbol = look_of(row.strategy)
    difference = row.difference
    value = difference.value or 0.0
    of = scale_of(metric).of
    low, high = (value if bound is None else bound for bound in (difference.low, difference.high))
    return {
        "type": "scatter",
        "name": escaped(row.label),
        "mode": "markers",
        "x": [of(value)],
        "y": [place],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [of(high - value)],
            "arrayminus": [of(value - low)],
            "color": colour,
            "thickness": 2,
        },
        "marker": {
            "color": colour,
            "symbol": symbol if difference.low is not None else f"{symbol}-open",
            "size": 12,
        },
        "customdata": [_about(difference, metric)],
        "hovertemplate": "%{customdata}<extra>%{fullData.name}</extra>",
    }


def _about(difference: Difference, metric: Metric) -> str:
    values = {
        "difference": shown(difference.value, metric.unit),
        "low": shown(difference.low, metric.unit),
        "high": shown(difference.high, metric.unit),
    }
    if difference.low is None:
        return _("difference %(difference)s, too few runs for an interval") % values
    return _("difference %(difference)s, 95 %% interval %(low)s to %(high)s") % values
