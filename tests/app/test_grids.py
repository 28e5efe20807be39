"""Grids: read, counted, put into an order, and how long they take."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrations_app import grids
from migrations_app.grids import Role, how_long, in_order, more_rounds, parsed

SMALL = {
    "workloads": [
        {"type": "memory", "kind": "container", "parameters": {"memory_mib": [1, 16]}},
        {"type": "counter", "kind": "process"},
    ],
    "strategies": ["cold", "pre-copy"],
    "pairs": [[1, 2], [2, 1]],
    "trials": 3,
    "warm_ups": 1,
    "controls": 2,
}


def refusal_of(**changes):
    with pytest.raises(grids.GridRefused) as caught:
        parsed({**SMALL, **changes})
    return caught.value


def test_a_grid_comes_back_from_its_json_as_it_was():
    grid = parsed(SMALL)
    assert parsed(grid.to_json()) == grid


def test_what_is_not_given_is_by_default():
    grid = parsed(SMALL)
    assert grid.workloads[0].parameters["dirty_pages_per_s"] == (0,)
    assert list(grid.links) == [grids.UNSHAPED]


def test_jobs_are_counted_for_each_role():
    counts = parsed(SMALL).counts()
    assert counts.cells == (2 + 1) * 2 * 2
    assert (counts.trials, counts.warm_ups, counts.controls) == (36, 8, 12)
    assert counts.jobs == 56


def test_what_is_counted_is_what_is_run():
    grid = parsed(SMALL)
    slots = in_order(grid, seed=1)
    assert len(slots) == len(set(slots)) == grid.counts().jobs
    assert len(grid.cells()) == grid.counts().cells


@pytest.mark.parametrize(
    "changes",
    [
        {"trials": 1000},
        {"workloads": [{"type": "memory", "kind": "process", "parameters": {
            "memory_mib": list(range(1, 1001)), "dirty_pages_per_s": list(range(1000))}}]},
        {"pairs": [[one, 0] for one in range(1, 1_000_001)]},
    ],
)  # fmt: skip
def test_a_grid_of_a_million_jobs_is_refused_in_milliseconds(changes):
    begun = time.perf_counter()
    error = refusal_of(**changes)
    assert time.perf_counter() - begun < 0.5
    assert error.code == "grid-too-large"
    assert int(error.values["jobs"]) > int(error.values["most"]) == grids.MOST_JOBS


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"strategies": []}, "grid-empty-factor"),
        ({"strategies": ["teleport"]}, "unknown-strategy"),
        ({"strategies": ["cold", "cold"]}, "grid-twice"),
        ({"pairs": [[1, 1]]}, "grid-pair-of-one-host"),
        ({"pairs": [["lab-a", "lab-b"]]}, "grid-unreadable"),
        ({"pairs": [[True, 2]]}, "grid-unreadable"),
        ({"trials": 0}, "grid-number-out-of-range"),
        ({"trials": "many"}, "grid-unreadable"),
        ({"warm_ups": -1}, "grid-number-out-of-range"),
        ({"surprise": 1}, "grid-unreadable"),
        ({"options": {"keep_images": [True]}}, "unknown-option"),
        ({"options": {"compression": []}}, "grid-empty-factor"),
        ({"links": [{"speed": 1}]}, "grid-unreadable"),
        ({"workloads": [{"type": "game", "kind": "process"}]}, "unknown-workload-type"),
        ({"workloads": [{"type": "memory", "kind": "vm"}]}, "grid-unreadable"),
        ({"workloads": "memory"}, "grid-unreadable"),
    ],
)
def test_what_is_wrong_with_a_grid_is_said(changes, code):
    assert refusal_of(**changes).code == code


@pytest.mark.parametrize("value", [0, 5000, 1.5, "16", True, None])
def test_a_parameter_out_of_its_range_is_refused(value):
    axis = {"type": "memory", "kind": "process", "parameters": {"memory_mib": [value]}}
    assert refusal_of(workloads=[axis]).code == "bad-parameter"


@pytest.mark.parametrize("data", [None, [], "grid", 7])
def test_what_is_no_grid_at_all_is_refused(data):
    with pytest.raises(grids.GridRefused):
        parsed(data)


words = st.sampled_from(["", "type", "memory", "kind", "process", "parameters", "cold", "=1+1"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted({*SMALL, "options", "links"})), json_values))
def test_whatever_is_sent_is_read_or_refused_and_never_breaks(changes):
    try:
        grid = parsed({**SMALL, **changes})
    except grids.GridRefused:
        return
    assert 0 < grid.counts().jobs <= grids.MOST_JOBS


seeds = st.integers(0, 2**31)


@given(seeds)
def test_warm_ups_are_first_and_a_round_is_over_before_the_next_begins(seed):
    slots = in_order(parsed(SMALL), seed)
    assert {slot.role for slot in slots[:8]} == {Role.WARM_UP}
    assert {slot.role for slot in slots[8:]} == {Role.TRIAL, Role.CONTROL}
    rounds = [slot.repetition for slot in slots[8:]]
    assert rounds == sorted(rounds)


@given(seeds)
def test_the_same_seed_gives_the_same_order(seed):
    grid = parsed(SMALL)
    assert in_order(grid, seed) == in_order(grid, seed)


def test_another_seed_gives_another_order():
    grid = parsed(SMALL)
    assert len({tuple(in_order(grid, seed)) for seed in range(20)}) == 20


@given(seeds)
def test_added_rounds_are_those_a_larger_grid_would_have_had(seed):
    small = parsed({**SMALL, "controls": 0})
    large = parsed({**SMALL, "controls": 0, "trials": 5})
    added = more_rounds(large, seed, 4, 5)
    assert in_order(small, seed) + added == in_order(large, seed)


ONE, TWO, OTHER = frozenset({1, 2}), frozenset({2, 3}), frozenset({7, 8})


def test_trials_that_share_a_host_come_one_after_the_other():
    assert how_long([(ONE, 5), (TWO, 5)], 1).seconds == 12


def test_trials_on_other_hosts_go_side_by_side():
    assert how_long([(ONE, 5), (TWO, 5), (OTHER, 3)], 0).seconds == 10


def test_what_is_not_known_is_counted_and_never_taken_for_nothing():
    some = how_long([(ONE, 5), (ONE, None)], 0)
    assert (some.seconds, some.unknown) == (5, 1)
    none = how_long([(ONE, None)], 0)
    assert (none.seconds, none.unknown) == (None, 1)


@given(st.lists(st.tuples(st.sets(st.integers(1, 6), min_size=2, max_size=2), st.floats(0, 99))))
def test_it_takes_no_longer_than_all_in_a_row_and_no_shorter_than_the_longest(trials):
    expected = [(frozenset(hosts), seconds) for hosts, seconds in trials]
    found = how_long(expected, 0)
    if expected:
        assert max(s for _h, s in expected) - 1e-6 <= found.seconds
        assert found.seconds <= sum(s for _h, s in expected) + 1e-6
