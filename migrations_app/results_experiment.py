"""An experiment as a part of a document (exports/shape.py): reads only, nothing is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from django.db.models import Q, QuerySet

from migrations_app import experiment_selectors as reads
from migrations_app import results
from migrations_app.exports import shape
from migrations_app.models import Experiment, Host, MigrationJob, Trial
from migrations_app.statistics import summary_of

METRICS = MigrationJob.METRICS


def document_of_experiment(experiment: Experiment, *, most: int | None = None) -> shape.Document:
    """The grid, every trial, every cell's statistics; the runs all, or the newest so many.

    What may be exported is what may be seen; who calls this has asked for the experiment.
    """
    told = experiment_part(experiment)
    jobs = _jobs_of(experiment, told)
    return results.document_of_experiment(told, experiment.name, jobs, most=most)


def _jobs_of(experiment: Experiment, told: shape.Experiment) -> QuerySet[MigrationJob]:
    """Of its trials, also those of attempts that failed before."""
    former = [one["job"] for trial in told["trials"] for one in trial["former"] if one["job"]]
    chosen = Q(trial__experiment=experiment) | Q(pk__in=former)
    related = MigrationJob.objects.filter(chosen).select_related("workload", "source", "target")
    return related.prefetch_related("phases")


def experiment_part(experiment: Experiment) -> shape.Experiment:
    names = _Names()
    cells = reads.cells_of(experiment)
    place = {run.pk: cell.number for cell in cells for run in (*cell.trials, *cell.warm_ups)}
    return {
        "number": experiment.pk,
        "status": experiment.status,
        "reason": experiment.reason or None,
        "notes": experiment.notes or None,
        "seed": experiment.seed,
        "cool_down_s": experiment.cool_down_s,
        "created_at": results.moment(experiment.created_at) or "",
        "finished_at": results.moment(experiment.finished_at),
        "grid": _grid(experiment.grid, names),
        "cells": [_cell(cell, names) for cell in cells],
        "trials": [_trial(row, place.get(row.pk)) for row in reads.trials_of(experiment)],
    }


class _Names:
    """Hosts by id; one that was removed is a number."""

    def __init__(self) -> None:
        self._known = dict(Host.objects.values_list("pk", "name"))

    def __getitem__(self, pk: int) -> str:
        return self._known.get(pk, f"#{pk}")


def _grid(grid: Mapping[str, Any], names: _Names) -> shape.Grid:
    pairs = [[names[pk] for pk in pair] for pair in grid["pairs"]]
    return cast(shape.Grid, {**grid, "pairs": pairs})


def _cell(cell: reads.CellFigures, names: _Names) -> shape.Cell:
    target = cell.factors["target"]
    hosts = {
        "source": names[cell.factors["source"]],
        "target": None if target is None else names[target],
    }
    return {
        "number": cell.number,
        "role": cell.role,
        "factors": cast(shape.Factors, {**cell.factors, **hosts}),
        "succeeded": cell.n,
        "failed": cell.failed,
        "cancelled": sum(run.outcome == Trial.Outcome.CANCELLED for run in cell.trials),
        "waiting": cell.waiting,
        "statistics": {name: _statistics(cell, name) for name in METRICS if cell.values(name)},
    }


def _statistics(cell: reads.CellFigures, metric: str) -> shape.Statistics:
    summary = summary_of(cell.values(metric), failed=cell.failed)
    return cast(shape.Statistics, asdict(summary))


def _trial(trial: Trial, cell: int | None) -> shape.Trial:
    figures = reads.figures_of(trial)
    return {
        "position": trial.position,
        "role": trial.role,
        "cell": cell,
        "repetition": trial.repetition,
        "state": trial.state,
        "outcome": figures.outcome or None,
        "job": trial.job_id,
        "former": [{"job": one["job"], "error_code": one["error_code"]} for one in trial.former],
        "error_code": figures.error_code or None,
        "metrics": dict(figures.values),
        "started_at": results.moment(trial.started_at),
        "finished_at": results.moment(trial.finished_at),
    }
