"""The proof: no gap, no repeat and no wrong page goes unseen."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.engine.plan import ProofKind, WorkloadKind
from migrations_app.engine.verify import (
    Line,
    first_break,
    memory_check,
    numbered,
    observed_gap_ms,
    sequence_proof,
    split_at,
)

from .samples import text

SEQUENCE, CONTAINER, PROCESS = ProofKind.SEQUENCE, WorkloadKind.CONTAINER, WorkloadKind.PROCESS
counts = st.integers(1, 30)


def lines(numbers: list[int]) -> list[Line]:
    return [Line(number, None) for number in numbers]


@given(st.integers(0, 10**9), counts, counts)
def test_numbers_that_go_on_pass_wherever_they_are_divided(start: int, before: int, after: int):
    numbers = list(range(start, start + before + after))
    proof = sequence_proof(SEQUENCE, lines(numbers[:before]), lines(numbers[before:]))
    assert proof.passed is True and proof.lines_checked == before + after
    assert proof.first_after == proof.last_before + 1


@given(st.integers(0, 10**6), counts, counts, st.data())
def test_any_gap_is_found(start: int, before: int, after: int, data: st.DataObject):
    numbers = list(range(start, start + before + after))
    at = data.draw(st.integers(1, len(numbers) - 1))
    width = data.draw(st.integers(1, 100))
    gapped = numbers[:at] + [number + width for number in numbers[at:]]
    proof = sequence_proof(SEQUENCE, lines(gapped[:before]), lines(gapped[before:]))
    assert proof.passed is False
    assert f"{gapped[at - 1]} was followed by {gapped[at]}" in proof.detail


@given(st.integers(0, 10**6), counts, counts, st.data())
def test_any_repeat_is_found(start: int, before: int, after: int, data: st.DataObject):
    numbers = list(range(start, start + before + after))
    at = data.draw(st.integers(1, len(numbers)))
    back = data.draw(st.integers(1, at))
    repeated = numbers[:at] + numbers[at - back :]
    proof = sequence_proof(SEQUENCE, lines(repeated[:before]), lines(repeated[before:]))
    assert proof.passed is False


@given(st.lists(st.integers(0, 20), min_size=1))
def test_first_break_is_none_for_runs_alone(numbers: list[int]):
    runs = all(two == one + 1 for one, two in itertools.pairwise(numbers))
    assert (first_break(numbers) is None) is runs


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [([], [1, 2], "before"), ([1, 2], [], "after"), ([], [], "before")],
)
def test_silence_does_not_pass(before: list[int], after: list[int], where: str):
    proof = sequence_proof(SEQUENCE, lines(before), lines(after))
    assert proof.passed is False and where in proof.detail


def test_recorded_log_of_a_container_is_read_with_its_times():
    found = numbered(text("docker-logs.txt").splitlines(), CONTAINER)
    assert [line.number for line in found] == [3, 4, 5, 6, 7]
    assert found[1].stamp_ns - found[0].stamp_ns == 934992868 - 734004043


def test_time_that_the_workload_writes_counts_before_dockers():
    raw = "2026-11-23T03:01:56.734004043Z 3 1795402916000000001"
    assert numbered([raw], CONTAINER) == [Line(3, 1795402916000000001)]


@pytest.mark.parametrize(
    "raw", ["", "hello", "-1", "1.5", "1 x", "check 5 ok 1 0 c0ffee", "9" * 19]
)
def test_line_that_is_no_number_is_passed_over(raw: str):
    assert numbered([raw], PROCESS) == []


@given(st.text())
def test_any_output_at_all_is_read_without_a_failure(raw: str):
    for kind in WorkloadKind:
        numbered([raw, f"2026-11-23T03:01:56.7Z {raw}"], kind)
        memory_check([raw], kind, after=0)


def test_stamp_with_any_number_of_digits_is_nanoseconds():
    stamps = [f"2026-11-23T03:01:56{part}Z 1" for part in ("", ".5", ".500000000")]
    whole, half, also = (line.stamp_ns for line in numbered(stamps, CONTAINER))
    assert half == also == whole + 5 * 10**8


def test_check_of_the_memory_counts_only_when_it_came_after_the_restore():
    raw = ["check 41 ok 64 0 00c0ffee", "42", "43"]
    assert memory_check(raw, PROCESS, after=41) is None
    assert memory_check(raw, PROCESS, after=40).ok


def test_last_check_counts():
    raw = ["check 41 ok 64 0 00c0ffee", "check 45 bad 64 2 00c0ffef"]
    check = memory_check(raw, PROCESS, after=40)
    assert (check.ok, check.pages, check.bad) == (False, 64, 2)


def test_log_is_divided_at_a_moment():
    raw = text("docker-logs.txt").splitlines()
    moment = numbered(raw, CONTAINER)[2].stamp_ns
    before, after = split_at(raw, moment)
    assert (len(before), len(after)) == (2, 3) and before + after == raw


def test_gap_is_freed_of_the_offset_between_the_wall_clocks():
    before, after = [Line(1, 10 * 10**9)], [Line(2, 15 * 10**9)]
    assert observed_gap_ms(before, after, wall_offset_ms=2_000) == 3_000


@pytest.mark.parametrize(
    ("before", "after"), [([], [Line(1, 5)]), ([Line(1, None)], [Line(2, 5)]), ([Line(1, 5)], [])]
)
def test_gap_is_unknown_where_the_output_has_no_time(before: list[Line], after: list[Line]):
    assert observed_gap_ms(before, after, 0) is None
