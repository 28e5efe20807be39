"""Charts and the waterfall: numbers in, dictionaries out."""

import json

import pytest

from migrations_app.charts import LOOKS, Point, runs_chart
from migrations_app.engine.plan import Strategy
from migrations_app.statistics import median_of
from migrations_app.waterfall import Bar, Run, picture, stop_window

BARS = (
    Bar("prepare", "source", 0, 400),
    Bar("freeze", "source", 500, 40),
    Bar("dump", "source", 540, 200),
    Bar("transfer", "source", 740, 80, bytes=1_000_000),
    Bar("restore", "target", 820, 300),
    Bar("clean-up", "source", 1200, 100),
)


def make_run(bars=BARS, **fields) -> Run:
    values = {
        "operation": "migrate",
        "workload": "cr",
        "source": "lab-a",
        "target": "lab-b",
        "now_ms": None,
        "stop_time_ms": 580.0,
        "workload_is_on": "target",
    }
    return Run(bars=bars, **(values | fields))


def make_points(count: int, **fields) -> list[Point]:
    values = {"workload": "cr", "operation": "migrate", "strategy": "cold", "at": "2026-01-01"}
    return [Point(job=n, value=600.0 + n, **(values | fields)) for n in range(1, count + 1)]


def test_every_strategy_has_a_colour_and_marker_of_its_own():
    assert set(Strategy) <= set(LOOKS)
    assert len(set(LOOKS.values())) == len(LOOKS)


def test_a_chart_is_plain_json_with_a_mark_per_run_in_seconds():
    figure = json.loads(json.dumps(runs_chart(make_points(3), "stop_time_ms").figure))
    (trace,) = figure["data"]
    assert trace["y"] == pytest.approx([0.601, 0.602, 0.603])
    assert trace["x"] == sorted(trace["x"])


def test_runs_of_each_workload_and_operation_share_a_column():
    points = [
        *make_points(2),
        *make_points(1, workload="mem"),
        *make_points(1, operation="local-clone"),
    ]
    figure = runs_chart(points, "stop_time_ms").figure
    assert [label.replace("<br>", " ") for label in figure["layout"]["xaxis"]["ticktext"]] == [
        "cr · Local clone · Cold · n = 1",
        "cr · Migrate · Cold · n = 2",
        "mem · Migrate · Cold · n = 1",
    ]


def test_strategies_of_one_workload_stand_side_by_side_in_the_engine_s_order():
    points = [
        *make_points(1, strategy="hybrid"),
        *make_points(1, strategy="cold"),
        *make_points(1, strategy="post-copy", options="zstd"),
    ]
    figure = runs_chart(points, "stop_time_ms").figure
    assert figure["layout"]["xaxis"]["ticktext"] == [
        "Cold · n = 1",
        "Post-copy · zstd · n = 1",
        "Hybrid · n = 1",
    ]
    assert len(figure["data"]) == 3  # a trace each, no median across strategies


def test_a_median_is_never_taken_across_strategies():
    points = [p for s in Strategy for p in make_points(1, strategy=str(s))]
    assert all(
        trace["mode"] == "markers+text"
        for trace in runs_chart(points, "stop_time_ms").figure["data"]
    )


def test_a_median_is_drawn_from_five_runs_on():
    assert len(runs_chart(make_points(4), "stop_time_ms").figure["data"]) == 1
    marks, median = runs_chart(make_points(5), "stop_time_ms").figure["data"]
    assert marks["mode"] == "markers+text" and not any(marks["text"])
    assert set(median["y"]) == {0.603}
    assert "n = 5" in median["hovertemplate"]


def test_a_chart_of_nothing_is_a_chart():
    assert runs_chart([], "stop_time_ms").figure["data"] == []


def test_no_style_attribute_gets_into_a_chart():
    assert "style=" not in json.dumps(runs_chart(make_points(6), "stop_time_ms").figure)


def test_a_median_of_few_has_no_interval_and_of_none_is_none():
    assert median_of([]) is None
    assert median_of([3, 1, 2]).value == 2
    assert median_of([3, 1, 2]).low is None


def test_a_median_s_interval_holds_it_and_is_the_same_every_time():
    values = [5.0, 1.0, 3.0, 9.0, 7.0, 4.0]
    median = median_of(values)
    assert median.low <= median.value <= median.high
    assert median == median_of(values)


def test_the_stop_window_lasts_from_standing_still_as_long_as_was_measured():
    window = stop_window(make_run())
    assert (window.start_ms, window.end_ms) == (540, 1120)


def test_while_it_stands_still_the_window_is_open():
    run = make_run(bars=BARS[:3], now_ms=700, stop_time_ms=None, workload_is_on=None)
    assert stop_window(run).end_ms is None
    assert [stretch["end"] for stretch in picture(run)["line"]] == [540]


def test_before_the_freeze_there_is_no_window():
    run = make_run(bars=BARS[:1], now_ms=100, stop_time_ms=None)
    assert stop_window(run) is None
    assert picture(run)["stop"] is None


def test_the_line_changes_lanes():
    lanes = [stretch["lane"] for stretch in picture(make_run())["line"]]
    assert lanes == ["source", "target"]


def test_after_a_rollback_the_line_stays_on_the_source():
    failed = Bar("restore", "target", 820, 60, failed=True)
    bars = (*BARS[:4], failed, Bar("rollback", "source", 890, 100))
    drawn = picture(make_run(bars=bars, stop_time_ms=None, workload_is_on="source"))
    assert [stretch["lane"] for stretch in drawn["line"]] == ["source", "source"]
    assert drawn["stop"] == {"start": 540, "end": 990, "text": "rolled back"}


def test_in_doubt_nothing_is_drawn_after_the_freeze():
    drawn = picture(make_run(bars=BARS[:4], stop_time_ms=None, workload_is_on=None))
    assert len(drawn["line"]) == 1
    assert drawn["stop"]["end"] is None and drawn["stop"]["text"] == "frozen; how long is not known"


def test_a_restore_in_place_has_one_lane():
    drawn = picture(make_run(operation="restore-in-place", target="lab-a"))
    assert [lane["key"] for lane in drawn["lanes"]] == ["source"]
    assert {row["name"] for row in drawn["lanes"][0]["rows"]} == {bar.name for bar in BARS}
    assert {stretch["lane"] for stretch in drawn["line"]} == {"source"}


def test_the_picture_says_in_words_what_it_shows():
    summary = picture(make_run())["texts"]["summary"].replace("\N{NO-BREAK SPACE}", " ")
    assert summary == "cr ran on lab-a, stood still for 0.580 s and continued on lab-b."
