"""How long a client outside waited for answers before, during and after the stop window: pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Reply = tuple[int, int]  # when it was asked for and when it came, in nanoseconds of one clock


def latencies(
    replies: Sequence[Reply], frozen_ns: int | None, resumed_ns: int | None
) -> dict[str, Any] | None:
    """`before`, `during` and `after`, each with `count`, `median_ms` and `longest_ms`, or null.

    During are those that were waited for at any moment of the window; None where the window is not
    known, or nobody noted when an answer was asked for.
    """
    if not replies or frozen_ns is None or resumed_ns is None:
        return None
    before = [reply for reply in replies if reply[1] <= frozen_ns]
    during = [reply for reply in replies if reply[0] < resumed_ns and reply[1] > frozen_ns]
    after = [reply for reply in replies if reply[0] >= resumed_ns]
    parts = {"before": before, "during": during, "after": after}
    return {name: _summary(part) for name, part in parts.items()}


def _summary(replies: Sequence[Reply]) -> dict[str, Any] | None:
    took_ms = [(answered - asked) / 1e6 for asked, answered in replies]
    if not took_ms:
        return None
    return {
        "count": len(took_ms),
        "median_ms": statistics.median(took_ms),
        "longest_ms": max(took_ms),
    }
