"""The page of one experiment: its cells with their figures, charts and differences, its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from migrations_app import experiment_selectors as reads
from migrations_app.charts import (
    XY,
    Cell,
    Chart,
    Compared,
    Series,
    Theory,
    Trial,
    XYSeries,
    against_chart,
    forest_chart,
    heatmap_chart,
    metric_chart,
)
from migrations_app.experiment_words import short_cell, varying
from migrations_app.metrics import METRICS, Metric
from migrations_app.models import Experiment, MigrationJob
from migrations_app.services.codes import Code
from migrations_app.statistics import Difference, Summary, difference_of, summary_of
from migrations_app.words import ERRORS, STRATEGIES, Explanation, explain, title_of
from migrations_app.words.verdicts import sentence_of

from .experiment_factors import BANDWIDTH, MEMORY, factor_of, lines_over, theory_of

STOP_TIME = "stop_time_ms"


@dataclass(frozen=True)
class Row:
    """A line of the table of cells."""

    cell: reads.CellFigures
    label: str
    summary: Summary

    @property
    def strategy(self) -> str:
        return self.cell.factors["strategy"] or ""


@dataclass(frozen=True)
class Line:
    """A cell against the baseline: that of the same setting by the first strategy."""

    row: Row
    baseline: Row
    difference: Difference
    sentence: str


class ExperimentPage:
    def __init__(
        self, experiment: Experiment, metric_name: str = "", *, may_change: bool = False
    ) -> None:
        """`may_change`: whoever looks owns it, or is an instructor; others see it only."""
        self.experiment = experiment
        self.may_change = may_change
        known = metric_name in MigrationJob.METRICS
        self.metric: Metric = METRICS[metric_name if known else MigrationJob.METRICS[0]]
        self.metrics = [METRICS[name] for name in MigrationJob.METRICS]

    @cached_property
    def progress(self) -> reads.Progress:
        return reads.progress_of(self.experiment)

    @property
    def why(self) -> Explanation | None:
        """Why it is paused, where it paused itself."""
        if self.experiment.reason != Code.FAILED_IN_A_ROW:
            return None
        return explain(ERRORS, self.experiment.reason)

    @cached_property
    def rows(self) -> list[Row]:
        cells = reads.cells_of(self.experiment)
        names = reads.host_names(self.experiment)
        differing = varying([cell.factors for cell in cells if cell.role != "control"])
        return [
            Row(cell, short_cell(cell, differing, names), self._summary(cell)) for cell in cells
        ]

    def _summary(self, cell: reads.CellFigures) -> Summary:
        return summary_of(cell.values(self.metric.name), failed=cell.failed)

    @property
    def migrated(self) -> list[Row]:
        return [row for row in self.rows if row.cell.role != "control"]

    # --- charts ----------------------------------------------------------------------------------
    @cached_property
    def charts(self) -> list[Chart]:
        found = [metric_chart(self._series(), self.metric.name)]
        found += [
            self._over(name) for name in (MEMORY, BANDWIDTH) if len(self._values_of(name)) > 1
        ]
        if len(self._values_of(MEMORY)) > 1:
            found += [self._heat_map()]
        compared = [
            Compared(line.row.label, line.row.strategy, line.difference) for line in self.lines
        ]
        if compared:
            name = str(title_of(STRATEGIES, self.lines[0].baseline.strategy))
            found += [forest_chart(compared, self.metric.name, baseline=name)]
        return found

    def _series(self) -> list[Series]:
        """Control runs only where they have a figure: the floor of the observed gap."""
        rows = [row for row in self.rows if row.cell.role != "control" or row.summary.n]
        return [
            Series(row.label, row.strategy, tuple(self._trials(row)), row.cell.failed)
            for row in rows
        ]

    def _trials(self, row: Row) -> list[Trial]:
        runs = [(one, True) for one in row.cell.warm_ups] + [
            (one, False) for one in row.cell.trials
        ]
        return [
            Trial(value, one.job, warm_up)
            for one, warm_up in runs
            if (value := one.values.get(self.metric.name)) is not None
        ]

    @cached_property
    def _hosts(self) -> dict[int, str]:
        return reads.host_names(self.experiment)

    def _values_of(self, factor: str) -> set[float]:
        found = (factor_of(row.cell.factors, factor) for row in self.migrated)
        return {value for value in found if value is not None}

    def _over(self, factor: str) -> Chart:
        """A line for all that differs in nothing but this factor, with theory where it is known."""
        lines = lines_over([row.cell for row in self.migrated], factor, self._hosts)
        groups = {label: [self.migrated[n] for n in places] for label, places in lines.items()}
        series = [
            XYSeries(label, rows[0].strategy, tuple(self._dots(rows, factor)))
            for label, rows in groups.items()
        ]
        told = self.metric.name == STOP_TIME
        theories = [self._theory(rows) for rows in groups.values()] if told else []
        known = [theory for theory in theories if theory is not None]
        return against_chart(series, factor, self.metric.name, theories=known)

    def _theory(self, rows: Sequence[Row]) -> Theory | None:
        return theory_of((row.cell.factors, row.cell.values(STOP_TIME)) for row in rows)

    def _dots(self, rows: Sequence[Row], factor: str) -> list[XY]:
        return [
            XY(factor_of(row.cell.factors, factor) or 0.0, trial)
            for row in rows
            for trial in self._trials(row)
        ]

    def _heat_map(self) -> Chart:
        lines = lines_over([row.cell for row in self.migrated], MEMORY, self._hosts)
        cells = [
            Cell(
                _("%(memory)s MiB") % {"memory": row.cell.factors["parameters"][MEMORY]},
                label,
                row.summary,
            )
            for label, places in lines.items()
            for row in (self.migrated[place] for place in places)
        ]
        return heatmap_chart(cells, self.metric.name, x=_("Memory"), y=_("Everything else"))

    # --- differences -----------------------------------------------------------------------------
    @cached_property
    def lines(self) -> list[Line]:
        """Each strategy against the first one, all else alike."""
        groups: dict[str, list[Row]] = {}
        for row in self.migrated:
            groups.setdefault(_setting(row.cell.factors), []).append(row)
        return [
            self._line(row, rows[0])
            for rows in groups.values()
            if len(rows) > 1
            for row in rows[1:]
        ]

    def _line(self, row: Row, baseline: Row) -> Line:
        name = self.metric.name
        found = difference_of(baseline.cell.values(name), row.cell.values(name))
        said = sentence_of(found, self.metric, name=row.label, baseline=baseline.label)
        return Line(row, baseline, found, said)


def _setting(factors: Mapping[str, Any]) -> str:
    return str(sorted((name, str(value)) for name, value in factors.items() if name != "strategy"))
