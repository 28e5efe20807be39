"""Medians and their intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.bench.spread import coverage, spread


def test_of_nothing_there_is_none() -> None:
    assert spread([]) is None


def test_below_five_it_is_the_range_and_claims_nothing() -> None:
    found = spread([3.0, 1.0, 2.0])
    assert found is not None
    assert (found.median, found.low, found.high, found.coverage) == (2.0, 1.0, 3.0, None)


@pytest.mark.parametrize(("n", "rank"), [(5, 1), (8, 1), (9, 2), (12, 3), (20, 6), (25, 8)])
def test_the_ranks_are_those_of_the_sign_tests_tables(n: int, rank: int) -> None:
    found = spread([float(value) for value in range(1, n + 1)])
    assert found is not None
    assert (found.low, found.high) == (rank, n + 1 - rank)


def test_five_values_hold_the_median_in_fifteen_of_sixteen_cases() -> None:
    assert coverage(5, 1) == 1 - 2 / 32


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_the_median_lies_in_its_interval_whatever_the_order(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    assert found.low <= found.median <= found.high
    assert found == spread(values[::-1])
