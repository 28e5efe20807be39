"""How figures are written: three significant digits, a unit, and a dash where nothing is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "—"
NO_BREAK = "\N{NO-BREAK SPACE}"


class Unit(StrEnum):
    """As in the ending of a metric's name."""

    MS = "ms"
    BYTES = "bytes"
    COUNT = "count"


@dataclass(frozen=True)
class Quantity:
    """A figure ready to be shown: number and unit apart, so that a page can set them apart."""

    number: str
    unit: str

    def __str__(self) -> str:
        return f"{self.number}{NO_BREAK}{self.unit}" if self.unit else self.number


def three_digits(value: float) -> str:
    """Three significant digits, never in powers of ten: 0.0123, 1.23, 12.3, 123, 12300."""
    if value == 0:
        return "0"
    decimals = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    # rounding may have carried into one more digit: 9.999 -> 10.00
    decimals = 2 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:.{max(decimals, 0)}f}"


def quantity(value: float, unit: Unit) -> Quantity:
    """A known value (milliseconds, bytes or a count) with the unit people read it in."""
    if unit is Unit.MS:
        return _duration(value)
    if unit is Unit.BYTES:
        return _size(value)
    return Quantity(f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}"), "")


def _duration(ms: float) -> Quantity:
    """Seconds from a tenth of one on, milliseconds below, so that one page reads in one unit."""
    if abs(ms) < 100:
        return Quantity(three_digits(ms), "ms")
    return Quantity(three_digits(ms / 1000), "s")


def _size(count: float) -> Quantity:
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1000 or unit == "GiB":
            return Quantity(three_digits(value) if unit != "B" else f"{value:.0f}", unit)
        value /= 1024
    raise AssertionError("the last unit always fits")


def shown(value: float | None, unit: Unit) -> str:
    """A value as text, or a dash where it is not known."""
    return UNKNOWN if value is None else str(quantity(value, unit))
