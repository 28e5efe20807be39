"""Finished runs as statistics need them: what of them counts, and how the last week differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from .statistics import Difference, Summary, difference_of, summary_of

LATELY = timedelta(days=7)
BEFORE = timedelta(days=28)


@dataclass(frozen=True)
class Ended:
    """One finished run; `values` by metric, None where it is not known."""

    at: datetime
    succeeded: bool
    values: Mapping[str, float | None]

    @property
    def day(self) -> date:
        return timezone.localtime(self.at).date()


def values_of(runs: Iterable[Ended], metric: str) -> list[float]:
    """Of those that succeeded and have it."""
    known = (run.values[metric] for run in runs if run.succeeded)
    return [float(value) for value in known if value is not None]


def summary_over(runs: Sequence[Ended], metric: str) -> Summary:
    failed = sum(not run.succeeded for run in runs)
    return summary_of(values_of(runs, metric), failed=failed)


def change_lately(runs: Sequence[Ended], metric: str) -> Difference:
    """The week of the newest run against the four weeks before; `runs` are oldest first."""
    edge = runs[-1].at - LATELY
    before = values_of((run for run in runs if edge - BEFORE < run.at <= edge), metric)
    return difference_of(before, values_of((run for run in runs if run.at > edge), metric))


def by_day(runs: Iterable[Ended]) -> dict[date, list[Ended]]:
    days: dict[date, list[Ended]] = {}
    for run in runs:
        days.setdefault(run.day, []).append(run)
    return days
