"""A figure over a factor as an SVG: a line through the medians of each group, a mark per trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from migrations_app.quantities import Unit, shown

from .waterfall_svg import WIDTH, nice_step, tag

LEFT, RIGHT, TOP, HEIGHT, BOTTOM = 72, 904, 16, 280, 44
KEY_ROW = 20  # of the list of lines below
TICKS = 5


@dataclass(frozen=True)
class Dot:
    x: float
    trials: Sequence[float]
    middle: float | None


@dataclass(frozen=True)
class Line:
    label: str
    strategy: str
    dots: Sequence[Dot]  # by x


def draw(lines: Sequence[Line], summary: str, x_title: str, unit: Unit = Unit.MS) -> SafeString:
    """Both axes are even and begin at zero."""
    scale = _Scale(lines, unit)
    parts = [*scale.drawn(x_title)]
    for line in lines:
        parts += _line(line, scale)
    for place, line in enumerate(lines):
        parts += _key(line, TOP + HEIGHT + BOTTOM + KEY_ROW * (place + 0.5))
    height = TOP + HEIGHT + BOTTOM + KEY_ROW * (len(lines) + 0.5)
    size = f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
    label, drawn = tag("title", summary), "".join(parts)
    space = 'xmlns="http://www.w3.org/2000/svg"'
    return mark_safe(f'<svg {space} class="wf dots" {size} role="img">{label}{drawn}</svg>')  # noqa: S308


class _Scale:
    def __init__(self, lines: Sequence[Line], unit: Unit) -> None:
        dots = [dot for line in lines for dot in line.dots]
        most = max((value for dot in dots for value in dot.trials), default=0.0) or 1.0
        self.unit = unit
        self.xs = sorted({dot.x for dot in dots})
        self.wide = (max(self.xs, default=1.0) or 1.0) * 1.05
        self.step = nice_step(most * 1.05, TICKS)
        self.top = self.step * (int(most / self.step) + 1)

    def x(self, value: float) -> float:
        return LEFT + (RIGHT - LEFT) * value / self.wide

    def y(self, value: float) -> float:
        return TOP + HEIGHT * (1 - value / self.top)

    def drawn(self, x_title: str) -> Iterator[str]:
        for number in range(round(self.top / self.step) + 1):
            y = self.y(number * self.step)
            yield tag("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, cls="wf-grid")
            text = shown(number * self.step, self.unit) if number else "0"
            yield tag("text", text, x=LEFT - 8, y=y + 4, cls="wf-tick", text_anchor="end")
        for value in self.xs:
            x, y = self.x(value), TOP + HEIGHT + 18
            yield tag("text", f"{value:g}", x=x, y=y, cls="wf-tick", text_anchor="middle")
        middle = (LEFT + RIGHT) / 2
        y = TOP + HEIGHT + 36
        yield tag("text", x_title, x=middle, y=y, cls="wf-tick", text_anchor="middle")


def _line(line: Line, scale: _Scale) -> Iterator[str]:
    known = [(scale.x(dot.x), scale.y(dot.middle)) for dot in line.dots if dot.middle is not None]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in known)
    yield tag("polyline", points=points, fill="none", cls=f"dots-line line-{line.strategy}")
    for dot in line.dots:
        for value in dot.trials:
            x, y = scale.x(dot.x), scale.y(value)
            yield tag("circle", cx=x, cy=y, r=4, cls=f"dot strategy-{line.strategy}")


def _key(line: Line, y: float) -> Iterator[str]:
    yield tag("line", x1=LEFT, x2=LEFT + 24, y1=y, y2=y, cls=f"dots-line line-{line.strategy}")
    yield tag("text", line.label, x=LEFT + 32, y=y + 4, cls="wf-value")
