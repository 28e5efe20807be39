"""Every chart: Plotly takes it, nothing crashes it, its table says what it shows."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest
from django.utils import translation

from migrations_app.charts import (
    FACTORS,
    LOOKS,
    PUBLISHED,
    XY,
    Cell,
    Compared,
    Mark,
    Moment,
    PhaseStack,
    Reply,
    Round,
    RoundSeries,
    Series,
    Theory,
    Timeline,
    Trial,
    XYSeries,
    against_chart,
    client_chart,
    ecdf_chart,
    forest_chart,
    heatmap_chart,
    history_chart,
    metric_chart,
    phases_chart,
    published_for,
    rounds_chart,
    stop_time_ms,
)
from migrations_app.charts.base import dashes_of, wrapped
from migrations_app.charts.phases import NAMES, PARTS
from migrations_app.metrics import METRICS
from migrations_app.statistics import difference_of, summary_of
from migrations_app.templatetags.chart import chart_rows
from migrations_app.views.chart_samples import every_chart

SIX = (601.0, 640.5, 620.0, 655.0, 590.0, 633.0)


def series(label="cold", strategy="cold", values=SIX, **fields) -> Series:
    return Series(label, strategy, tuple(Trial(value, job=1) for value in values), **fields)


def of_size(count: int) -> list:
    """Each chart on groups of so many runs; of 0 also without any group."""
    values = SIX[:count]
    group = series(values=values)
    spots = tuple(XY(256.0, Trial(value)) for value in values)
    moments = tuple(Moment("2026-01-01", 1, value) for value in values)
    rounds = tuple((Round(1, value),) for value in values)
    difference = difference_of(values, values)
    stack = PhaseStack("cold", "cold", {"dump": 3.0} if values else {}, group.summary)
    theory = Theory("cold", floor_ms=100, memory_mib=256, bandwidth_mbit_s=1000)
    replies = [Reply(float(place), value) for place, value in enumerate(values)]
    return [
        metric_chart([group], "stop_time_ms"),
        ecdf_chart([group], "stop_time_ms"),
        phases_chart([stack]),
        rounds_chart([RoundSeries("pre-copy", "pre-copy", rounds)]),
        against_chart([XYSeries("c", "cold", spots)], "bandwidth_mbit_s", theories=[theory]),
        heatmap_chart([Cell("1", "2", group.summary)], "bytes_sent", x="x", y="y"),
        history_chart(
            [Timeline("cold", "cold", moments)], "stop_time_ms", marks=[Mark("2026-01-01", "x")]
        ),
        forest_chart([Compared("cold", "cold", difference)], "stop_time_ms", baseline="b"),
        client_chart(replies, gap=(0, 1) if values else None, stop=None),
    ]


NOTHING = [
    metric_chart([], "stop_time_ms"),
    ecdf_chart([], "stop_time_ms"),
    phases_chart([]),
    rounds_chart([]),
    against_chart([], "memory_mib", theories=[Theory("cold", 1, 1, 1)]),
    heatmap_chart([], "stop_time_ms", x="x", y="y"),
    history_chart([], "stop_time_ms", marks=[Mark("2026-01-01", "x")]),
    forest_chart([], "stop_time_ms", baseline="b"),
    client_chart([], gap=None, stop=None),
]


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6])
def test_plotly_takes_every_chart_of_none_of_one_and_of_many_runs(count):
    for chart in of_size(count):
        go.Figure(json.loads(json.dumps(chart.figure)))
        assert all(len(row) == len(chart.columns) for row in chart.rows), chart.name


@pytest.mark.parametrize("chart", NOTHING, ids=lambda chart: chart.name)
def test_a_chart_without_groups_is_empty_and_says_so(chart):
    go.Figure(chart.figure)
    assert chart.is_empty and chart.figure["data"] == []


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.name)
def test_every_sample_is_taken_by_plotly_has_a_caption_and_a_table(chart):
    figure = go.Figure(chart.figure)
    assert figure.data and chart.caption and chart.rows
    assert "style=" not in json.dumps(chart.figure)
    cells = len(chart.rows) * len(chart.columns)
    assert str(chart_rows(chart)).count("<td") == cells


def test_charts_have_names_of_their_own():
    names = [chart.name for chart in every_chart()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("strategy", LOOKS)
def test_a_strategy_has_its_colour_and_marker_in_every_chart_that_shows_it(strategy):
    colour, symbol = LOOKS[strategy]
    group = series(strategy, strategy)
    spots = XYSeries(strategy, strategy, tuple(XY(1.0, Trial(value)) for value in SIX))
    rounds = RoundSeries(strategy, strategy, ((Round(1, 5.0),),))
    moment = Timeline(strategy, strategy, (Moment("2026-01-01", 1, 5.0),))
    charts = [
        metric_chart([group], "stop_time_ms"),
        ecdf_chart([group], "stop_time_ms"),
        against_chart([spots], "memory_mib"),
        rounds_chart([rounds]),
        history_chart([moment], "stop_time_ms"),
        forest_chart(
            [Compared("a", strategy, difference_of(SIX, SIX))], "stop_time_ms", baseline="b"
        ),
    ]
    for chart in charts:
        drawn = [t["marker"] for t in chart.figure["data"] if t.get("marker", {}).get("symbol")]
        assert any(
            mark["color"] == colour and symbol in (mark["symbol"], *mark["symbol"])
            for mark in drawn
        ), chart.name


def test_lines_of_one_strategy_differ_in_their_dash():
    assert dashes_of(["cold", "cold", "hybrid", "cold"]) == ["solid", "dash", "solid", "dot"]


def test_warm_up_is_hollow_and_counts_for_nothing():
    trials = (Trial(9000.0, warm_up=True), *(Trial(value) for value in SIX))
    group = Series("cold", "cold", trials, failed=2)
    chart = metric_chart([group], "stop_time_ms")
    dots = next(t for t in chart.figure["data"] if t["type"] == "scatter")
    assert dots["marker"]["symbol"] == ["circle-open", *["circle"] * 6]
    assert chart.rows[0][1:4] == (6, 2, summary_of(SIX).median)


def test_the_box_is_drawn_from_our_own_quartiles_and_from_five_runs_on():
    chart = metric_chart([series(), series(values=SIX[:4])], "stop_time_ms")
    (box,) = [t for t in chart.figure["data"] if t["type"] == "box"]
    summary = summary_of(SIX)
    assert [box[name][0] * 1000 for name in ("q1", "median", "q3")] == pytest.approx(
        [summary.q1, summary.median, summary.q3]
    )


def test_an_ecdf_ends_at_one_and_never_falls():
    (steps,) = ecdf_chart([series()], "stop_time_ms").figure["data"]
    assert steps["y"] == sorted(steps["y"]) and steps["y"][0] == 0 and steps["y"][-1] == 1
    assert steps["line"]["shape"] == "hv"


def test_an_interval_that_touches_zero_is_called_so_in_the_forest_s_table():
    rows = [
        Compared("same", "cold", difference_of(SIX, SIX)),
        Compared("slower", "cold", difference_of(SIX, [v * 3 for v in SIX])),
        Compared("few", "cold", difference_of(SIX, [1.0])),
    ]
    chart = forest_chart(rows, "stop_time_ms", baseline="b")
    assert [row[-1] for row in chart.rows] == ["not told apart", "higher", "too few runs"]
    hollow = [trace["marker"]["symbol"].endswith("-open") for trace in chart.figure["data"]]
    assert hollow == [False, False, True]


def test_a_field_of_the_heat_map_that_was_not_measured_is_blank():
    cells = [Cell("1", "a", summary_of([5.0])), Cell("2", "b", summary_of([7.0]))]
    (heat,) = heatmap_chart(cells, "stop_time_ms", x="x", y="y").figure["data"]
    assert heat["z"] == [[0.005, None], [None, 0.007]]


def test_what_others_published_is_marked_with_source_and_year_and_is_in_no_statistic():
    chart = metric_chart([series()], "stop_time_ms", published=PUBLISHED)
    assert len(chart.rows) == 1
    assert any("Clark et al., NSDI, 2005" in note for note in chart.notes)
    foreign = [t for t in chart.figure["data"] if t["name"] == "published by others"]
    assert foreign[0]["marker"]["symbol"] == "star-open"


def test_published_figures_are_of_known_metrics_and_factors():
    assert {row.metric for row in PUBLISHED} <= set(METRICS)
    assert {factor for row in PUBLISHED for factor in row.x} <= set(FACTORS)
    assert len(published_for("criu_frozen_time_ms", "memory_mib")) == 5
    chart = against_chart([], "memory_mib", "criu_frozen_time_ms", published=PUBLISHED)
    assert chart.figure["data"][0]["x"][-1] == pytest.approx(2000e6 / 2**20)


@pytest.mark.parametrize(
    ("strategy", "dirty", "wanted"),
    [
        ("cold", 0, 1000 * 256 / 119.2093 + 100),
        ("stop-and-copy", 500, 1000 * 256 / 119.2093 + 100),
        ("pre-copy", 0, 100),
        ("pre-copy", 11.92093, 1000 * 0.256 / 119.2093 + 100),
        ("pre-copy", 500, 1000 * 256 / 119.2093 + 100),
        ("post-copy", 500, 100),
        ("hybrid", 500, 100),
    ],
)
def test_the_theory_line_worked_by_hand(strategy, dirty, wanted):
    """1000 Mbit/s are 119.2093 MiB/s; after three rounds a tenth each, a thousandth is left."""
    theory = Theory(strategy, 100, memory_mib=256, bandwidth_mbit_s=1000, dirty_mib_s=dirty)
    assert stop_time_ms(theory) == pytest.approx(wanted, rel=1e-5)


def test_a_theory_line_over_bandwidth_never_divides_by_zero():
    spots = XYSeries("c", "cold", (XY(0.0, Trial(5.0)), XY(100.0, Trial(2.0))))
    theory = Theory("cold", 100, 256, 1000)
    chart = against_chart([spots], "bandwidth_mbit_s", theories=[theory])
    assert min(chart.figure["data"][0]["x"]) > 0


def test_a_name_with_markup_is_shown_as_it_was_typed():
    chart = ecdf_chart([series("<b>x</b> & y")], "stop_time_ms")
    assert chart.figure["data"][0]["name"].startswith("&lt;b&gt;x&lt;/b&gt; &amp; y")


def test_what_people_typed_is_escaped_in_the_table_of_a_chart():
    table = chart_rows(ecdf_chart([series('"><script>', values=(1.0,))], "stop_time_ms"))
    assert "<script>" not in table and "&quot;&gt;&lt;script&gt;" in table


def test_long_labels_are_broken_into_lines():
    label = "container mem · 1024 MiB · pre-copy · zstd · at most 1000 Mbit/s · lab-a → lab-b"
    assert max(len(line) for line in wrapped(label).split("<br>")) <= 27
    assert wrapped(label).replace("<br>", " ") == label


def test_every_part_of_a_run_has_a_colour_and_a_name():
    assert set(PARTS) <= set(NAMES)


def test_chinese_titles_have_no_stray_spaces():
    with translation.override("zh-hans"):
        for chart in every_chart():
            for text in (chart.title, chart.caption):
                for place, letter in enumerate(text[1:-1], start=1):
                    around = text[place - 1] + text[place + 1]
                    assert letter != " " or not all("\u4e00" <= c <= "\u9fff" for c in around), text


def over(*days: str) -> dict:
    line = Timeline("x", "cold", tuple(Moment(day, 1, 600.0) for day in days))
    return history_chart([line], "stop_time_ms").figure["layout"]["xaxis"]


def test_few_days_have_one_tick_each_and_many_are_left_to_plotly():
    assert over("2026-11-30T00:00:00+08:00")["dtick"] == 24 * 3600 * 1000
    assert over("2026-11-23", "2026-11-30")["tick0"] == "2026-11-23"
    assert "dtick" not in over("2026-01-01", "2026-11-30")
