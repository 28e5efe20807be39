"""The stop time is read from what the workload wrote, whatever keeps its lines."""

from __future__ import annotations

import pytest

from migrations_app.bench.lines import NotProven, crossing, memory_is_whole, stamps

BEGIN_NS = 1_795_478_271_000_000_000


def raw(number: int, ms: float) -> str:
    """A line in a process's own file."""
    return f"{number} {BEGIN_NS + int(ms * 1e6)}"


def docker(number: int, ms: float) -> str:
    """In Docker's json-file log."""
    time = "2026-11-23T23:57:51.650015766Z"
    return f'{{"log":"{raw(number, ms)}\\n","stream":"stdout","time":"{time}"}}'


def podman(number: int, ms: float) -> str:
    """In podman's k8s-file log."""
    return f"2026-11-23T23:57:51.650015766+00:00 stdout F {raw(number, ms)}"


@pytest.mark.parametrize("line", [raw, docker, podman])
def test_the_stop_time_is_from_the_last_line_there_to_the_first_here(line) -> None:
    source = "\n".join([line(10, 0), line(11, 1), line(12, 2)]) + "\n"
    target = "\n".join([line(13, 252), line(14, 253)]) + "\n"
    seen = crossing(source, target)
    assert (seen.last_before, seen.first_after) == (12, 13)
    assert seen.stop_ms == seen.longest_ms == 250


def test_a_file_that_came_along_with_the_workload_counts_from_where_it_goes_on() -> None:
    source = "\n".join([raw(0, 0), raw(1, 1)])
    seen = crossing(source, "\n".join([source, raw(2, 31)]))
    assert seen.stop_ms == 30


def test_a_longer_gap_elsewhere_is_told_beside_the_stop_time() -> None:
    source = "\n".join([raw(0, 0), raw(1, 180), raw(2, 181)])
    seen = crossing(source, "\n".join([raw(3, 201), raw(4, 202)]))
    assert (seen.stop_ms, seen.longest_ms) == (20, 180)


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ([], [raw(1, 1)], "no output on the source"),
        ([raw(1, 1)], [], "shows nothing"),
        ([raw(1, 1)], [raw(3, 9)], "goes on with 3"),
        ([raw(1, 1)], [raw(0, 0), raw(1, 1)], "shows nothing"),
        ([raw(1, 1), raw(2, 2)], [raw(2, 9), raw(3, 10)], "line 2 was written on both hosts"),
        ([raw(1, 1)], [raw(2, 9), raw(2, 10)], "line 2 was written twice"),
        ([raw(1, 1)], [raw(2, 9), raw(4, 10)], "line 2 was followed by 4"),
    ],
)
def test_output_with_a_gap_or_a_repeat_proves_nothing(
    source: list[str], target: list[str], why: str
) -> None:
    with pytest.raises(NotProven, match=why):
        crossing("\n".join(source), "\n".join(target))


def test_a_line_that_is_cut_short_is_none() -> None:
    assert stamps(f"{raw(1, 0)}\n2 17954782710") == {1: BEGIN_NS}


@pytest.mark.parametrize("before", ["", '{"log":"', "2026-11-23T23:57:51Z stdout F "])
def test_the_last_word_on_the_memory_counts(before: str) -> None:
    after = '\\n"}' if before.startswith("{") else ""
    good, bad = "check 7 ok 256 0 00c0ffee", "check 9 bad 256 1 00c0ffee"
    assert memory_is_whole(raw(1, 0)) is None
    assert memory_is_whole(f"{before}{good}{after}") is True
    assert memory_is_whole(f"{before}{good}{after}\n{before}{bad}{after}\n") is False
