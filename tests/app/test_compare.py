"""The comparison page: groups from the URL, differences, what else differs, clear answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.models import Configuration, MigrationJob
from migrations_app.services.figures import keep_left_behind

from .makers import make_host, make_workload
from .pages import finished, text_of

pytestmark = pytest.mark.django_db
FACTS = {"kernel": "6.12", "criu": {"version": "4.2"}}


@pytest.fixture
def browser(client, teacher):
    client.force_login(teacher)
    return client


def runs(count=6, *, value=600.0, strategy="cold", memory=256, facts=FACTS, **fields) -> list[int]:
    """Ids of finished and counted runs of one configuration."""
    workload = make_workload(type_name="memory", parameters={"memory_mib": memory})
    target = make_host()
    report = {"environment": {"source": facts, "target": facts, "engine_version": "0.1.0"}}
    made = [
        finished(
            workload=workload,
            target=target,
            strategy=strategy,
            report=report,
            stop_time_ms=value + 5 * place,
            finished_at=timezone.now() - timedelta(minutes=place),
            **fields,
        )
        for place in range(count)
    ]
    while keep_left_behind():
        pass
    return [job.pk for job in made]


def ids(jobs: list[int]) -> str:
    return ",".join(map(str, jobs))


def compare(browser, *groups, **more):
    return browser.get(reverse("compare"), {"g": groups, **more})


def test_two_groups_are_compared_with_an_interval_and_a_sentence(browser):
    cold, fast = runs(value=900.0), runs(value=300.0, strategy="pre-copy")
    response = compare(browser, ids(cold), ids(fast))
    base, other = response.context["comparison"].lines
    assert base.difference is None and other.difference.value == -600
    assert other.difference.high < 0
    page = text_of(response)
    assert "the median of B: Pre-copy is 0.600 s lower than that of A: Cold" in page
    assert "baseline" in page


def test_the_baseline_can_be_another_one(browser):
    cold, fast = runs(value=900.0), runs(value=300.0, strategy="pre-copy")
    comparison = compare(browser, ids(cold), ids(fast), base="B").context["comparison"]
    assert comparison.baseline.letter == "B"
    assert comparison.lines[0].difference.value == 600


def test_under_five_runs_nothing_is_claimed(browser):
    page = text_of(compare(browser, ids(runs(2)), ids(runs(6, value=1.0, strategy="hybrid"))))
    assert "too few runs to claim anything" in page


def test_a_group_can_be_a_configuration_or_a_filter(browser):
    runs(strategy="cold")
    runs(strategy="hybrid", value=200.0)
    cold = Configuration.objects.get(strategy="cold")
    response = compare(browser, f"configuration={cold.pk}", "strategy=hybrid&kind=container")
    assert [len(g.runs) for g in response.context["comparison"].groups] == [6, 6]


def test_what_was_chosen_differently_is_listed_and_nothing_else(browser):
    small, large = runs(memory=64), runs(memory=1024, compression="zstd")
    rows = compare(browser, ids(small), ids(large)).context["comparison"].parameters
    assert {str(row.name): list(row.values) for row in rows} == {
        "Memory": ["64 MiB", "1024 MiB"],
        "Options": ["—", "zstd"],
    }


def test_a_banner_tells_where_environments_differ(browser):
    newer = {**FACTS, "kernel": "6.13"}
    old, new = runs(), runs(strategy="hybrid", facts=newer)
    response = compare(browser, ids(old), ids(new))
    rows = {str(r.name): list(r.values) for r in response.context["comparison"].environments}
    assert rows["Kernel"] == ["6.12", "6.13"] and "CRIU" not in rows and "Migration Lab" not in rows
    assert "ran in different environments" in text_of(response)


def test_without_a_difference_there_is_no_banner(browser):
    jobs = runs(8)
    page = text_of(compare(browser, ids(jobs[:4]), ids(jobs[4:])))
    assert "different environments" not in page
    assert "Nothing that was chosen" in page


def test_runs_that_tell_no_environment_are_not_taken_for_alike(browser):
    known, unknown = runs(), runs(strategy="hybrid")
    MigrationJob.objects.filter(pk__in=unknown).update(environment=None)
    assert "tells its environment: B" in text_of(compare(browser, ids(known), ids(unknown)))


def test_memory_that_differs_makes_a_chart_against_memory(browser):
    charts = compare(browser, ids(runs(memory=64)), ids(runs(memory=256))).context["charts"]
    names = [chart.name for chart in charts]
    assert "stop_time_ms-against-memory_mib" in names
    assert "stop_time_ms-by-group" in names and "stop_time_ms-differences" in names


def test_rounds_and_parts_of_the_stop_time_are_charted_where_they_are_known(browser):
    first, second = runs(), runs(strategy="pre-copy")
    window = {"freeze_ms": 1.0, "dump_ms": 60.0, "resume_ms": None}
    MigrationJob.objects.filter(pk__in=second).update(stop_window=window, round_bytes=[9000, 400])
    charts = {c.name: c for c in compare(browser, ids(first), ids(second)).context["charts"]}
    assert [row[1] for row in charts["stop_time_ms-parts"].rows] == ["Freeze", "Dump"]
    assert [row[1] for row in charts["bytes-per-round"].rows] == [1, 2]


def test_figures_of_others_are_shown_on_request_only(browser):
    groups = (ids(runs()), ids(runs(strategy="hybrid")))
    assert "Clark et al." not in text_of(compare(browser, *groups))
    assert "Clark et al., NSDI, 2005" in text_of(compare(browser, *groups, published="1"))


def test_deleted_runs_are_told_and_the_others_compared(browser):
    first, second = runs(), runs(strategy="hybrid")
    MigrationJob.objects.filter(pk=second[0]).delete()
    response = compare(browser, ids(first), ids(second))
    page = text_of(response)
    assert "1 job of group B is not there (any more)" in page and f"#{second[0]}" in page
    assert len(response.context["comparison"].groups[1].runs) == 5


def test_a_group_of_which_nothing_is_left_leaves_the_others(browser):
    first, second = runs(), runs(strategy="hybrid")
    response = compare(browser, ids(first), "999999", ids(second))
    assert "The jobs of group B are not there" in text_of(response)
    assert [g.letter for g in response.context["comparison"].groups] == ["A", "C"]


@pytest.mark.parametrize(
    "spec",
    ["strategy=warp", "nonsense", "<script>alert(1)</script>", "1,2,x", "-1", "a=b&c=d", "=&&="],
)
def test_a_group_that_can_t_be_read_is_told_and_compares_nothing(browser, spec):
    response = compare(browser, ids(runs()), spec)
    assert response.status_code == 200
    assert response.context["asked"].groups[1].runs == ()
    assert "comparison" not in response.context
    assert "<script>alert" not in text_of(response)


def test_more_than_eight_groups_are_too_many_and_it_is_said(browser):
    jobs = runs(10)
    response = compare(browser, *map(str, jobs))
    assert len(response.context["comparison"].groups) == 8
    assert "2 groups were left out" in text_of(response)


def test_one_group_asks_for_another(browser):
    job = runs(1)
    page = text_of(compare(browser, ids(job)))
    assert "Choose at least two groups" in page
    assert f"/jobs/?with={job[0]}" in page


def test_an_empty_comparison_is_a_page(browser):
    assert "Choose at least two groups" in text_of(browser.get(reverse("compare")))


def test_ticked_jobs_of_several_configurations_are_grouped_by_them(browser):
    first, second = runs(2), runs(2, strategy="hybrid")
    response = browser.get(reverse("compare"), {"job": [*first, *second]}, follow=True)
    assert [g.ids for g in response.context["comparison"].groups] == [first, second]


def test_ticked_jobs_of_one_configuration_stand_each_by_itself(browser):
    jobs = runs(3)
    response = browser.get(reverse("compare"), {"job": jobs, "g": "strategy=cold"}, follow=True)
    groups = response.context["comparison"].groups
    assert [g.ids for g in groups] == [None, *([pk] for pk in jobs)]


def test_groups_of_many_runs_count_the_newest_and_say_so(browser, monkeypatch):
    from migrations_app.analysis import groups

    monkeypatch.setattr(groups, "MOST_RUNS", 4)
    jobs, others = runs(6), runs(6, strategy="hybrid")
    response = compare(browser, ids(jobs), ids(others))
    first = response.context["comparison"].groups[0]
    assert [run.pk for run in first.runs] == jobs[3::-1]  # the newest four, oldest first
    assert first.cut


def test_a_comparison_takes_the_same_few_queries_whatever_its_size(
    browser, django_assert_max_num_queries
):
    groups = [ids(runs(12, strategy=s)) for s in ("cold", "pre-copy", "hybrid", "post-copy")]
    with django_assert_max_num_queries(20):
        compare(browser, *groups)


def test_the_list_of_jobs_takes_its_filter_as_a_group(browser):
    runs(2)
    page = text_of(browser.get(reverse("job-list"), {"strategy": "cold", "with": "1,2"}))
    assert "/compare/?g=1%2C2&amp;g=strategy%3Dcold" in page
    assert "1 group is chosen for the comparison" in page
