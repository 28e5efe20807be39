"""Where the time went: stacked bars of phases, and bytes per pre-copy round."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from migrations_app.metrics import METRICS
from migrations_app.quantities import Unit, shown
from migrations_app.words import PHASES, STOP_PARTS, title_of

from .base import (
    QUIET,
    SCALES,
    Chart,
    Column,
    Json,
    bar_height,
    escaped,
    faint,
    label_axis,
    layout,
    look_of,
    median_text,
    sentences,
)
from .data import PhaseStack, RoundSeries

# One colour per part everywhere, as in static/css/theme.css (--lab-phase-…).
PARTS: dict[str, str] = {
    "prepare": "#9aa4b2",
    "arm": "#9aa4b2",
    "create": "#cc79a7",
    "pre-copy": "#8c7c00",
    "freeze": "#0072b2",
    "freeze_ms": "#0072b2",
    "dump": "#e69f00",
    "dump_ms": "#e69f00",
    "transfer": "#56b4e9",
    "hand-over": "#a23b72",
    "hand_over_ms": "#a23b72",
    "restore": "#009e73",
    "restore_ms": "#009e73",
    "resume": "#9aa4b2",
    "resume_ms": "#f0e442",
    "remainder_ms": "#9aa4b2",
    "pages": "#6a5acd",
    "rollback": "#d55e00",
}
NAMES = {**PHASES, **STOP_PARTS}


def phases_chart(stacks: Sequence[PhaseStack], *, metric_name: str = "stop_time_ms") -> Chart:
    """A bar per group, made of the medians of its parts; a mark where the whole's median is.

    `metric_name` is what the parts are parts of.
    """
    metric = METRICS[metric_name]
    names = list(dict.fromkeys(name for stack in stacks for name in stack.parts))
    values = {"rangemode": "tozero", "ticksuffix": " s", "zeroline": False, "automargin": True}
    labels = label_axis([stack.label for stack in stacks], autorange="reversed")
    return Chart(
        name=f"{metric_name}-parts",
        title=_("%(metric)s: where it went") % {"metric": metric.title},
        caption=sentences(
            str(metric.definition),
            _(
                "Each bar is made of the medians of its parts; the mark is the median of the whole with its interval (95 %) from five runs on. Medians of parts need not add up to the median of the whole."
            ),
        ),
        figure={
            "data": [*(_part(name, stacks) for name in names), *_wholes(stacks)],
            "layout": layout(
                f"{metric_name} parts",
                values,
                labels,
                barmode="stack",
                height=bar_height(len(stacks)) + 40,
                meta={"rows": True},
            ),
        },
        columns=(
            Column("group", _("Group")),
            Column("part", _("Part")),
            Column("median_ms", _("Median"), Unit.MS),
        ),
        rows=tuple(
            (stack.label, str(title_of(NAMES, name)), value)
            for stack in stacks
            for name, value in stack.parts.items()
        ),
    )


def _part(name: str, stacks: Sequence[PhaseStack]) -> Json:
    values = [stack.parts.get(name) for stack in stacks]
    title = escaped(str(title_of(NAMES, name)))
    return {
        "type": "bar",
        "orientation": "h",
        "name": title,
        "y": list(range(len(stacks))),
        "x": [None if value is None else value / 1000 for value in values],
        "width": 0.55,
        "marker": {"color": PARTS.get(name, QUIET), "line": {"width": 0}},
        "customdata": [shown(value, Unit.MS) for value in values],
        "hovertemplate": "%{customdata}<extra>%{fullData.name}</extra>",
    }


def _wholes(stacks: Sequence[PhaseStack]) -> list[Json]:
    known = [(place, stack) for place, stack in enumerate(stacks) if stack.total.median is not None]
    if not known:
        return []
    totals = [stack.total for _place, stack in known]
    return [
        {
            "type": "scatter",
            "name": _("median of the whole"),
            "mode": "markers",
            "y": [place for place, _stack in known],
            "x": [(total.median or 0) / 1000 for total in totals],
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [_reach(total.high, total.median) for total in totals],
                "arrayminus": [_reach(total.median, total.low) for total in totals],
                "color": QUIET,
                "thickness": 2,
            },
            "marker": {"color": QUIET, "symbol": "line-ns-open", "size": 20, "line": {"width": 3}},
            "customdata": [median_text(total, Unit.MS) for total in totals],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    ]


def _reach(more: float | None, less: float | None) -> float:
    """Length of a whisker in seconds; none where there is no interval."""
    return 0.0 if more is None or less is None else (more - less) / 1000


def rounds_chart(series: Sequence[RoundSeries]) -> Chart:
    """What each pre-copy round sent: every run a dot, the medians joined by a line."""
    traces = [trace for group in series for trace in _rounds(group)]
    most = max((r.number for g in series for run in g.runs for r in run), default=1)
    numbers = {
        "title": {"text": _("Round")},
        "range": [0.5, most + 0.5],
        "dtick": 1,
        "showgrid": False,
        "zeroline": False,
    }
    sent = {
        "title": {"text": _("Sent in MiB")},
        "rangemode": "tozero",
        "ticksuffix": " MiB",
        "zeroline": False,
        "automargin": True,
    }
    return Chart(
        name="bytes-per-round",
        title=_("Bytes per pre-copy round"),
        caption=_(
            "What was sent in each pre-copy round while the workload still ran; the first one is all of its memory. Dots are runs, the line joins their medians. Where the line stops falling, the workload changes its memory faster than it can be sent."
        ),
        figure={"data": traces, "layout": layout("rounds", numbers, sent)},
        columns=(
            Column("group", _("Group")),
            Column("round", _("Round")),
            Column("n", _("n")),
            Column("median_bytes", _("Median"), Unit.BYTES),
        ),
        rows=tuple(
            (group.label, number, len(sizes), statistics.median(sizes))
            for group in series
            for number, sizes in _by_round(group)
        ),
        logs="y",
    )


def _by_round(group: RoundSeries) -> list[tuple[int, list[float]]]:
    sizes: dict[int, list[float]] = {}
    for told in (told for run in group.runs for told in run):
        sizes.setdefault(told.number, []).append(told.bytes)
    return sorted(sizes.items())


def _rounds(group: RoundSeries) -> Iterable[Json]:
    by_round = _by_round(group)
    if not by_round:
        return
    colour, symbol = look_of(group.strategy)
    mib = SCALES[Unit.BYTES].of
    yield {
        "type": "scatter",
        "name": escaped(group.label),
        "mode": "lines+markers",
        "x": [number for number, _sizes in by_round],
        "y": [mib(statistics.median(sizes)) for _number, sizes in by_round],
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "symbol": symbol, "size": 9},
        "customdata": [
            [shown(statistics.median(sizes), Unit.BYTES), len(sizes)] for _n, sizes in by_round
        ],
        "hovertemplate": "%{customdata[0]}, n = %{customdata[1]}<extra>%{fullData.name}</extra>",
    }
    if len(group.runs) > 1:
        yield _each_round(by_round, colour)


def _each_round(by_round: list[tuple[int, list[float]]], colour: str) -> Json:
    mib = SCALES[Unit.BYTES].of
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [number for number, sizes in by_round for _size in sizes],
        "y": [mib(size) for _number, sizes in by_round for size in sizes],
        "marker": {"color": faint(colour, 0.45), "size": 6},
        "hoverinfo": "skip",
        "showlegend": False,
    }
