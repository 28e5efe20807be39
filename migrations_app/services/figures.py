"""What is kept of finished runs: sums per configuration and day, and versions that changed.

A run is counted when it ends (`keep_figures`); one that was missed (its worker died in between, or
it ended before this program counted) is counted by the beat (`keep_left_behind`). The sums follow
from the rows of the jobs alone and can be made anew at any time (`rebuild_figures`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from migrations_app.ended import Ended, by_day, change_lately, summary_over
from migrations_app.models import (
    Configuration,
    DayFigures,
    Environment,
    MigrationJob,
    Trial,
    WholeFigures,
)
from migrations_app.sameness import digest_of, versions_of
from migrations_app.statistics import Summary

from .versions import note_versions

NO_MATTER = ("keep_images",)  # it is done after everything that is measured
NEWEST = 1000  # runs of a configuration that its whole figures are made of
SUMMARY = ("n", "failed", "median", "mean", "q1", "q3", "least", "most", "low", "high")
CHANGE = (
    "n_before",
    "n_lately",
    "median_before",
    "median_lately",
    "change",
    "change_low",
    "change_high",
)


def keep_figures(*, job: MigrationJob) -> None:
    """Counts a finished job; counting it twice does no harm."""
    if job.finished_at is None:
        return
    with transaction.atomic():
        configuration = _configuration_of(job)
        environment = _environment_of(job)
        known = MigrationJob.objects.filter(pk=job.pk)
        known.update(configuration=configuration, environment=environment)
        note_versions(job=job, versions=environment.versions)
        ended = _newest(configuration)
        day = timezone.localtime(job.finished_at).date()
        _write_days(configuration, {day: _of_day(configuration, day)})
        _write_whole(configuration, ended)


def keep_left_behind(*, limit: int = 20) -> int:
    """Counts finished jobs that were not; how many. The oldest first: versions change in order."""
    rows = MigrationJob.objects.filter(finished_at__isnull=False, configuration=None)
    related = rows.select_related("workload", "source", "target")
    found = list(related.order_by("finished_at", "pk")[:limit])
    for job in found:
        keep_figures(job=job)
    return len(found)


def rebuild_figures() -> int:
    """Makes all sums anew from the jobs' rows; how many configurations there are."""
    while keep_left_behind(limit=500):
        pass
    configurations = list(Configuration.objects.all())
    for configuration in configurations:
        rebuild_of(configuration=configuration)
    return len(configurations)


@transaction.atomic
def rebuild_of(*, configuration: Configuration) -> None:
    ended = list(_ended(configuration.jobs.order_by("finished_at", "pk")))
    configuration.days.all().delete()
    configuration.figures.all().delete()
    _write_days(configuration, by_day(ended))
    _write_whole(configuration, ended[-NEWEST:])


def configuration_values(job: MigrationJob) -> dict[str, object]:
    """What runs have to share to count as the same. An option that is off is left out: one that
    a later version brings changes nothing about the runs before it."""
    workload = job.workload
    return {
        "type_name": workload.type_name,
        "kind": workload.kind,
        "parameters": workload.parameters,
        "operation": job.operation,
        "strategy": job.strategy,
        "options": {n: value for n, value in job.options.items() if value and n not in NO_MATTER},
    }


def _configuration_of(job: MigrationJob) -> Configuration:
    values = configuration_values(job)
    row, _made = Configuration.objects.get_or_create(digest=digest_of(values), defaults=values)
    return row


def _environment_of(job: MigrationJob) -> Environment:
    found = versions_of(job.report or {}, source=job.source.name, target=job.target.name)
    row, _made = Environment.objects.get_or_create(
        digest=digest_of(found), defaults={"versions": found}
    )
    return row


def _newest(configuration: Configuration) -> list[Ended]:
    """Oldest first."""
    return list(_ended(configuration.jobs.order_by("-finished_at", "-pk"), NEWEST))[::-1]


def _of_day(configuration: Configuration, day: date) -> list[Ended]:
    start = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    span = (start, start + timedelta(days=1))
    rows = configuration.jobs.filter(finished_at__gte=span[0], finished_at__lt=span[1])
    return list(_ended(rows.order_by("finished_at", "pk")))


def without_warm_up(rows: QuerySet[MigrationJob]) -> QuerySet[MigrationJob]:
    warm_up = Trial.objects.filter(job=OuterRef("pk"), role=Trial.Role.WARM_UP)
    return rows.filter(~Exists(warm_up))


def _ended(rows: QuerySet[MigrationJob], most: int | None = None) -> Iterable[Ended]:
    """Warm-up trials are kept and shown, and count for nothing."""
    columns = ("finished_at", "status", *MigrationJob.METRICS)
    for at, status, *values in without_warm_up(rows).values_list(*columns)[:most]:
        succeeded = status == MigrationJob.Status.SUCCEEDED
        yield Ended(at, succeeded, dict(zip(MigrationJob.METRICS, values, strict=True)))


def _columns(summary: Summary) -> dict[str, float | int | None]:
    return {name: getattr(summary, name) for name in SUMMARY}


def _write_days(configuration: Configuration, days: dict[date, list[Ended]]) -> None:
    rows = [
        DayFigures(configuration=configuration, day=day, metric=metric, **_columns(summary))
        for day, runs in days.items()
        for metric in MigrationJob.METRICS
        if (summary := summary_over(runs, metric)).n or metric == MigrationJob.METRICS[0]
    ]
    DayFigures.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["configuration", "metric", "day"],
        update_fields=list(SUMMARY),
    )


def _write_whole(configuration: Configuration, ended: Sequence[Ended]) -> None:
    if not ended:
        return
    rows = [
        WholeFigures(
            configuration=configuration,
            metric=metric,
            newest_at=ended[-1].at,
            **_columns(summary),
            **_change(ended, metric),
        )
        for metric in MigrationJob.METRICS
        if (summary := summary_over(ended, metric)).n or metric == MigrationJob.METRICS[0]
    ]
    WholeFigures.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["configuration", "metric"],
        update_fields=["newest_at", *SUMMARY, *CHANGE],
    )


def _change(ended: Sequence[Ended], metric: str) -> dict[str, float | int | None]:
    found = change_lately(ended, metric)
    values = (
        found.n_a,
        found.n_b,
        found.median_a,
        found.median_b,
        found.value,
        found.low,
        found.high,
    )
    return dict(zip(CHANGE, values, strict=True))
