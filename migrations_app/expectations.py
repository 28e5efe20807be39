"""How long a trial is likely to take, from former runs just like it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from migrations_app.grids import UNSHAPED, Cell
from migrations_app.models import MigrationJob, Trial
from migrations_app.services.control import WATCH_S
from migrations_app.services.options import DEFAULTS

LATEST = 5000  # runs looked at, so that a form answers quickly whatever the history holds
AROUND_LATEST = 300
OPTIONS = ("encrypted", "compression", "bandwidth_limit_mbit_s", *MigrationJob.LINK)


@dataclass(frozen=True)
class Expectations:
    total_s: Mapping[str, float]  # median of runs alike, by _key
    around_s: float | None  # of a trial beside its job: start and removal of its workload

    @classmethod
    def of(cls, type_names: Iterable[str]) -> Expectations:
        """Two queries."""
        seen: dict[str, list[float]] = {}
        for *like, total_ms in _former(type_names):
            seen.setdefault(_key(*like), []).append(total_ms / 1000)
        medians = {key: statistics.median(times) for key, times in seen.items()}
        return cls(medians, _around_s())

    def seconds(self, cell: Cell) -> float | None:
        """None: no such run has been made. A control run is as long as it is by default."""
        around = self.around_s or 0
        if cell.strategy is None:
            return WATCH_S + around
        chosen = {**DEFAULTS, **(cell.options or {}), **(cell.link or UNSHAPED)}
        like = (cell.type_name, cell.kind, cell.parameters, cell.strategy)
        total = self.total_s.get(_key(*like, *(chosen[name] for name in OPTIONS)))
        return None if total is None else total + around


def _former(type_names: Iterable[str]) -> Iterable[tuple[Any, ...]]:
    rows = MigrationJob.objects.filter(
        status=MigrationJob.Status.SUCCEEDED,
        operation="migrate",
        workload__type_name__in=list(type_names),
        total_time_ms__isnull=False,
    )
    like = ("workload__type_name", "workload__kind", "workload__parameters", "strategy", *OPTIONS)
    return rows.order_by("-pk").values_list(*like, "total_time_ms")[:LATEST]


def _key(*parts: Any) -> str:
    return json.dumps(parts, sort_keys=True)


def _around_s() -> float | None:
    """Median over the latest trials; None before the first."""
    ended = Trial.objects.filter(
        outcome=Trial.Outcome.SUCCEEDED, state=Trial.State.DONE, job__total_time_ms__isnull=False
    )
    spans = ended.annotate(took=F("finished_at") - F("started_at"))
    rows = spans.order_by("-pk").values_list("took", "job__total_time_ms")[:AROUND_LATEST]
    around = [took.total_seconds() - (total or 0) / 1000 for took, total in rows]
    return statistics.median(around) if around else None
