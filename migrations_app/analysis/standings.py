"""Every configuration with its figures, and its medians day by day.

Of up to MOST_RUNS runs they are computed from the runs themselves, so that any filter can be used;
of more they are read from the sums that are kept (services/figures.py). Where there are more runs
and a filter that the sums know nothing of, the newest MOST_RUNS count, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from migrations_app.charts import Moment
from migrations_app.ended import Ended, by_day, change_lately, summary_over, values_of
from migrations_app.models import Configuration, DayFigures, MigrationJob, WholeFigures
from migrations_app.services.figures import SUMMARY, configuration_values, without_warm_up
from migrations_app.statistics import Difference, Median, Summary, median_of

from .labels import order_of

MOST_RUNS = 1000
MOST_CONFIGURATIONS = 40  # in the table: those with the newest runs
SHOWN = ("stop_time_ms", "transfer_time_ms", "total_time_ms")
SUCCEEDED = MigrationJob.Status.SUCCEEDED


@dataclass(frozen=True)
class Standing:
    """One configuration: summaries by metric, and how the metric in view changed lately."""

    configuration: Configuration
    summaries: Mapping[str, Summary]
    newest_at: datetime
    change: Difference
    against_cold: float | None = None  # its median stop time over that of cold, all else alike

    @property
    def strategy(self) -> str:
        return self.configuration.strategy

    @property
    def n(self) -> int:
        return self.summaries[SHOWN[0]].n

    @property
    def failed(self) -> int:
        return max(summary.failed for summary in self.summaries.values())


@dataclass(frozen=True)
class Standings:
    rows: Sequence[Standing]
    days: Mapping[int, Sequence[Moment]]  # by configuration, of the metric in view
    newest: Sequence[int] = ()  # jobs that have ended, newest first, at most MOST_RUNS
    left_out: bool = False  # older runs than those that are counted
    more: bool = False  # configurations than those that are listed
    from_sums: bool = False


NOTHING = Summary(0, 0, *[None] * 8)
COLD_KEY = ("type_name", "kind", "parameters", "operation")


def standings_of(
    jobs: QuerySet[MigrationJob],
    metric: str,
    *,
    since: date | None,
    sums: QuerySet[WholeFigures] | None,
) -> Standings:
    """`jobs` are those in view; `sums` the kept ones of just these, None where there are none."""
    newest = _newest(jobs)
    many, newest = len(newest) > MOST_RUNS, newest[:MOST_RUNS]
    if many and sums is not None:
        return replace(_from_sums(sums, metric, since), newest=newest)
    counted = MigrationJob.objects.filter(pk__in=newest)
    return replace(_from_runs(counted, metric, since, left_out=many), newest=newest)


def _newest(jobs: QuerySet[MigrationJob]) -> list[int]:
    """One more than are counted. Numbers alone: sorting whole rows is what takes the time."""
    ended = jobs.filter(finished_at__isnull=False).select_related(None)
    found = ended.order_by("-finished_at", "-pk").values_list("pk", flat=True)
    return list(found[: MOST_RUNS + 1])


# --- from the runs ------------------------------------------------------------------------------
def _from_runs(
    ended: QuerySet[MigrationJob], metric: str, since: date | None, *, left_out: bool
) -> Standings:
    runs = _runs(ended)
    more = len(runs) > MOST_CONFIGURATIONS
    runs = sorted(runs, key=lambda found: found[1][-1].at)[-MOST_CONFIGURATIONS:]
    rows = [_standing(configuration, found, metric) for configuration, found in runs]
    days = {c.pk: list(_moments(found, metric, since)) for c, found in runs}
    return Standings(_ordered(rows), days, left_out=left_out, more=more)


def _runs(ended: QuerySet[MigrationJob]) -> list[tuple[Configuration, list[Ended]]]:
    """The newest runs by configuration, oldest first; two queries."""
    plain = (
        without_warm_up(ended)
        .select_related(None)
        .order_by("-finished_at", "-pk")
        .select_related("workload")
    )
    columns = (
        "workload",
        "operation",
        "strategy",
        "pre_copy",
        "status",
        "finished_at",
        "configuration",
    )
    only = plain.only(
        *columns, *MigrationJob.OPTIONS, *MigrationJob.METRICS,
        "workload__type_name", "workload__kind", "workload__parameters",
    )  # fmt: skip
    found: dict[str, tuple[Configuration, list[Ended]]] = {}
    for job in list(only)[::-1]:
        made = configuration_values(job)
        key = repr(made)
        if key not in found:
            # One that is not counted yet has no row: it is told apart by its place here.
            pk = job.configuration_id or -len(found) - 1
            found[key] = (Configuration(pk=pk, **made), [])
        values = {name: getattr(job, name) for name in MigrationJob.METRICS}
        assert job.finished_at is not None
        found[key][1].append(Ended(job.finished_at, job.status == SUCCEEDED, values))
    return list(found.values())


def _standing(configuration: Configuration, runs: Sequence[Ended], metric: str) -> Standing:
    names = dict.fromkeys((*SHOWN, metric))
    summaries = {name: summary_over(runs, name) for name in names}
    return Standing(configuration, summaries, runs[-1].at, change_lately(runs, metric))


def _moments(runs: Sequence[Ended], metric: str, since: date | None) -> Iterable[Moment]:
    shown = (run for run in runs if since is None or run.day >= since)
    for day, found in by_day(shown).items():
        median = median_of(values_of(found, metric))
        if median is not None:
            yield _moment(day, median)


def _moment(day: date, median: Median) -> Moment:
    return Moment(day.isoformat(), median.n, median.value, median.low, median.high)


# --- from the sums ------------------------------------------------------------------------------
def _from_sums(sums: QuerySet[WholeFigures], metric: str, since: date | None) -> Standings:
    newest = sums.filter(metric=metric).select_related("configuration").order_by("-newest_at")
    of_metric = list(newest[: MOST_CONFIGURATIONS + 1])
    more = len(of_metric) > MOST_CONFIGURATIONS
    of_metric = of_metric[:MOST_CONFIGURATIONS]
    ids = [row.configuration_id for row in of_metric]
    others = WholeFigures.objects.filter(configuration__in=ids, metric__in=SHOWN)
    known = {(row.configuration_id, row.metric): _summary(row) for row in others}
    rows = [_kept(row, known) for row in of_metric]
    return Standings(_ordered(rows), _kept_days(ids, metric, since), more=more, from_sums=True)


def _kept(row: WholeFigures, known: Mapping[tuple[int, str], Summary]) -> Standing:
    summaries = {name: known.get((row.configuration_id, name), NOTHING) for name in SHOWN}
    summaries[row.metric] = _summary(row)
    return Standing(row.configuration, summaries, row.newest_at, _kept_change(row))


def _summary(row: WholeFigures) -> Summary:
    return Summary(**{name: getattr(row, name) for name in SUMMARY})


def _kept_change(row: WholeFigures) -> Difference:
    before, lately = row.median_before, row.median_lately
    ratio = lately / before if before and lately is not None else None
    counts = (row.n_before, row.n_lately)
    bounds = (row.change, row.change_low, row.change_high)
    return Difference(*counts, before, lately, *bounds, ratio, None, None)


def _kept_days(ids: Sequence[int], metric: str, since: date | None) -> dict[int, list[Moment]]:
    rows = DayFigures.objects.filter(configuration__in=ids, metric=metric, n__gt=0)
    if since is not None:
        rows = rows.filter(day__gte=since)
    days: dict[int, list[Moment]] = {pk: [] for pk in ids}
    columns = ("configuration", "day", "n", "median", "low", "high")
    for pk, day, *values in rows.order_by("day").values_list(*columns):
        days[pk].append(Moment(day.isoformat(), *values))
    return days


# --- both ---------------------------------------------------------------------------------------
def _ordered(rows: Iterable[Standing]) -> list[Standing]:
    """By workload and strategy, each against cold without options."""
    found = sorted(rows, key=lambda row: order_of(row.configuration))
    cold = {_alike(row): row for row in found if _is_plain_cold(row)}
    return [_compared(row, cold.get(_alike(row))) for row in found]


def _alike(row: Standing) -> str:
    return repr([getattr(row.configuration, name) for name in COLD_KEY])


def _is_plain_cold(row: Standing) -> bool:
    return (
        row.strategy == "cold"
        and set(row.configuration.options) <= {"encrypted", "compression"}
        and (row.configuration.options.get("compression", "none") == "none")
    )


def _compared(row: Standing, cold: Standing | None) -> Standing:
    mine, theirs = row.summaries[SHOWN[0]], cold and cold.summaries[SHOWN[0]]
    if row.strategy == "cold" or not theirs or not theirs.median or mine.median is None:
        return row
    return Standing(**{**vars(row), "against_cold": mine.median / theirs.median})


def since_of(days: int | None) -> date | None:
    """The first day that is shown; None: all."""
    return None if days is None else timezone.localdate() - timedelta(days=days)
