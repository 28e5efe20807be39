"""Groups of runs to compare, as the URL names them.

A group is a list of jobs (`12,15,16`) or a filter of the list of jobs (`strategy=cold&tag=week-3`,
`configuration=17`). It has the newest MOST_RUNS finished runs that fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from migrations_app.models import MigrationJob, Trial
from migrations_app.statistics import Summary, summary_of

MOST_GROUPS = 8
LEAST_GROUPS = 2
MOST_RUNS = 200
MOST_IDS = 500
IDS = re.compile(r"\d{1,12}(,\d{1,12})*")
JobsOf = Callable[[QueryDict], tuple[QuerySet[MigrationJob], list[str]]]


@dataclass(frozen=True)
class GroupRun:
    """One finished run, as far as a comparison needs it."""

    pk: int
    status: str
    finished_at: datetime
    strategy: str
    configuration_id: int | None
    environment_id: int | None
    source: str
    target: str
    stop_window: dict[str, float | None] | None
    round_bytes: list[int] | None
    role: str | None  # of a trial of an experiment; None: it is none
    values: dict[str, float | None]

    @property
    def is_warm_up(self) -> bool:
        """Shown hollow, and left out of every figure."""
        return self.role == Trial.Role.WARM_UP

    @property
    def succeeded(self) -> bool:
        return self.status == MigrationJob.Status.SUCCEEDED


@dataclass(frozen=True)
class Group:
    spec: str  # as in the URL
    letter: str  # A, B, …: what charts call it
    runs: Sequence[GroupRun] = ()
    missing: Sequence[int] = ()  # jobs that were named and are not there (any more)
    misread: Sequence[str] = ()  # of its filter
    cut: bool = False  # there are more runs than are counted
    label: str = ""

    # Both are asked for a hundred times for one page.
    @cached_property
    def good(self) -> list[GroupRun]:
        return [run for run in self.counted if run.succeeded]

    @cached_property
    def counted(self) -> list[GroupRun]:
        return [run for run in self.runs if not run.is_warm_up]

    @property
    def failed(self) -> int:
        return len(self.counted) - len(self.good)

    @property
    def strategy(self) -> str:
        """The one that all of it used; "" where there were several."""
        found = {run.strategy for run in self.runs}
        return found.pop() if len(found) == 1 else ""

    @property
    def ids(self) -> list[int] | None:
        """Of a group that names its jobs."""
        return ids_of(self.spec)

    def values(self, metric: str) -> list[float]:
        known = (run.values[metric] for run in self.good)
        return [float(value) for value in known if value is not None]

    def summary(self, metric: str) -> Summary:
        return summary_of(self.values(metric), failed=self.failed)


@dataclass(frozen=True)
class Asked:
    """What the URL asked for."""

    groups: Sequence[Group] = field(default=())
    too_many: int = 0  # groups that were left out


def ids_of(spec: str) -> list[int] | None:
    if not IDS.fullmatch(spec):
        return None
    return list(dict.fromkeys(int(text) for text in spec.split(",")))[:MOST_IDS]


def read_groups(specs: Sequence[str], jobs: QuerySet[MigrationJob], filtered: JobsOf) -> Asked:
    """Each in two queries at most. `filtered` reads a filter's query string."""
    wanted = [spec for spec in dict.fromkeys(text.strip() for text in specs) if spec]
    groups = [
        _group(spec, chr(ord("A") + place), jobs, filtered)
        for place, spec in enumerate(wanted[:MOST_GROUPS])
    ]
    return Asked(groups, max(0, len(wanted) - MOST_GROUPS))


def _group(spec: str, letter: str, jobs: QuerySet[MigrationJob], filtered: JobsOf) -> Group:
    ids = ids_of(spec)
    if ids is not None:
        runs, cut = _runs(jobs.filter(pk__in=ids))
        there = set(jobs.filter(pk__in=ids).values_list("pk", flat=True))
        missing = [pk for pk in ids if pk not in there]
        return Group(spec, letter, runs, missing=missing, cut=cut)
    chosen, misread = filtered(QueryDict(spec))
    if misread:  # what it means is not known: nothing is compared under its name
        return Group(spec, letter, misread=misread)
    runs, cut = _runs(chosen)
    return Group(spec, letter, runs, cut=cut)


_COLUMNS = {
    "pk": "pk",
    "status": "status",
    "finished_at": "finished_at",
    "strategy": "strategy",
    "configuration_id": "configuration",
    "environment_id": "environment",
    "source": "source__name",
    "target": "target__name",
    "stop_window": "stop_window",
    "round_bytes": "round_bytes",
    "role": "trial__role",
}


def _runs(jobs: QuerySet[MigrationJob]) -> tuple[list[GroupRun], bool]:
    """The newest that have ended, oldest first; and whether there are more."""
    ended = jobs.select_related(None).filter(finished_at__isnull=False)
    columns = (*_COLUMNS.values(), *MigrationJob.METRICS)
    rows: list[Any] = list(
        ended.order_by("-finished_at", "-pk").values_list(*columns)[: MOST_RUNS + 1]
    )
    return [_run(row) for row in rows[MOST_RUNS - 1 :: -1]], len(rows) > MOST_RUNS


def _run(row: Sequence[Any]) -> GroupRun:
    known = dict(zip(_COLUMNS, row, strict=False))
    values = dict(zip(MigrationJob.METRICS, row[len(_COLUMNS) :], strict=True))
    return GroupRun(**known, values=values)
