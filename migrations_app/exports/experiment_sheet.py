"""An experiment of a document as pages and files show it, in the language in use.

Everything is made of the document, so a redacted one can't tell more than it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from migrations_app.experiment_words import short_cell, varying
from migrations_app.metrics import BIG, METRICS, Metric, Text
from migrations_app.models import Trial
from migrations_app.option_words import options_of
from migrations_app.statistics import Difference, difference_of
from migrations_app.words import ERRORS, PARAMETERS, STRATEGIES, explain, title_of
from migrations_app.words.verdicts import sentence_of

from . import lines_svg, rows_svg, shape
from .sheet import host_name

MAIN, OBSERVED = "stop_time_ms", "observed_gap_ms"
CHARTED = (MAIN, "transfer_time_ms", OBSERVED)


@dataclass(frozen=True)
class Chart:
    title: Text
    caption: str
    svg: SafeString


@dataclass(frozen=True)
class TrialRow:
    trial: shape.Trial
    label: str

    @property
    def sign(self) -> str:
        """A key of words.TRIAL_SIGNS."""
        return self.trial["outcome"] or self.trial["state"]

    @property
    def figures(self) -> list[tuple[Metric, float | None]]:
        return [(METRICS[name], self.trial["metrics"].get(name)) for name in (*BIG, OBSERVED)]

    @property
    def error(self) -> Text:
        code = self.trial["error_code"]
        return explain(ERRORS, code).title if code else ""

    @property
    def former_jobs(self) -> list[int]:
        return [one["job"] for one in self.trial["former"] if one["job"] is not None]


@dataclass(frozen=True)
class CellRow:
    cell: shape.Cell
    label: str
    trials: Sequence[shape.Trial]  # also warm-ups

    @property
    def factors(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self.cell["factors"])

    @property
    def strategy(self) -> str:
        return self.cell["factors"]["strategy"] or ""

    @property
    def is_control(self) -> bool:
        return self.cell["role"] == Trial.Role.CONTROL

    @property
    def medians(self) -> list[tuple[Metric, shape.Statistics | None]]:
        return [(METRICS[name], self.cell["statistics"].get(name)) for name in (*BIG, OBSERVED)]

    def values(self, metric: str, *, warm_up: bool = False) -> list[float]:
        """Those known, in the order of repetitions."""
        rows = sorted(self.trials, key=lambda trial: trial["repetition"])
        of_role = [row for row in rows if (row["role"] == Trial.Role.WARM_UP) == warm_up]
        found = (row["metrics"].get(metric) for row in of_role)
        return [value for value in found if value is not None]


@dataclass(frozen=True)
class Line:
    """A cell against the first strategy's cell of the same setting."""

    row: CellRow
    baseline: CellRow
    difference: Difference
    sentence: str


class ExperimentSheet:
    def __init__(self, told: shape.Experiment, *, redacted: bool) -> None:
        self.told = told
        self.redacted = redacted
        self.main = METRICS[MAIN]

    def host(self, name: str) -> str:
        return host_name(name, redacted=self.redacted)

    @cached_property
    def rows(self) -> list[CellRow]:
        """In the order of the grid, then control runs."""
        cells = self.told["cells"]
        migrated = [_Factors(cell) for cell in cells if cell["role"] != Trial.Role.CONTROL]
        differing = varying(one.factors for one in migrated)
        members: dict[tuple[bool, int | None], list[shape.Trial]] = {}
        for trial in self.told["trials"]:
            control = trial["role"] == Trial.Role.CONTROL
            members.setdefault((control, trial["cell"]), []).append(trial)
        return [
            CellRow(cell, self._label(cell, differing), members.get(_place(cell), []))
            for cell in cells
        ]

    def _label(self, cell: shape.Cell, differing: set[str]) -> str:
        hosts = (cell["factors"]["source"], cell["factors"]["target"] or "")
        return short_cell(_Factors(cell), differing, {name: self.host(name) for name in hosts})

    @property
    def migrated(self) -> list[CellRow]:
        return [row for row in self.rows if not row.is_control]

    @cached_property
    def trials(self) -> list[TrialRow]:
        """All, in their order."""
        labels = {_place(row.cell): row.label for row in self.rows}
        return [TrialRow(one, labels.get(_belongs(one), "")) for one in self.told["trials"]]

    @property
    def counts(self) -> dict[str, int]:
        """Of trials by their outcome; `waiting` have not ended."""
        found = [trial["outcome"] for trial in self.told["trials"]]
        outcomes = {str(name): found.count(str(name)) for name in Trial.Outcome}
        again = sum(len(trial["former"]) for trial in self.told["trials"])
        return {"total": len(found), **outcomes, "waiting": found.count(None), "again": again}

    @property
    def routes(self) -> list[str]:
        pairs = self.told["grid"]["pairs"]
        return [f"{self.host(source)} → {self.host(target)}" for source, target in pairs]

    @property
    def parameters(self) -> list[tuple[shape.Axis, list[tuple[Text, str]]]]:
        """Each kind of workload with the values of its parameters."""
        return [(axis, _values(axis)) for axis in self.told["grid"]["workloads"]]

    @property
    def options(self) -> list[tuple[Text, list[str]]]:
        """Options and links in words, each with its values."""
        grid = self.told["grid"]
        levels = {name: list(values) for name, values in grid["options"].items()}
        for link in grid["links"]:
            for name, value in link.items():
                levels.setdefault(name, [])
                levels[name] += [] if value in levels[name] else [value]
        told = {name: levels[name] for name in levels if levels[name] != [None]}
        rows = {name: [options_of({name: one})[0] for one in told[name]] for name in told}
        return [(found[0].words.title, [row.value for row in found]) for found in rows.values()]

    # --- charts ----------------------------------------------------------------------------------
    @cached_property
    def charts(self) -> list[Chart]:
        """Those of which something is known."""
        charts = [self._every_trial(METRICS[name]) for name in CHARTED]
        charts += [self._over(name) for name in self._numbers]
        return [chart for chart in (*charts, self._forest()) if chart]

    def _every_trial(self, metric: Metric) -> Chart | None:
        known = [row for row in self.rows if row.values(metric.name)]
        rows = [_drawn(row, metric.name) for row in known]
        summary = _("Chart: %(name)s of each trial.") % {"name": metric.title}
        caption = _(
            "Each mark is one trial; hollow ones are warm-ups. The upright line is the median, the level one its interval (95 %)."  # noqa: E501
        )
        told = f"{metric.definition} {caption}"
        return (
            Chart(metric.title, told, rows_svg.draw(rows, summary, metric.unit)) if rows else None
        )

    @cached_property
    def _numbers(self) -> list[str]:
        """Parameters of workloads that have more than one value in the grid."""
        axes = self.told["grid"]["workloads"]
        names = dict.fromkeys(name for axis in axes for name in axis["parameters"])
        return [n for n in names if len({v for a in axes for v in a["parameters"].get(n, ())}) > 1]

    def _over(self, parameter: str) -> Chart | None:
        """Stop time over a parameter: a line for all that differs in nothing else."""
        migrated = [row for row in self.migrated if parameter in row.factors["parameters"]]
        differing = varying([row.factors for row in migrated]) - {parameter}
        groups: dict[str, list[CellRow]] = {}
        for row in migrated:
            groups.setdefault(self._label(row.cell, differing), []).append(row)
        lines = [_line(label, rows, parameter) for label, rows in groups.items()]
        if not any(dot.trials for line in lines for dot in line.dots):
            return None
        words = {"name": self.main.title, "parameter": title_of(PARAMETERS, parameter)}
        title = _("%(name)s over: %(parameter)s") % words
        caption = _("Each mark is one trial that succeeded; a line goes through the medians.")
        drawn = lines_svg.draw(lines, title, str(words["parameter"]), self.main.unit)
        return Chart(title, caption, drawn)

    def _forest(self) -> Chart | None:
        if not self.lines:
            return None
        rows = [
            rows_svg.Row(line.row.label, line.row.strategy, middle=d.value, low=d.low, high=d.high)
            for line in self.lines
            for d in [line.difference]
        ]
        baseline = title_of(STRATEGIES, self.lines[0].baseline.strategy)
        words = {"name": self.main.title, "baseline": baseline}
        title = _("%(name)s: differences from %(baseline)s") % words
        caption = _(
            "Difference of the medians with its interval (95 %); one that includes zero tells nothing apart."  # noqa: E501
        )
        return Chart(title, caption, rows_svg.draw(rows, title, self.main.unit))

    @cached_property
    def lines(self) -> list[Line]:
        """Each strategy against the first one that the grid has, all else alike."""
        groups: dict[str, list[CellRow]] = {}
        for row in self.migrated:
            groups.setdefault(_setting(row.factors), []).append(row)
        return [self._against(row, rows[0]) for rows in groups.values() for row in rows[1:]]

    def _against(self, row: CellRow, baseline: CellRow) -> Line:
        found = difference_of(baseline.values(MAIN), row.values(MAIN))
        said = sentence_of(found, self.main, name=row.label, baseline=baseline.label)
        return Line(row, baseline, found, said)


@dataclass(frozen=True)
class _Factors:
    cell: shape.Cell

    @property
    def factors(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self.cell["factors"])


def _place(cell: shape.Cell) -> tuple[bool, int | None]:
    return cell["role"] == Trial.Role.CONTROL, cell["number"]


def _belongs(trial: shape.Trial) -> tuple[bool, int | None]:
    return trial["role"] == Trial.Role.CONTROL, trial["cell"]


def _values(axis: shape.Axis) -> list[tuple[Text, str]]:
    return [
        (title_of(PARAMETERS, name), ", ".join(map(str, values)))
        for name, values in axis["parameters"].items()
    ]


def _setting(factors: Mapping[str, Any]) -> str:
    return str(sorted((name, str(value)) for name, value in factors.items() if name != "strategy"))


def _drawn(row: CellRow, metric: str) -> rows_svg.Row:
    known = row.cell["statistics"].get(metric)
    return rows_svg.Row(
        row.label,
        row.strategy,
        row.values(metric),
        row.values(metric, warm_up=True),
        known["median"] if known else None,
        known["low"] if known else None,
        known["high"] if known else None,
        f"n = {len(row.values(metric))}",
    )


def _line(label: str, rows: Sequence[CellRow], parameter: str) -> lines_svg.Line:
    dots = [
        lines_svg.Dot(
            row.factors["parameters"][parameter],
            row.values(MAIN),
            (row.cell["statistics"].get(MAIN) or {"median": None})["median"],
        )
        for row in rows
    ]
    return lines_svg.Line(label, rows[0].strategy, sorted(dots, key=lambda dot: dot.x))
