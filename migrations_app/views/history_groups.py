"""Runs that did the same in the same way, side by side: the history's comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migrations_app.charts import order_of
from migrations_app.engine.plan import Strategy
from migrations_app.models import MigrationJob
from migrations_app.selectors import HistoryRow
from migrations_app.statistics import Median, median_of

from .option_words import short_options

COMPARED = ("stop_time_ms", "transfer_time_ms", "total_time_ms")


@dataclass(frozen=True)
class Group:
    """Runs of one workload, operation, strategy and options; figures of those that succeeded."""

    workload: str
    operation: str
    strategy: str
    options: str  # those not by default, in words
    ended_badly: int  # failed or cancelled
    medians: dict[str, Median | None]
    against_cold: float | None = None  # its median stop time over that of cold, all else alike

    @property
    def values(self) -> dict[str, float | None]:
        return {name: median.value if median else None for name, median in self.medians.items()}

    @property
    def n(self) -> int:
        """How many runs have a stop time."""
        stop = self.medians["stop_time_ms"]
        return stop.n if stop else 0


def groups_of(rows: Sequence[HistoryRow]) -> list[Group]:
    """In the order of the charts' columns."""
    members: dict[tuple[str, str, str, str], list[HistoryRow]] = {}
    for row in rows:
        key = (row.workload, row.operation, row.strategy, short_options(row.options))
        members.setdefault(key, []).append(row)
    groups = {key: _group(key, members[key]) for key in sorted(members, key=order_of)}
    return [_compared(group, groups.get(_cold(key))) for key, group in groups.items()]


def _cold(key: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
    return (*key[:2], str(Strategy.COLD), "")


def _group(key: tuple[str, str, str, str], rows: Iterable[HistoryRow]) -> Group:
    ended = list(rows)
    good = [row for row in ended if row.status == MigrationJob.Status.SUCCEEDED]
    medians = {name: median_of(_known(good, name)) for name in COMPARED}
    return Group(*key, ended_badly=len(ended) - len(good), medians=medians)


def _known(rows: Iterable[HistoryRow], metric_name: str) -> list[float]:
    values = (getattr(row, metric_name) for row in rows)
    return [value for value in values if value is not None]


def _compared(group: Group, cold: Group | None) -> Group:
    mine, theirs = group.medians["stop_time_ms"], cold and cold.medians["stop_time_ms"]
    if not mine or not theirs or not theirs.value or group.strategy == Strategy.COLD:
        return group
    return Group(**{**vars(group), "against_cold": mine.value / theirs.value})
