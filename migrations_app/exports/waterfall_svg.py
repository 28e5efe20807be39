"""A run's waterfall as an SVG that needs no script: for pages without one, paper and files.

The same picture as static/js/waterfall.js draws, from the same data (waterfall.picture), with the
same classes, so that one style sheet serves both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe

WIDTH, LEFT, RIGHT = 920, 150, 904
TOP, AXIS, TRACK, CAPTION, ROW, GAP = 40, 24, 60, 28, 26, 16
WIDE_FROM = "\u2e80"  # signs from here on are about twice as wide
TICKS = 7
Json = Mapping[str, Any]


def draw(picture: Json) -> SafeString:
    """The whole run. Texts are escaped here; nothing else in it comes from outside."""
    return mark_safe(_Drawing(picture).svg())  # noqa: S308


def nice_step(span: float, count: int) -> float:
    """1, 2 or 5 times a power of ten, so that about `count` steps make the span."""
    raw = max(span, 1e-9) / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)


def tag(name: str, text: str | None = None, **attributes: object) -> str:
    """An element; `cls` is its class, an underscore in a name a dash."""
    named = {
        "class" if key == "cls" else key.replace("_", "-"): attributes[key] for key in attributes
    }
    told = "".join(f' {key}="{escape(_plain(value))}"' for key, value in named.items())
    return f"<{name}{told}/>" if text is None else f"<{name}{told}>{escape(text)}</{name}>"


def _plain(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


class _Drawing:
    def __init__(self, picture: Json) -> None:
        self.picture = picture
        self.end = max(1.0, float(picture["end_ms"])) * 1.015
        self.rails = {
            lane["key"]: TOP + AXIS + place * TRACK + 34
            for place, lane in enumerate(picture["lanes"])
        }
        self.rows_top = TOP + AXIS + len(self.rails) * TRACK + GAP
        self.height = self.rows_top + 8 + sum(_room(lane) for lane in picture["lanes"])

    def svg(self) -> str:
        parts = "".join(
            part
            for draw in (self._shade, self._axis, self._tracks, self._lanes, self._pill)
            for part in draw()
        )
        label = escape(self.picture["texts"]["summary"])
        size = f'viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}"'
        space = 'xmlns="http://www.w3.org/2000/svg"'
        return f'<svg {space} class="wf" {size} role="img" aria-label="{label}">{parts}</svg>'

    def x(self, ms: float) -> float:
        return min(max(LEFT + ms / self.end * (RIGHT - LEFT), LEFT), RIGHT)

    def _stop(self) -> tuple[float, float] | None:
        """Where the stop window lies on the page."""
        stop = self.picture["stop"]
        if stop is None:
            return None
        end = self.picture["end_ms"] if stop["end"] is None else stop["end"]
        return self.x(stop["start"]), self.x(end)

    def _shade(self) -> Iterator[str]:
        stop = self._stop()
        if stop is None:
            return
        left, right = stop
        y, height, width = TOP - 8, self.height - TOP + 8, max(2.0, right - left)
        yield tag("rect", x=left, y=y, width=width, height=height, cls="wf-stop")
        for edge in (left, max(right, left + 2)):
            yield tag("line", x1=edge, x2=edge, y1=TOP - 8, y2=self.height, cls="wf-stop-edge")

    def _axis(self) -> Iterator[str]:
        step = nice_step(self.end, TICKS)
        decimals = max(0, -math.floor(math.log10(step / 1000) + 1e-9))
        for number in range(int(self.end / step) + 1):
            x = self.x(number * step)
            yield tag("line", x1=x, x2=x, y1=TOP + AXIS - 4, y2=self.height, cls="wf-grid")
            anchor = "start" if number == 0 else "end" if x > RIGHT - 20 else "middle"
            text = f"{number * step / 1000:.{decimals}f}\N{NO-BREAK SPACE}s"
            yield tag("text", text, x=x, y=TOP + 14, cls="wf-tick", text_anchor=anchor)

    def _tracks(self) -> Iterator[str]:
        for lane in self.picture["lanes"]:
            y = self.rails[lane["key"]]
            yield tag("text", lane["title"], x=0, y=y - 4, cls="wf-host")
            yield tag("text", lane["role"], x=0, y=y + 13, cls="wf-role")
            yield tag("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, cls="wf-rail")
        yield from self._crossing()
        for stretch in self.picture["line"]:
            yield from self._stretch(stretch)

    def _crossing(self) -> Iterator[str]:
        """Between the stretches the workload exists as an image only."""
        stop = self._stop()
        if stop is None:
            return
        lanes = [stretch["lane"] for stretch in self.picture["line"]]
        (left, right), middle = stop, sum(stop) / 2
        start, goal = self.rails[lanes[0]], self.rails[lanes[-1]]
        path = f"M{left:.1f} {start} C{middle:.1f} {start} {middle:.1f} {goal} {right:.1f} {goal}"
        yield tag("path", d=path, cls="wf-crossing")

    def _stretch(self, stretch: Json) -> Iterator[str]:
        y = self.rails[stretch["lane"]]
        stop = self.picture["stop"]
        end = self.picture["end_ms"] if stretch["end"] is None else stretch["end"]
        left, right = self.x(stretch["start"]), self.x(end)
        yield tag("line", x1=left, x2=max(right, left + 1), y1=y, y2=y, cls="wf-alive")
        if stretch["start"] > 0:
            yield tag("circle", cx=left, cy=y, r=8, cls="wf-stop-dot")
        if stop and stretch["end"] == stop["start"]:
            yield tag("circle", cx=right, cy=y, r=8, cls="wf-stop-dot")
        yield from _said(stretch, left + 14, right - 14, y - 13)

    def _lanes(self) -> Iterator[str]:
        y = self.rows_top
        for lane in filter(_room, self.picture["lanes"]):
            title = f"{lane['title']} · {lane['role']}"
            yield tag("line", x1=0, x2=WIDTH, y1=y, y2=y, cls="wf-divide")
            yield tag("text", title, x=0, y=y + 19, cls="wf-caption")
            for place, row in enumerate(lane["rows"]):
                yield from self._row(row, y + CAPTION + place * ROW)
            y += _room(lane)

    def _row(self, row: Json, y: float) -> Iterator[str]:
        yield tag("text", row["title"], x=12, y=y + 17, cls="wf-label")
        for bar in row["bars"]:
            left = self.x(bar["start"])
            length = bar["duration"] if bar["duration"] is not None else self.end - bar["start"]
            width = max(3.0, self.x(bar["start"] + length) - left)
            failed = " wf-failed" if bar["failed"] else ""
            cls = f"wf-bar wf-{row['name']}{failed}"
            yield tag("rect", x=left, y=y + 6, width=width, height=14, rx=3, cls=cls)
            if bar["labelled"]:
                yield self._beside(left, width, y + 17, bar["text"])

    def _beside(self, left: float, width: float, y: float, text: str) -> str:
        """What a bar took: to its right, else to its left."""
        if left + width + _width_of(text, 7) + 12 < WIDTH:
            return tag("text", text, x=left + width + 6, y=y, cls="wf-value")
        return tag("text", text, x=left - 6, y=y, cls="wf-value", text_anchor="end")

    def _pill(self) -> Iterator[str]:
        stop = self._stop()
        text = (self.picture["stop"] or {}).get("text")
        if stop is None or not text:
            return
        width = _width_of(text, 8) + 28
        x = min(max(sum(stop) / 2 - width / 2, 2), WIDTH - width - 2)
        yield tag("rect", x=x, y=0, width=width, height=30, rx=15, cls="wf-pill")
        middle = x + width / 2
        yield tag("text", text, x=middle, y=20, cls="wf-pill-text", text_anchor="middle")


def _said(stretch: Json, left: float, right: float, y: float) -> Iterator[str]:
    """What the workload printed last before, and first after."""
    if stretch["end_text"]:
        text = f"… {stretch['end_text']}"
        yield tag("text", text, x=right, y=y, cls="wf-said", text_anchor="end")
    if stretch["start_text"]:
        yield tag("text", f"{stretch['start_text']} …", x=left, y=y, cls="wf-said")


def _room(lane: Json) -> int:
    return CAPTION + len(lane["rows"]) * ROW + 8 if lane["rows"] else 0


def _width_of(text: str, narrow: int) -> float:
    """About how wide a text is, in pixels."""
    return float(sum(narrow * (2 if sign > WIDE_FROM else 1) for sign in text))
