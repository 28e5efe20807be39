"""Sums kept of finished runs: counted once, found again, made anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from migrations_app.analysis.groups import read_groups
from migrations_app.analysis.standings import standings_of
from migrations_app.models import (
    Configuration,
    DayFigures,
    Experiment,
    MigrationJob,
    Trial,
    VersionChange,
    WholeFigures,
)
from migrations_app.services import dispatch
from migrations_app.services.figures import keep_figures, keep_left_behind, rebuild_figures
from migrations_app.statistics import summary_of

from .makers import make_host, make_job, make_workload

pytestmark = pytest.mark.django_db
NOON = timezone.make_aware(timezone.datetime(2026, 3, 2, 12))
FACTS = {"kernel": "6.12", "criu": {"version": "4.1"}, "docker": {"version": "26"}, "runc": None}


def ended(workload, target, *, at=NOON, value=600.0, status="succeeded", **fields) -> MigrationJob:
    facts = fields.pop("facts", FACTS)
    report = {"environment": {"source": facts, "target": FACTS, "engine_version": "0.1.0"}}
    return make_job(
        workload,
        target=target,
        status=status,
        finished_at=at,
        stop_time_ms=value if status == "succeeded" else None,
        report=report,
        **fields,
    )


@pytest.fixture
def workload():
    return make_workload(make_host("lab-a"), parameters={"memory_mib": 64})


@pytest.fixture
def target():
    return make_host("lab-b")


def day_of(metric="stop_time_ms") -> DayFigures:
    return DayFigures.objects.get(metric=metric)


def test_runs_of_a_day_are_summed_up_with_their_failures(workload, target):
    values = [600.0, 610.0, 590.0, 640.0, 605.0]
    for value in values:
        keep_figures(job=ended(workload, target, value=value))
    keep_figures(job=ended(workload, target, status="failed"))
    day, wanted = day_of(), summary_of(values, failed=1)
    assert (day.n, day.failed, day.median, day.low, day.high) == (
        5,
        1,
        wanted.median,
        wanted.low,
        wanted.high,
    )
    assert str(day.day) == "2026-03-02"


def test_counting_a_run_twice_does_no_harm(workload, target):
    job = ended(workload, target)
    keep_figures(job=job)
    keep_figures(job=job)
    assert day_of().n == 1 and WholeFigures.objects.get(metric="stop_time_ms").n == 1


def test_a_day_is_that_of_the_site_s_time_zone(workload, target):
    """17:30 in UTC is half past one on the next day in Shanghai."""
    late = timezone.datetime(2026, 3, 2, 17, 30, tzinfo=timezone.timezone.utc)  # type: ignore
    keep_figures(job=ended(workload, target, at=late))
    assert str(day_of().day) == "2026-03-03"


def test_what_differs_in_strategy_options_or_parameters_is_another_configuration(workload, target):
    other = make_workload(workload.host, parameters={"memory_mib": 256})
    again = make_workload(workload.host, parameters={"memory_mib": 64})
    for job in (
        ended(workload, target),
        ended(again, target),  # another workload of the same making
        ended(workload, target, strategy="pre-copy"),
        ended(workload, target, compression="zstd"),
        ended(other, target),
    ):
        keep_figures(job=job)
    assert Configuration.objects.count() == 4
    assert WholeFigures.objects.filter(metric="stop_time_ms", n=2).count() == 1


def test_a_metric_that_no_run_has_takes_no_rows(workload, target):
    keep_figures(job=ended(workload, target))
    assert set(DayFigures.objects.values_list("metric", flat=True)) == {"stop_time_ms"}


def test_failures_alone_are_counted_too(workload, target):
    keep_figures(job=ended(workload, target, status="failed"))
    assert (day_of().n, day_of().failed, day_of().median) == (0, 1, None)


def test_the_last_week_is_compared_with_the_weeks_before(workload, target):
    for place in range(6):
        ended(workload, target, at=NOON - timedelta(days=10), value=900.0 + place)
        ended(workload, target, at=NOON - timedelta(days=60), value=1.0)  # too long ago to count
        keep_figures(job=ended(workload, target, at=NOON, value=500.0 + place))
    rebuild_figures()
    whole = WholeFigures.objects.get(metric="stop_time_ms")
    assert (whole.n_before, whole.n_lately) == (6, 6)
    assert whole.change == -400 and whole.change_high < 0


def test_what_was_missed_is_counted_by_the_beat_and_then_no_more(workload, target, sent):
    for _run in range(3):
        ended(workload, target)
    assert keep_left_behind(limit=2) == 2
    dispatch.tick()
    assert day_of().n == 3
    assert keep_left_behind() == 0


def test_made_anew_the_sums_are_what_they_were(workload, target):
    for place in range(8):
        at = NOON + timedelta(days=place % 3)
        keep_figures(job=ended(workload, target, at=at, value=600.0 + 7 * place))
    before = list(DayFigures.objects.order_by("day").values("day", "metric", "n", "median", "low"))
    DayFigures.objects.update(median=0)
    rebuild_figures()
    after = list(DayFigures.objects.order_by("day").values("day", "metric", "n", "median", "low"))
    assert after == before


def test_a_version_that_changed_is_noted_once_with_its_host(workload, target):
    newer = {**FACTS, "criu": {"version": "4.2"}}
    keep_figures(job=ended(workload, target))
    for hours in (1, 2):
        keep_figures(job=ended(workload, target, at=NOON + timedelta(hours=hours), facts=newer))
    changes = VersionChange.objects.exclude(old="")
    assert [(c.host.name, c.component, c.old, c.new) for c in changes] == [
        ("lab-a", "criu", "4.1", "4.2")
    ]
    assert changes.get().at == NOON + timedelta(hours=1)


def test_a_run_that_is_counted_late_brings_no_version_back(workload, target):
    newer = {**FACTS, "criu": {"version": "4.2"}}
    late = ended(workload, target)
    keep_figures(job=ended(workload, target, at=NOON + timedelta(hours=1), facts=newer))
    keep_figures(job=late)
    assert not VersionChange.objects.exclude(old="").exists()


def test_a_job_that_has_not_ended_is_not_counted(workload, target):
    keep_figures(job=make_job(workload, target=target))
    assert not Configuration.objects.exists()


def test_a_broken_sum_does_not_undo_a_job_s_ending(workload, target, monkeypatch, caplog):
    """Its table is gone: the ending stands, the log tells."""
    from migrations_app.services import outcome

    def broken(*, job):
        raise DatabaseError("no such table")

    monkeypatch.setattr(outcome, "keep_figures", broken)
    outcome._count(ended(workload, target))
    assert "was not counted" in caplog.text


def test_warm_up_trials_are_counted_nowhere(workload, target):
    runs = [ended(workload, target, value=value) for value in (600.0, 9000.0)]
    fields = {"grid": {}, "seed": 1, "name": "x"}
    Trial.objects.create(
        experiment=Experiment.objects.create(**fields),
        role=Trial.Role.WARM_UP,
        cell=0,
        factors={},
        source=workload.host,
        target=target,
        repetition=1,
        position=0,
        job=runs[1],
    )
    for job in runs:
        keep_figures(job=job)
    assert (day_of().n, day_of().median) == (1, 600.0)
    rows = standings_of(MigrationJob.objects.all(), "stop_time_ms", since=None, sums=None).rows
    assert [row.n for row in rows] == [1]
    asked = read_groups([f"{runs[0].pk},{runs[1].pk}"], MigrationJob.objects.all(), None)
    assert asked.groups[0].values("stop_time_ms") == [600.0]
    assert [run.is_warm_up for run in asked.groups[0].runs] == [False, True]
