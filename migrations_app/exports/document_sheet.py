"""A document as pages and files show it: its runs, and groups of runs that did the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from migrations_app.charts import order_of
from migrations_app.metrics import BIG, METRICS, Metric
from migrations_app.models import JobStatus
from migrations_app.option_words import short_options
from migrations_app.statistics import Median, median_of
from migrations_app.words import STRATEGIES, title_of

from . import dots_svg
from .experiment_sheet import ExperimentSheet
from .shape import Document
from .sheet import RunSheet

CHARTED = ("stop_time_ms", "transfer_time_ms")


@dataclass(frozen=True)
class RunGroup:
    """Runs of one workload, operation, strategy and options."""

    workload: str
    operation: str
    strategy: str
    options: str  # those not by default, in words
    sheets: Sequence[RunSheet]
    letter: str = ""  # of a comparison

    @property
    def ended_badly(self) -> int:
        return len(self.sheets) - len(self._good)

    @property
    def _good(self) -> list[RunSheet]:
        return [sheet for sheet in self.sheets if sheet.run["status"] == JobStatus.SUCCEEDED]

    def values(self, metric_name: str) -> list[float]:
        """Of the runs that succeeded, where it is known; oldest first."""
        known = (sheet.run["metrics"].get(metric_name) for sheet in self._good)
        return [value for value in known if value is not None]

    @property
    def medians(self) -> list[tuple[Metric, Median | None]]:
        return [(METRICS[name], median_of(self.values(name))) for name in BIG]

    @property
    def labels(self) -> list[str]:
        words = (self.letter, title_of(STRATEGIES, self.strategy), self.workload, self.options)
        return [str(word) for word in words if word]


@dataclass(frozen=True)
class Chart:
    metric: Metric
    svg: SafeString


@dataclass(frozen=True)
class DocumentSheet:
    document: Document

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.document["made_at"])

    @property
    def runs(self) -> list[RunSheet]:
        return [RunSheet(run, self.document["redacted"]) for run in self.document["runs"]]

    @property
    def only(self) -> RunSheet | None:
        """The run, where the document is of one job."""
        return self.runs[0] if self.document["kind"] == "job" else None

    @cached_property
    def experiment(self) -> ExperimentSheet | None:
        told = self.document["experiment"]
        return ExperimentSheet(told, redacted=self.document["redacted"]) if told else None

    @property
    def title(self) -> str:
        if self.experiment:
            return _("Experiment: %(name)s") % {"name": self.document["title"]}
        if self.only:
            values = {"number": self.only.run["job"], "workload": self.only.run["workload"]["name"]}
            return _("Migration #%(number)s of %(workload)s") % values
        return self.document["title"] or _("Runs side by side")

    @property
    def groups(self) -> list[RunGroup]:
        """As somebody put them together, else by what they did, in the order of the charts."""
        sheets = self.runs
        if self.document.get("groups"):
            by_job = {sheet.run["job"]: sheet for sheet in sheets}
            named = self.document["groups"] or ()
            return [_named(told["letter"], [by_job[job] for job in told["jobs"]]) for told in named]
        members: dict[tuple[str, str, str, str], list[RunSheet]] = {}
        for sheet in sheets:
            members.setdefault(_way(sheet), []).append(sheet)
        return [RunGroup(*key, sheets=members[key]) for key in sorted(members, key=order_of)]

    @property
    def charts(self) -> list[Chart]:
        """One per figure that is known of some run."""
        charts = [_chart(name, self.groups) for name in CHARTED]
        return [chart for chart in charts if chart]


def _way(sheet: RunSheet) -> tuple[str, str, str, str]:
    """What it did and how: workload, operation, strategy, options not by default."""
    run = sheet.run
    options = short_options(run["options"])
    return run["workload"]["name"], run["operation"], run["strategy"], options


def _named(letter: str, sheets: Sequence[RunSheet]) -> RunGroup:
    """A group of somebody's own; what its runs don't have in common is not told."""
    ways = list(zip(*map(_way, sheets), strict=True))
    common = [values[0] if len(set(values)) == 1 else "" for values in ways]
    workload, operation, strategy, options = common
    return RunGroup(workload, operation, strategy, options, sheets, letter)


def _chart(metric_name: str, groups: Sequence[RunGroup]) -> Chart | None:
    columns = [
        dots_svg.Column(group.strategy, group.labels, group.values(metric_name))
        for group in groups
        if group.values(metric_name)
    ]
    metric = METRICS[metric_name]
    summary = _("Chart: %(name)s of each run.") % {"name": metric.title}
    return Chart(metric, dots_svg.draw(columns, summary)) if columns else None
