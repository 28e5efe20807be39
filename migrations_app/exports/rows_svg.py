"""A figure of many cells as an SVG: a line per cell, a mark per trial, median and interval.

Lines below each other have room for names; a large grid makes it longer, not finer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from migrations_app.quantities import Unit, shown

from .waterfall_svg import WIDTH, nice_step, tag

LEFT, RIGHT, TOP, ROW, BOTTOM = 300, 800, 8, 40, 28
LABEL_LENGTH = 44  # signs of a line of a label, of which there are two
TICKS = 5


@dataclass(frozen=True)
class Row:
    """A cell; values in the figure's own unit."""

    label: str
    strategy: str
    trials: Sequence[float] = ()
    warm_ups: Sequence[float] = ()  # drawn hollow
    middle: float | None = None
    low: float | None = None  # its interval, where there is one
    high: float | None = None
    note: str = ""  # at the right end

    @property
    def all(self) -> list[float]:
        ends = (self.middle, self.low, self.high)
        return [*self.trials, *self.warm_ups, *(value for value in ends if value is not None)]


def draw(rows: Sequence[Row], summary: str, unit: Unit = Unit.MS) -> SafeString:
    """An axis that has zero on it, below all rows."""
    axis = _Axis([value for row in rows for value in row.all], unit)
    bottom = TOP + ROW * len(rows)
    parts = [*axis.drawn(bottom)]
    for place, row in enumerate(rows):
        parts += _row(row, TOP + ROW * (place + 0.5), axis)
    size = f'viewBox="0 0 {WIDTH} {bottom + BOTTOM}" width="{WIDTH}" height="{bottom + BOTTOM}"'
    label, drawn = tag("title", summary), "".join(parts)
    space = 'xmlns="http://www.w3.org/2000/svg"'
    return mark_safe(f'<svg {space} class="wf dots" {size} role="img">{label}{drawn}</svg>')  # noqa: S308


class _Axis:
    def __init__(self, values: Sequence[float], unit: Unit) -> None:
        self.unit = unit
        least, most = min([0.0, *values]), max([0.0, *values])
        self.step = nice_step((most - least or 1.0) * 1.05, TICKS)
        self.first = int(least / self.step) - (1 if least < 0 else 0)
        self.last = int(most / self.step) + 1

    def x(self, value: float) -> float:
        begin, end = self.first * self.step, self.last * self.step
        return LEFT + (RIGHT - LEFT) * (value - begin) / (end - begin)

    def drawn(self, bottom: float) -> Iterator[str]:
        for number in range(self.first, self.last + 1):
            x = self.x(number * self.step)
            cls = "wf-divide-zero" if number == 0 else "wf-grid"
            yield tag("line", x1=x, x2=x, y1=TOP, y2=bottom, cls=cls)
            text = shown(number * self.step, self.unit) if number else "0"
            yield tag("text", text, x=x, y=bottom + 18, cls="wf-tick", text_anchor="middle")


def _row(row: Row, y: float, axis: _Axis) -> Iterator[str]:
    lines = label_lines(row.label)
    for place, line in enumerate(lines):
        at = y + 4 + 15 * (place - (len(lines) - 1) / 2)
        yield tag("text", line, x=LEFT - 12, y=at, cls="wf-value", text_anchor="end")
    for value in row.warm_ups:
        cls = f"dot-hollow line-{row.strategy}"
        yield tag("circle", cx=axis.x(value), cy=y, r=5, cls=cls)
    for value in row.trials:
        yield tag("circle", cx=axis.x(value), cy=y, r=5, cls=f"dot strategy-{row.strategy}")
    yield from _middle(row, y, axis)
    if row.note:
        yield tag("text", row.note, x=RIGHT + 12, y=y + 4, cls="wf-tick")


def _middle(row: Row, y: float, axis: _Axis) -> Iterator[str]:
    if row.low is not None and row.high is not None:
        low, high = axis.x(row.low), axis.x(row.high)
        yield tag("line", x1=low, x2=high, y1=y + 11, y2=y + 11, cls="dots-interval")
    if row.middle is not None:
        x = axis.x(row.middle)
        yield tag("line", x1=x, x2=x, y1=y - 12, y2=y + 14, cls="dots-interval")


def label_lines(label: str) -> list[str]:
    """Two lines at most, broken between the parts of a cell's name."""
    lines = [""]
    for part in label.split(" · "):
        longer = f"{lines[-1]} · {part}" if lines[-1] else part
        if lines[-1] and len(longer) > LABEL_LENGTH and len(lines) == 1:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines
