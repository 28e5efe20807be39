"""A figure of many runs as an SVG: a column per group, a mark per run, a line at the median."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from migrations_app.quantities import Unit, shown
from migrations_app.statistics import median_of

from .waterfall_svg import WIDTH, nice_step, tag

LEFT, RIGHT, TOP, HEIGHT, BOTTOM = 72, 904, 16, 260, 74
SPREAD = 0.3  # of a column, to either side: the runs
TICKS = 5


@dataclass(frozen=True)
class Column:
    """Runs that did the same in the same way; values in milliseconds, oldest first."""

    strategy: str
    labels: Sequence[str]  # one below the other
    values: Sequence[float]


def draw(columns: Sequence[Column], summary: str) -> SafeString:
    """Values in seconds from zero on. Nothing to draw where no value is known."""
    most = max((value for column in columns for value in column.values), default=0) or 1.0
    step = nice_step(most * 1.1, TICKS)
    top = step * (int(most * 1.1 / step) + 1)
    room = (RIGHT - LEFT) / max(1, len(columns))
    parts = [*_axis(top, step)]
    for place, column in enumerate(columns):
        parts += _column(column, LEFT + (place + 0.5) * room, room, top)
    height = TOP + HEIGHT + BOTTOM
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    label = tag("title", summary)
    drawn = "".join(parts)
    space = 'xmlns="http://www.w3.org/2000/svg"'
    return mark_safe(f'<svg {space} class="wf dots" {size} role="img">{label}{drawn}</svg>')  # noqa: S308


def _y(value: float, top: float) -> float:
    return TOP + HEIGHT * (1 - value / top)


def _axis(top: float, step: float) -> Iterator[str]:
    for number in range(round(top / step) + 1):
        y = _y(number * step, top)
        yield tag("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, cls="wf-grid")
        text = shown(number * step, Unit.MS) if number else "0"
        yield tag("text", text, x=LEFT - 8, y=y + 4, cls="wf-tick", text_anchor="end")


def _column(column: Column, middle: float, room: float, top: float) -> Iterator[str]:
    last = len(column.values) - 1
    for place, value in enumerate(column.values):
        aside = SPREAD * room * (2 * place / last - 1) if last else 0.0
        x, y = middle + aside, _y(value, top)
        yield tag("circle", cx=x, cy=y, r=5, cls=f"dot strategy-{column.strategy}")
    yield from _median(column.values, middle, room, top)
    for line, text in enumerate([*column.labels, f"n = {len(column.values)}"]):
        y = TOP + HEIGHT + 18 + 16 * line
        yield tag("text", text, x=middle, y=y, cls="wf-value", text_anchor="middle")


def _median(values: Sequence[float], middle: float, room: float, top: float) -> Iterator[str]:
    """From five runs on, as everywhere; a run alone has its value written beside it."""
    median = median_of(values)
    if median is None:
        return
    y = _y(median.value, top)
    if median.n == 1:
        yield tag("text", shown(median.value, Unit.MS), x=middle + 10, y=y + 4, cls="wf-value")
    elif median.low is not None:
        wide = 0.42 * room
        yield tag("line", x1=middle - wide, x2=middle + wide, y1=y, y2=y, cls="dots-median")
