"""A metric of several groups of runs: every trial a dot, and their distribution."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from migrations_app.metrics import Metric
from migrations_app.quantities import shown
from migrations_app.statistics import box_of

from .base import (
    QUIET,
    Chart,
    Column,
    Json,
    dashes_of,
    escaped,
    faint,
    label_axis,
    layout,
    look_of,
    median_text,
    metric_named,
    offset,
    scale_of,
    sentences,
    summary_columns,
    summary_values,
    value_axis,
)
from .data import Published, Series, Trial

BOX_WIDTH = 0.8


def metric_chart(
    series: Sequence[Series], metric_name: str, *, published: Sequence[Published] = ()
) -> Chart:
    """Each group a column: its trials as dots, from five on a box; warm-up hollow."""
    metric = metric_named(metric_name)
    theirs = [row for row in published if row.metric == metric_name]
    boxes = [_box(place, group, metric) for place, group in enumerate(series)]
    dots = [_dots(place, group, metric) for place, group in enumerate(series)]
    others = _others(theirs, len(series), metric)
    labels = [_label(group) for group in series] + [row.label for row in theirs]
    axes = (label_axis(labels), value_axis(metric))
    return Chart(
        name=f"{metric_name}-by-group",
        title=_("%(metric)s of every run") % {"metric": metric.title},
        caption=_caption(metric),
        figure={
            "data": [trace for trace in (*boxes, *dots, others) if trace],
            "layout": layout(metric_name, *axes, showlegend=False, meta={"columns": True}),
        },
        columns=(Column("group", _("Group")), *summary_columns(metric)),
        rows=tuple((group.label, *summary_values(group.summary)) for group in series),
        logs="y",
        notes=published_notes(theirs, metric),
    )


def _caption(metric: Metric) -> str:
    return sentences(
        str(metric.definition),
        _("Each mark is one run that succeeded; hollow ones are warm-up and count for nothing."),
        _(
            "From five runs on a box reaches from the first to the third quartile, its line is the median, its whiskers end at the farthest run within one and a half box lengths."
        ),
    )


def _label(group: Series) -> str:
    return " · ".join((group.label, _("n = %(n)s") % {"n": len(group.values)}))


def _dots(place: int, group: Series, metric: Metric) -> Json | None:
    if not group.trials:
        return None
    colour, symbol = look_of(group.strategy)
    count = len(group.trials)
    return {
        "type": "scatter",
        "name": escaped(group.label),
        "mode": "markers",
        "x": [round(place + offset(nth, count), 4) for nth in range(count)],
        "y": [scale_of(metric).of(trial.value) for trial in group.trials],
        "cliponaxis": False,
        "marker": {
            "color": colour,
            "symbol": [symbol + ("-open" if trial.warm_up else "") for trial in group.trials],
            "size": 10 if count < 40 else 6,
            "opacity": 0.85,
        },
        "customdata": _about(group.trials, metric),
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra>%{fullData.name}</extra>",
    }


def _about(trials: Sequence[Trial], metric: Metric) -> list[list[str]]:
    """Of each its value with the unit, and which run it was."""
    run, warm_up = _("run %(run)s"), _("warm-up")  # looked up once for a thousand
    about = []
    for trial in trials:
        told = [run % {"run": f"#{trial.job}"}] if trial.job else []
        told += [trial.at] if trial.at else []
        told += [warm_up] if trial.warm_up else []
        about.append([shown(trial.value, metric.unit), ", ".join(told)])
    return about


def _box(place: int, group: Series, metric: Metric) -> Json | None:
    """From our own quartiles, so that picture and table say the same."""
    box = box_of(group.values)
    if box is None:
        return None
    colour, _symbol = look_of(group.strategy)
    of = scale_of(metric).of
    return {
        "type": "box",
        "name": escaped(median_text(group.summary, metric.unit)),
        "x": [place],
        "q1": [of(box.q1)],
        "median": [of(box.median)],
        "q3": [of(box.q3)],
        "lowerfence": [of(box.lower)],
        "upperfence": [of(box.upper)],
        "width": BOX_WIDTH,
        "line": {"color": colour, "width": 1.5},
        "fillcolor": faint(colour, 0.12),
        "hoverinfo": "y+name",
        "showlegend": False,
    }


def _others(rows: Sequence[Published], first: int, metric: Metric) -> Json | None:
    """What others published, in columns of its own behind ours."""
    if not rows:
        return None
    return {
        "type": "scatter",
        "name": _("published by others"),
        "mode": "markers",
        "x": [first + place for place in range(len(rows))],
        "y": [scale_of(metric).of(row.value) for row in rows],
        "marker": {"color": QUIET, "symbol": "star-open", "size": 12},
        "customdata": [
            [shown(row.value, metric.unit), f"{row.label}: {row.setting}"] for row in rows
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    }


def published_notes(rows: Sequence[Published], metric: Metric) -> tuple[str, ...]:
    """Each foreign figure in a sentence: whose, of when, of what."""
    return tuple(
        _("Published by others: %(source)s (%(setting)s): %(value)s.")
        % {
            "source": row.label,
            "setting": row.setting,
            "value": shown(row.value, metric.unit),
        }
        for row in rows
    )


def ecdf_chart(series: Sequence[Series], metric_name: str) -> Chart:
    """How large a share of each group's runs stayed at or below a value."""
    metric = metric_named(metric_name)
    dashes = dashes_of([group.strategy for group in series])
    traces = [_steps(group, dash, metric) for group, dash in zip(series, dashes, strict=True)]
    share_axis = {
        "title": {"text": _("Share of runs")},
        "range": [0, 1.02],
        "tickformat": ".0%",
        "zeroline": False,
        "automargin": True,
    }
    return Chart(
        name=f"{metric_name}-ecdf",
        title=_("%(metric)s: distribution") % {"metric": metric.title},
        caption=_(
            "Empirical distribution: how large a share of a group's runs had at most this value. The steeper, the steadier; the further left, the lower."
        ),
        figure={
            "data": [trace for trace in traces if trace],
            "layout": layout(f"{metric_name} ecdf", value_axis(metric), share_axis),
        },
        columns=(
            Column("group", _("Group")),
            Column(metric.name, metric.title, metric.unit),
            Column("share_percent", _("Share of runs in percent")),
        ),
        rows=tuple(row for group in series for row in _shares(group)),
        logs="x",
    )


def _shares(group: Series) -> list[tuple[str, float, float]]:
    values = sorted(group.values)
    return [
        (group.label, value, round(100 * place / len(values), 2))
        for place, value in enumerate(values, start=1)
    ]


def _steps(group: Series, dash: str, metric: Metric) -> Json | None:
    shares = _shares(group)
    if not shares:
        return None
    colour, symbol = look_of(group.strategy)
    of = scale_of(metric).of
    return {
        "type": "scatter",
        "name": escaped(_label(group)),
        "mode": "lines+markers" if len(shares) < 40 else "lines",
        "x": [of(shares[0][1]), *(of(value) for _group, value, _share in shares)],
        "y": [0, *(share / 100 for _group, _value, share in shares)],
        "line": {"color": colour, "shape": "hv", "dash": dash, "width": 2},
        "marker": {"color": colour, "symbol": symbol, "size": 6},
        "hovertemplate": "%{y:.0%} ≤ %{x:.3g}"
        + scale_of(metric).suffix
        + "<extra>%{fullData.name}</extra>",
    }
