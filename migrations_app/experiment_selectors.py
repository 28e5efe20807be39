"""Reads of experiments: lists, progress, and the figures of every cell."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from migrations_app.expectations import Expectations
from migrations_app.grids import Cell, Counts, Duration, Grid, Role, how_long, parsed
from migrations_app.models import Experiment, Host, MigrationJob, Trial
from migrations_app.models.experiment_states import UNDER_WAY
from migrations_app.roles import Viewer
from migrations_app.services.grid_checks import Blocked, blocked_cells, checked_grid, hosts_of
from migrations_app.statistics import Median, median_of

SCHEMA = 1  # of the summary


# --- rows ---------------------------------------------------------------------------------------
def experiments(viewer: Viewer) -> QuerySet[Experiment]:
    """For lists, newest first; each with `total`, `done` and `failed` trials."""
    rows = (
        Experiment.objects.visible_to(viewer)
        .select_related("created_by")
        .annotate(
            total=Count("trials"),
            done=Count("trials", filter=Q(trials__state=Trial.State.DONE)),
            failed=Count("trials", filter=Q(trials__outcome=Trial.Outcome.FAILED)),
        )
    )
    return rows.order_by("-pk")


def experiment(viewer: Viewer, pk: int) -> Experiment | None:
    rows = Experiment.objects.visible_to(viewer).select_related("created_by")
    return rows.filter(pk=pk).first()


def trials_of(experiment: Experiment) -> QuerySet[Trial]:
    """In their order, with job, workload and hosts; the jobs' large reports stay behind."""
    related = ("job", "workload", "source", "target")
    documents = [f"{side}__{name}" for side in ("source", "target") for name in Host.DOCUMENTS]
    return experiment.trials.select_related(*related).defer("job__report", *documents)


def grid_of(experiment: Experiment) -> Grid:
    return parsed(experiment.grid)


# --- progress -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Progress:
    total: int
    done: int
    succeeded: int
    failed: int
    cancelled: int
    under_way: list[Trial]
    left: Duration  # about how long the rest takes

    @property
    def percent(self) -> float:
        return 100 * self.done / self.total if self.total else 0


def progress_of(experiment: Experiment) -> Progress:
    rows = list(experiment.trials.values_list("state", "outcome"))
    outcomes = [outcome for state, outcome in rows if state == Trial.State.DONE]
    under_way = trials_of(experiment).filter(state__in=UNDER_WAY)
    return Progress(
        total=len(rows),
        done=len(outcomes),
        succeeded=outcomes.count(Trial.Outcome.SUCCEEDED),
        failed=outcomes.count(Trial.Outcome.FAILED),
        cancelled=outcomes.count(Trial.Outcome.CANCELLED),
        under_way=list(under_way),
        left=_time_left(experiment),
    )


def _time_left(experiment: Experiment) -> Duration:
    left = experiment.trials.exclude(state=Trial.State.DONE).values_list("factors", flat=True)
    cells = [_cell_of(factors) for factors in left]
    return _duration(cells, experiment.cool_down_s)


def _cell_of(factors: Mapping[str, Any]) -> Cell:
    return Cell(
        type_name=factors["type"],
        kind=factors["kind"],
        parameters=factors["parameters"],
        source=factors["source"],
        target=factors["target"],
        strategy=factors["strategy"],
        options=factors["options"],
        link=factors["link"],
    )


def _duration(cells: Sequence[Cell], cool_down_s: int) -> Duration:
    if not cells:  # nothing is left: no former run need be asked
        return how_long([], cool_down_s)
    known = Expectations.of({cell.type_name for cell in cells})
    expected = [
        (frozenset({cell.source, cell.target or cell.source}), known.seconds(cell))
        for cell in cells
    ]
    return how_long(expected, cool_down_s)


# --- before it is launched ----------------------------------------------------------------------
@dataclass(frozen=True)
class Preview:
    """What a grid comes to: how many jobs, about how long, and what stands in the way."""

    grid: Grid
    counts: Counts
    duration: Duration
    blocked: list[Blocked]


def preview(grid: Mapping[str, Any], *, cool_down_s: int = 0) -> Preview:
    """Raises Refused for a grid that can't be read or is too large; then nothing was expanded."""
    checked = checked_grid(grid)
    blocked = blocked_cells(checked, hosts_of(checked))
    times = {Role.TRIAL: checked.trials, Role.WARM_UP: checked.warm_ups}
    times[Role.CONTROL] = checked.controls
    cells = [cell for role in Role for cell in checked.cells(role) * times[role]]
    return Preview(checked, checked.counts(), _duration(cells, cool_down_s), blocked)


# --- figures ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class TrialFigures:
    """One trial of a cell; `values` by metric, in ms, empty unless it succeeded."""

    pk: int
    role: str
    repetition: int
    job: int | None
    outcome: str
    error_code: str
    failed_before: int  # attempts
    values: Mapping[str, float | None]


@dataclass
class CellFigures:
    """All runs of one cell. Figures are of trials that succeeded; warm-ups stand beside them."""

    number: int
    role: str  # trial or control; warm-ups of a cell stand in its `warm_ups`
    factors: Mapping[str, Any]  # grids.Cell.to_json
    trials: list[TrialFigures] = field(default_factory=list)
    warm_ups: list[TrialFigures] = field(default_factory=list)

    def values(self, metric: str) -> list[float]:
        """Those known, in the order of repetitions."""
        found = (trial.values.get(metric) for trial in self.trials)
        return [value for value in found if value is not None]

    @property
    def n(self) -> int:
        return sum(trial.outcome == Trial.Outcome.SUCCEEDED for trial in self.trials)

    @property
    def failed(self) -> int:
        """Attempts that failed, also those that were repeated with success."""
        now = sum(trial.outcome == Trial.Outcome.FAILED for trial in self.trials)
        return now + sum(trial.failed_before for trial in self.trials)

    @property
    def waiting(self) -> int:
        return sum(not trial.outcome for trial in self.trials)

    def median(self, metric: str) -> Median | None:
        return median_of(self.values(metric))


def cells_of(experiment: Experiment) -> list[CellFigures]:
    """Cells in the order of the grid, then control runs; one query."""
    cells: dict[tuple[str, str], CellFigures] = {}
    warm_ups = []
    for trial in _measured(experiment):
        if trial.role == Trial.Role.WARM_UP:
            warm_ups.append(trial)
            continue
        key = (trial.role, _key(trial.factors))
        cell = cells.setdefault(key, CellFigures(trial.cell, trial.role, trial.factors))
        cell.trials.append(figures_of(trial))
    for trial in warm_ups:  # a warm-up has the factors of the first cell of its group
        key = (str(Trial.Role.TRIAL), _key(trial.factors))
        if key in cells:
            cells[key].warm_ups.append(figures_of(trial))
    return sorted(cells.values(), key=lambda cell: (cell.role == Trial.Role.CONTROL, cell.number))


def _measured(experiment: Experiment) -> QuerySet[Trial]:
    """Of trials and their jobs the figures alone: there may be two thousand."""
    of_job = [f"job__{name}" for name in ("error_code", *MigrationJob.METRICS)]
    rows = experiment.trials.select_related("job").only(*_FIGURES, *of_job)
    return rows.order_by("role", "cell", "repetition")


_FIGURES = (
    *("experiment", "role", "cell", "factors", "repetition", "state", "outcome"),
    *("error_code", "former", "result"),
)


def _key(factors: Mapping[str, Any]) -> str:
    return json.dumps(factors, sort_keys=True)


def figures_of(trial: Trial) -> TrialFigures:
    """Of a row of `trials_of`, or of one that has its figures alone."""
    over = trial.state == Trial.State.DONE
    return TrialFigures(
        pk=trial.pk,
        role=trial.role,
        repetition=trial.repetition,
        job=trial.job_id,
        outcome=trial.outcome if over else "",
        error_code=trial.error_code or (trial.job.error_code if trial.job else ""),
        failed_before=len(trial.former),
        values=_values(trial) if over and trial.outcome == Trial.Outcome.SUCCEEDED else {},
    )


def _values(trial: Trial) -> dict[str, float | None]:
    """A control run has a gap only: the longest between two lines while it was watched."""
    if trial.job is not None:
        return {name: getattr(trial.job, name) for name in MigrationJob.METRICS}
    return {"observed_gap_ms": (trial.result or {}).get("longest_gap_ms")}


def summary(experiment: Experiment, names: Mapping[int, str] | None = None) -> dict[str, Any]:
    """The experiment as JSON: its grid, and every cell with its trials; times in ms.

    `names` of hosts by id; None: letters, so that nothing tells which hosts they are.
    """
    told = names or lettered(grid_of(experiment))
    return {
        "schema": SCHEMA,
        "name": experiment.name,
        "notes": experiment.notes,
        "status": experiment.status,
        "seed": experiment.seed,
        "cool_down_s": experiment.cool_down_s,
        "created_at": experiment.created_at.isoformat(),
        "finished_at": experiment.finished_at.isoformat() if experiment.finished_at else None,
        "cells": [_cell_json(cell, told) for cell in cells_of(experiment)],
    }


def host_names(experiment: Experiment) -> dict[int, str]:
    pairs = grid_of(experiment).pairs
    wanted = {pk for pair in pairs for pk in pair}
    return dict(Host.objects.filter(pk__in=wanted).values_list("pk", "name"))


def lettered(grid: Grid) -> dict[int, str]:
    """A for the first host of the grid, B for the second, …; A1 after Z."""
    hosts = dict.fromkeys(pk for pair in grid.pairs for pk in pair)
    letters = string.ascii_uppercase
    return {pk: f"{letters[number % 26]}{number // 26 or ''}" for number, pk in enumerate(hosts)}


def _cell_json(cell: CellFigures, names: Mapping[int, str]) -> dict[str, Any]:
    target = cell.factors["target"]
    return {
        "number": cell.number,
        "role": cell.role,
        "factors": {
            **cell.factors,
            "source": names[cell.factors["source"]],
            "target": None if target is None else names[target],
        },
        "n": cell.n,
        "failed": cell.failed,
        "medians": {name: _median_json(cell.median(name)) for name in MigrationJob.METRICS},
        "trials": [_trial_json(trial) for trial in (*cell.warm_ups, *cell.trials)],
    }


def _median_json(median: Median | None) -> dict[str, Any] | None:
    if median is None:
        return None
    return {"n": median.n, "value": median.value, "low": median.low, "high": median.high}


def _trial_json(trial: TrialFigures) -> dict[str, Any]:
    return {
        "role": trial.role,
        "repetition": trial.repetition,
        "job": trial.job,
        "outcome": trial.outcome or None,
        "error_code": trial.error_code or None,
        "failed_before": trial.failed_before,
        **trial.values,
    }
