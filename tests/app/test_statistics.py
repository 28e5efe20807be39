"""Statistics, held to cases worked by hand and to scipy and numpy."""

import random
import re
import statistics

import numpy
import pytest
import scipy.stats
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as some

from migrations_app.metrics import METRICS
from migrations_app.statistics import (
    _TAIL,
    Verdict,
    _middles,
    box_of,
    difference_of,
    median_of,
    quartiles_of,
    summary_of,
)
from migrations_app.words import VERDICTS, sentence_of

TIMES = [634.0, 702.5, 655.1, 598.0, 741.9, 689.3, 612.8, 660.0]
SOME_TIMES = some.lists(some.floats(0.1, 1e6), min_size=1, max_size=60)


def drawn(count: int, seed: int, middle: float = 600.0) -> list[float]:
    source = random.Random(seed)
    return [source.lognormvariate(0, 0.3) * middle for _ in range(count)]


def test_a_summary_worked_by_hand():
    summary = summary_of([1, 2, 3, 4, 10], failed=2)
    assert (summary.n, summary.failed) == (5, 2)
    assert (summary.median, summary.mean) == (3, 4)
    assert (summary.q1, summary.q3) == (2, 4)  # places 1 and 3 of 0..4
    assert (summary.least, summary.most) == (1, 10)
    assert summary.low is not None and 1 <= summary.low <= 3 <= summary.high <= 10


def test_quartiles_between_two_values_are_interpolated():
    assert quartiles_of([1, 2, 3, 4]) == (1.75, 3.25)
    assert quartiles_of([7]) == (7, 7)


@given(SOME_TIMES)
def test_medians_means_and_quartiles_are_numpys(values):
    summary = summary_of(values)
    wanted = [numpy.median(values), numpy.mean(values), *numpy.quantile(values, [0.25, 0.75])]
    assert [summary.median, summary.mean, summary.q1, summary.q3] == pytest.approx(wanted)


@pytest.mark.parametrize("count", [5, 6, 9, 24, 101, 500])
def test_the_interval_is_that_of_scipys_percentile_bootstrap(count):
    values = drawn(count, seed=count)
    mine = median_of(values)
    theirs = scipy.stats.bootstrap(
        (values,), numpy.median, n_resamples=9999, method="percentile", random_state=1
    ).confidence_interval
    # Both ends are order statistics (or means of two): allow for the resamples' own chance.
    allowed = 0.12 * (theirs.high - theirs.low) + 1e-9
    assert mine.low == pytest.approx(theirs.low, abs=allowed)
    assert mine.high == pytest.approx(theirs.high, abs=allowed)


@pytest.mark.parametrize("count", [5, 8])
def test_medians_drawn_directly_are_spread_as_those_of_real_resamples(count):
    values = drawn(count, seed=3)
    source = random.Random(5)
    real = [statistics.median(source.choices(values, k=count)) for _ in range(4000)]
    direct = [x for seed in (1, 2) for x in resampled(values, seed)]
    assert scipy.stats.ks_2samp(real, direct).pvalue > 0.001


def test_the_interval_covers_the_true_median_about_as_often_as_it_says():
    hits = 0
    for seed in range(400):
        median = median_of(drawn(15, seed))
        hits += median.low <= 600.0 <= median.high
    assert 0.90 <= hits / 400 <= 0.99


@pytest.mark.parametrize("count", [5, 6, 7, 8, 40, 41])
def test_counting_equal_medians_gives_the_same_interval_as_sorting_all_of_them(count):
    values = drawn(count, seed=count)
    median = median_of(values)
    assert (median.low, median.high) == outer(resampled(values, 1))


@pytest.mark.parametrize(("n", "m"), [(5, 5), (5, 8), (12, 7)])
def test_counting_equal_differences_gives_the_same_interval_as_sorting_all_of_them(n, m):
    a = [600.0 + 7 * (place % 4) + place for place in range(n)]
    b = [480.0 + 9 * (place % 3) + place for place in range(m)]
    pairs = list(zip(resampled(a, 1), resampled(b, -2), strict=True))
    found = difference_of(a, b)
    assert (found.low, found.high) == outer([y - x for x, y in pairs])
    assert (found.ratio_low, found.ratio_high) == outer([y / x for x, y in pairs])


def resampled(values, seed):
    """Medians of resamples with replacement, each by itself."""
    ordered = sorted(values)
    return [(ordered[lower] + ordered[upper]) / 2 for lower, upper in _middles(len(ordered), seed)]


def outer(medians):
    ordered = sorted(medians)
    return ordered[_TAIL], ordered[-_TAIL - 1]


def test_the_same_values_give_the_same_interval_and_another_seed_another_one():
    values = drawn(40, seed=1)
    assert median_of(values) == median_of(list(values))
    assert median_of(values, seed=1) != median_of(values, seed=2)
    assert median_of(values) == median_of(values[::-1])  # their order is no matter


@pytest.mark.parametrize("count", range(5))
def test_under_five_there_is_no_interval_and_no_box(count):
    summary = summary_of(TIMES[:count])
    assert (summary.n, summary.low, summary.high) == (count, None, None)
    assert box_of(TIMES[:count]) is None
    assert summary.is_one_run == (count == 1)


def test_of_nothing_but_failures_the_failures_are_counted():
    summary = summary_of([], failed=3)
    assert (summary.n, summary.failed, summary.median) == (0, 3, None)


@given(SOME_TIMES)
@settings(max_examples=60)
def test_the_interval_always_holds_the_median_or_ends_on_a_value(values):
    summary = summary_of(values)
    if summary.has_interval:
        assert min(values) <= summary.low <= summary.high <= max(values)


def test_a_box_ends_at_values_and_leaves_far_ones_out():
    box = box_of([1, 2, 3, 4, 5, 100])
    assert (box.lower, box.median, box.upper) == (1, 3.5, 5)


def test_a_difference_worked_by_hand():
    difference = difference_of([10, 11, 12, 13, 14], [4, 5, 6, 7, 8])
    assert (difference.median_a, difference.median_b, difference.value) == (12, 6, -6)
    assert difference.ratio == 0.5
    assert -10 <= difference.low <= -6 <= difference.high <= -2
    assert difference.ratio_low <= 0.5 <= difference.ratio_high
    assert difference.verdict is Verdict.LOWER
    assert difference_of([4, 5, 6, 7, 8], [10, 11, 12, 13, 14]).verdict is Verdict.HIGHER


def test_a_difference_s_interval_is_that_of_scipys_bootstrap():
    a, b = drawn(30, 1), drawn(25, 2, middle=520.0)
    mine = difference_of(a, b)

    def statistic(x, y, axis=-1):
        return numpy.median(y, axis=axis) - numpy.median(x, axis=axis)

    theirs = scipy.stats.bootstrap(
        (a, b), statistic, n_resamples=9999, method="percentile", random_state=1
    ).confidence_interval
    allowed = 0.12 * (theirs.high - theirs.low)
    assert mine.low == pytest.approx(theirs.low, abs=allowed)
    assert mine.high == pytest.approx(theirs.high, abs=allowed)


def test_two_samples_of_the_same_thing_are_seldom_told_apart():
    told = sum(difference_of(drawn(12, s), drawn(12, s + 1000)).is_clear for s in range(200))
    assert told <= 24  # 5 % are meant; small samples have some more


def test_under_five_on_either_side_nothing_is_claimed_though_the_medians_are_told():
    for a, b in ((TIMES[:4], TIMES), (TIMES, TIMES[:4])):
        difference = difference_of(a, b)
        assert difference.verdict is Verdict.TOO_FEW
        assert difference.value is not None and difference.low is None


def test_with_nothing_on_one_side_there_is_nothing_to_say():
    assert difference_of([], TIMES).verdict is Verdict.NOTHING
    assert difference_of(TIMES, []).value is None


def test_a_baseline_of_zero_has_no_ratio():
    difference = difference_of([0.0] * 5, TIMES)
    assert (difference.ratio, difference.ratio_low) == (None, None)
    assert difference.verdict is Verdict.HIGHER


def told(difference, metric_name="stop_time_ms"):
    sentence = sentence_of(difference, METRICS[metric_name], name="pre-copy", baseline="cold")
    return sentence.replace("\N{NO-BREAK SPACE}", " ")


def test_a_clear_difference_is_told_without_signs_and_with_units():
    lower = difference_of([900.0] * 6, [300.0] * 6)
    assert told(lower) == (
        "Stop time: the median of pre-copy is 0.600 s lower than that of cold"
        " (95 % interval 0.600 s to 0.600 s)."
    )
    assert "0.600 s higher" in told(difference_of([300.0] * 6, [900.0] * 6))


def test_the_bounds_of_what_is_lower_come_in_order():
    difference = difference_of(drawn(20, 1), drawn(20, 2, middle=200.0))
    low, high = re.search(r"interval ([\d.]+) s to ([\d.]+) s", told(difference)).groups()
    assert float(low) < float(high)


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        ([], TIMES, "no figures"),
        (TIMES[:3], TIMES, "too few runs to claim anything of pre-copy against cold (8 and 3)"),
        (TIMES, TIMES, "includes zero"),
    ],
)
def test_where_nothing_can_be_claimed_the_sentence_claims_nothing(a, b, word):
    sentence = told(difference_of(a, b))
    assert word in sentence and "lower" not in sentence and "higher" not in sentence


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_verdict_has_a_sentence_whose_places_are_filled_in_both_languages(language):
    assert set(VERDICTS) == set(Verdict)
    cases = [
        ([], TIMES),
        (TIMES[:2], TIMES),
        (TIMES, TIMES),
        ([1] * 5, [9] * 5),
        ([9] * 5, [1] * 5),
    ]
    with translation.override(language):
        sentences = {told(difference_of(a, b)) for a, b in cases}
    assert len(sentences) == len(Verdict)
    assert not any("{" in sentence for sentence in sentences)
