"""The table, the targets and the JSON."""

from __future__ import annotations

import json

from migrations_app.bench import table
from migrations_app.bench.cells import Contender
from migrations_app.bench.document import document
from migrations_app.bench.results import Result, Trial
from migrations_app.bench.targets import Line, Verdict, target_lines
from migrations_app.lab import DockerKind

from .makers import ENVIRONMENT, PROCESS, entry, result

BY_HAND = result(entry(Contender.DOCKER_BY_HAND), [12_000.0, 13_000.0, 14_000.0])
OURS = result(entry(Contender.STOP_AND_COPY), [900.0, 1000.0, 1300.0], longest_gap_ms=1300.0)


def line_of(results: list[Result], words: str) -> Line:
    return next(line for line in target_lines(results) if words in line.words)


def row_of(text: str, words: str) -> list[str]:
    row = next(line for line in text.splitlines() if words in line)
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_row_has_the_median_the_interval_and_the_ratio_to_the_way_by_hand() -> None:
    row = row_of(table.results_table([BY_HAND, OURS]), "stop-and-copy")
    assert row[6:] == ["3", "1000", "900 to 1300", "1300", "0.077", "–", ""]


def test_all_rows_are_as_wide_and_have_as_many_columns() -> None:
    lines = table.results_table([BY_HAND, OURS]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len({line.count("|") for line in lines}) == 1


def test_a_process_is_compared_with_criu_by_hand() -> None:
    floor = result(entry(Contender.CRIU_BY_HAND, 1, kind=PROCESS), [50.0])
    ours = result(entry(Contender.STOP_AND_COPY, 1, kind=PROCESS), [75.0])
    assert row_of(table.results_table([floor, ours]), "stop-and-copy")[-3:] == ["", "", "1.500"]


def test_a_failed_trial_is_told_and_never_counted() -> None:
    failed = Trial(4, 4, failure="line 2 was written twice", stop_ms=1.0)
    ours = Result(OURS.entry, [*OURS.trials, failed])
    assert ours.stop == OURS.stop
    assert row_of(table.results_table([ours]), "stop-and-copy")[6] == "3 (+1 failed)"
    assert table.failures([ours])[0].endswith("trial 4: failed: line 2 was written twice")


def test_what_docker_cannot_do_says_so_in_its_row_and_in_the_ratios() -> None:
    new = DockerKind.DOCKER_28
    by_hand = Result(entry(Contender.DOCKER_BY_HAND, docker=new))
    ours = result(entry(Contender.STOP_AND_COPY, docker=new), [800.0])
    text = table.results_table([by_hand, ours])
    assert row_of(text, "docker by hand")[7] == "cannot"
    assert row_of(text, "stop-and-copy")[-3:] == ["cannot", "–", ""]


def test_a_ratio_holds_up_to_its_limit_and_not_beyond() -> None:
    held = line_of([BY_HAND, OURS], "stop-and-copy, 256 MiB ÷ docker")
    assert held.verdict is Verdict.HOLDS and held.value_text == "0.077"
    slow = result(OURS.entry, [1041.0])
    missed = line_of([BY_HAND, slow], "stop-and-copy, 256 MiB ÷ docker")
    assert missed.verdict is Verdict.DOES_NOT_HOLD


def test_a_target_that_was_not_measured_does_not_hold_by_that() -> None:
    line = line_of([OURS], "stop-and-copy, 256 MiB ÷ docker")
    assert line.verdict is Verdict.NOT_MEASURED
    text = table.targets_table(target_lines([OURS]))
    assert "holds" not in text and "Targets that this run does not measure: 15" in text


def test_post_copy_of_much_memory_is_held_against_that_of_little() -> None:
    small = result(entry(Contender.POST_COPY, 1), [200.0])
    large = result(entry(Contender.POST_COPY, 1024), [250.0])
    assert line_of([small, large], "post-copy, 1024 MiB").value == 1.25


def test_the_remainder_that_counts_is_the_worst_of_those_that_are_handed_over() -> None:
    results = [
        result(entry(Contender.STOP_AND_COPY), [900.0], remainder_ms=40.0),
        result(entry(Contender.POST_COPY), [300.0], remainder_ms=101.0),
        result(entry(Contender.COLD), [9000.0], remainder_ms=4000.0),
        result(entry(Contender.STOP_AND_COPY, kind=PROCESS), [100.0], remainder_ms=30.0),
    ]
    container = line_of(results, "remainder, container")
    assert container.verdict is Verdict.DOES_NOT_HOLD
    assert container.value_text == "101 ms" and "post-copy" in container.words
    assert line_of(results, "remainder, process").verdict is Verdict.HOLDS


def test_the_floor_of_a_process_is_what_criu_says_of_itself() -> None:
    ours = result(entry(Contender.STOP_AND_COPY, 1, kind=PROCESS), [90.0], criu_ms=60.0)
    assert line_of([ours], "as CRIU has them").value == 1.5


def test_the_words_on_the_interval_fit_the_number_of_trials() -> None:
    five = result(OURS.entry, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert "94%" in table.interval_words([five])
    assert "range" in table.interval_words([OURS])


def test_the_json_has_what_others_read_and_nulls_for_what_is_not_known() -> None:
    nothing = Result(entry(Contender.HYBRID))
    first, second = json.loads(json.dumps(document([OURS, nothing], ENVIRONMENT)))
    wanted = {"contender": "stop-and-copy", "kind": "container", "memory_mib": 256}
    wanted |= {"dirty_pages_per_s": 0, "link": "unshaped", "docker": "26", "n": 3}
    assert {key: first[key] for key in wanted} == wanted
    assert first["stop_time_ms"] == {"median": 1000, "low": 900, "high": 1300, "coverage": None}
    assert first["run"]["seed"] == 7 and first["run"]["versions"]["26"]["criu"] == "4.2.1"
    assert len(first["trials"]) == 3
    assert second["n"] == 0 and second["stop_time_ms"]["median"] is None
