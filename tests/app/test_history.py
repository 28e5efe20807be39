"""The history page: lines over time, news, marks, filters; from runs and from kept sums."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.analysis import standings as found
from migrations_app.models import MigrationJob
from migrations_app.services.annotations import set_favourite, tag_job, write_remark
from migrations_app.services.figures import keep_left_behind

from .makers import make_host, make_job, make_workload
from .pages import finished, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, teacher):
    client.force_login(teacher)
    return client


@pytest.fixture
def workload():
    return make_workload(name="mem", type_name="memory", parameters={"memory_mib": 256})


@pytest.fixture
def target():
    return make_host("lab-b")


def days_of_runs(
    workload, target, *, values=(600.0, 610.0), days=3, **fields
) -> list[MigrationJob]:
    now = timezone.now()
    return [
        finished(
            workload=workload,
            target=target,
            finished_at=now - timedelta(days=days - day, minutes=place),
            stop_time_ms=value + day,
            **fields,
        )
        for day in range(days)
        for place, value in enumerate(values)
    ]


def history(browser, **query):
    return browser.get(reverse("history"), query)


def line_of(response) -> dict:
    return response.context["charts"][0].figure["data"][-1]


def test_each_day_is_a_mark_at_its_median(browser, workload, target):
    days_of_runs(workload, target)
    trace = history(browser).context["charts"][0].figure["data"][0]
    assert trace["y"] == pytest.approx([0.605, 0.606, 0.607])
    assert trace["name"].replace("<br>", " ") == "Cold · Memory · 256 MiB"


def test_sums_and_runs_give_the_same_page(browser, workload, target, monkeypatch):
    days_of_runs(workload, target, values=(600.0, 610.0, 590.0, 640.0, 605.0))
    days_of_runs(workload, target, strategy="pre-copy", compression="zstd")
    finished(workload=workload, target=target, encrypted=False)
    keep_left_behind(limit=99)
    from_runs = history(browser)
    monkeypatch.setattr(found, "MOST_RUNS", 2)
    from_sums = history(browser)
    assert not from_runs.context["standings"].from_sums
    assert from_sums.context["standings"].from_sums
    charts = [r.context["charts"][0] for r in (from_runs, from_sums)]
    assert charts[0].figure == charts[1].figure and charts[0].rows == charts[1].rows
    groups = [
        [
            (label, row.summaries["stop_time_ms"], row.against_cold)
            for row, label, _d in r.context["groups"]
        ]
        for r in (from_runs, from_sums)
    ]
    assert groups[0] == groups[1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"strategy": "pre-copy"}, 1),
        ({"compression": "zstd"}, 1),
        ({"encrypted": "False"}, 1),
        ({"encrypted": "True"}, 2),
        ({"kind": "container"}, 3),
        ({"kind": "process"}, 0),
        ({"operation": "migrate"}, 3),
    ],
)
def test_the_sums_know_the_filters_of_a_configuration(
    browser, workload, target, monkeypatch, query, count
):
    days_of_runs(workload, target)
    days_of_runs(workload, target, strategy="pre-copy", compression="zstd")
    days_of_runs(workload, target, encrypted=False)
    keep_left_behind(limit=99)
    monkeypatch.setattr(found, "MOST_RUNS", 1)
    response = history(browser, **query)
    assert len(response.context["groups"]) == count
    assert response.context["standings"].from_sums or not count


def test_a_filter_that_the_sums_do_not_know_counts_the_newest_runs_and_says_so(
    browser, workload, target, monkeypatch
):
    days_of_runs(workload, target)
    keep_left_behind(limit=99)
    monkeypatch.setattr(found, "MOST_RUNS", 4)
    response = history(browser, workload="mem")
    assert [row.n for row, *_more in response.context["groups"]] == [4]
    assert "the newest thousand are counted" in text_of(response)


def test_another_metric_and_another_period_can_be_chosen(browser, workload, target):
    days_of_runs(workload, target, days=40, values=(600.0,), transfer_time_ms=80.0)
    response = history(browser, metric="transfer_time_ms", days="30")
    chart = response.context["charts"][0]
    assert chart.name == "transfer_time_ms-over-time" and len(chart.rows) == 30
    assert len(history(browser, days="all").context["charts"][0].rows) == 40


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"strategy": "warp"}, "strategy=warp"),
        ({"configuration": "x"}, "configuration=x"),
        ({"stategy": "cold"}, "stategy=cold"),
        ({"kind": "<script>"}, "kind=&lt;script&gt;"),
    ],
)
@pytest.mark.parametrize("page", ["history", "job-list"])
def test_a_filter_that_does_not_parse_is_told_and_left_out(
    browser, workload, target, page, query, told
):
    days_of_runs(workload, target)
    response = browser.get(reverse(page), query)
    assert response.status_code == 200
    assert told in text_of(response)
    assert "left out" in text_of(response)


@pytest.mark.parametrize(
    "query", [{"metric": "x"}, {"days": "-1"}, {"c": "1e9"}, {"c": "99999999999999999999"}]
)
def test_nonsense_in_what_is_drawn_is_as_if_nothing_was_said(browser, workload, target, query):
    days_of_runs(workload, target)
    assert history(browser, **query).status_code == 200


def test_what_changed_lately_is_told_only_where_it_is_clear(browser, workload, target):
    now = timezone.now()
    for place in range(6):
        for ago, value in ((2, 400.0), (12, 900.0)):
            at = now - timedelta(days=ago, minutes=place)
            finished(workload=workload, target=target, finished_at=at, stop_time_ms=value + place)
            same = {"strategy": "pre-copy", "stop_time_ms": 300.0 + place}
            finished(workload=workload, target=target, finished_at=at, **same)
    (news,) = history(browser).context["news"]
    assert news.standing.strategy == "cold"
    sentence = news.sentence.replace("\N{NO-BREAK SPACE}", " ")
    assert sentence.startswith("Stop time: the median of the last week is 0.500 s lower than")


def test_versions_that_changed_and_notes_are_marked(browser, workload, target, teacher):
    report = {"environment": {"source": {"criu": {"version": "4.1"}}, "engine_version": "0.1.0"}}
    newer = {"environment": {"source": {"criu": {"version": "4.2"}}, "engine_version": "0.1.0"}}
    first, *_more, last = days_of_runs(workload, target, values=(600.0,), report=report)
    MigrationJob.objects.filter(pk=last.pk).update(report=newer)
    keep_left_behind(limit=99)
    write_remark(job=first, text="cables  *swapped*\n\n<script>", user=teacher)
    notes = history(browser).context["charts"][0].notes
    assert [note.partition(" · ")[2] for note in notes] == [
        f"#{first.pk}: cables *swapped* <script>",
        f"{workload.host.name}: CRIU 4.1 → 4.2",
    ]
    assert "<script>x" not in text_of(history(browser))


def test_tags_hosts_and_favourites_filter_both_lists(browser, workload, target, teacher):
    jobs = days_of_runs(workload, target)
    finished()
    tag_job(job=jobs[0], name="Week 3")
    set_favourite(job=jobs[1], user=teacher, wanted=True)
    for page, key in (("history", "rows"), ("job-list", "page")):
        found_by = {
            name: len(list(browser.get(reverse(page), query).context[key]))
            for name, query in {
                "tag": {"tag": "week 3"},
                "favourite": {"favourite": "1"},
                "host": {"host": "lab-b"},
                "nobody's": {"tag": "never given"},
            }.items()
        }
        assert found_by == {"tag": 1, "favourite": 1, "host": 6, "nobody's": 0}


@pytest.mark.parametrize("page", ["history", "job-list"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    browser, workload, target, page, django_assert_max_num_queries, django_assert_num_queries
):
    """A few hundred rows; the benchmark (scripts/bench-site) does it with 100,000."""
    days_of_runs(workload, target, days=2)
    with django_assert_max_num_queries(20) as few:
        browser.get(reverse(page))
    now = timezone.now()
    MigrationJob.objects.bulk_create(
        MigrationJob(
            workload=workload,
            source=workload.host,
            target=target,
            operation="migrate",
            strategy=("cold", "pre-copy", "hybrid")[n % 3],
            bandwidth_limit_mbit_s=n % 20 + 1,
            status="succeeded",
            finished_at=now - timedelta(hours=n),
            stop_time_ms=600.0 + n,
        )
        for n in range(300)
    )
    with django_assert_num_queries(len(few)):
        browser.get(reverse(page))


def test_a_history_without_runs_says_what_to_do(browser):
    make_job()
    assert "No finished runs yet" in text_of(history(browser))


def test_the_chart_of_every_run_says_that_it_has_only_the_newest(
    browser, workload, target, monkeypatch
):
    for _ in range(3):
        finished(workload=workload, target=target)
    said = "the newest 2 are looked at"
    assert said not in browser.get("/history/").content.decode()
    monkeypatch.setattr("migrations_app.views.history.DOTS", 2)
    assert said in browser.get("/history/").content.decode()
