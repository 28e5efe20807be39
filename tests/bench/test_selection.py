"""What a run measures, and in which order."""

from __future__ import annotations

import pytest

from migrations_app.bench.cells import Contender, Entry, in_order, link_name, parse_link
from migrations_app.bench.selection import DIRTY_PAGES_PER_S, MEMORY_MIB, Wish, select
from migrations_app.bench.targets import Verdict, target_lines
from migrations_app.engine import Strategy, WorkloadKind
from migrations_app.lab import DockerKind

from .makers import CONTAINER, PROCESS, entry, result

BOTH = list(DockerKind)
OLD = [DockerKind.DOCKER_26]


def measured(entries: list[Entry]) -> list:
    """As if every contender that can had taken 100 ms."""
    figures = {"remainder_ms": 5.0, "criu_ms": 60.0}
    return [result(one, [100.0] if one.possible else [], **figures) for one in entries]


@pytest.mark.parametrize("wish", [Wish(), Wish(quick=True), Wish(everything=True, plain=True)])
def test_every_target_is_measured_but_for_the_largest_memory_when_it_is_quick(wish: Wish) -> None:
    lines = target_lines(measured(select(wish, BOTH)))
    missing = [line.words for line in lines if line.verdict is Verdict.NOT_MEASURED]
    for words in missing:
        assert wish.quick and (
            "1024 MiB" in words or words.endswith("256 MiB, 1 Gbit/s ÷ stop-and-copy")
        )


def test_every_strategy_of_ours_is_a_contender() -> None:
    assert {one.strategy for one in Contender} - {None} == set(Strategy)


@pytest.mark.parametrize("wish", [Wish(), Wish(quick=True), Wish(everything=True, plain=True)])
def test_nothing_is_selected_twice_or_for_who_cannot_move_it(wish: Wish) -> None:
    chosen = select(wish, BOTH)
    assert len(set(chosen)) == len(chosen)
    assert all(one.kind in one.contender.kinds for one in chosen)


def test_everything_is_every_contender_in_every_cell() -> None:
    chosen = select(Wish(everything=True), OLD)
    containers = [one for one in chosen if one.kind is CONTAINER]
    cells = len(MEMORY_MIB) * len(DIRTY_PAGES_PER_S) * 2
    assert {one.contender for one in containers} >= {Contender.DOCKER_BY_HAND, Contender.COLD}
    assert len(containers) == cells * 7 and len(chosen) - len(containers) == cells * 6


def test_what_is_named_leaves_the_rest_open() -> None:
    chosen = select(Wish(contenders=(Contender.POST_COPY,), memory_mib=(32,)), OLD)
    assert {one.cell.memory_mib for one in chosen} == {32}
    assert {one.contender for one in chosen} == {Contender.POST_COPY}
    assert len(chosen) == 2 * 2 * len(WorkloadKind)


def test_a_quick_run_can_be_narrowed() -> None:
    chosen = select(Wish(quick=True, kinds=(PROCESS,), memory_mib=(1,)), OLD)
    assert [one.contender for one in chosen] == [Contender.CRIU_BY_HAND, Contender.STOP_AND_COPY]


def test_plain_goes_where_stop_and_copy_is() -> None:
    chosen = select(Wish(plain=True, contenders=(Contender.STOP_AND_COPY,)), OLD)
    plain = [one for one in chosen if one.contender is Contender.STOP_AND_COPY_PLAIN]
    assert 2 * len(plain) == len(chosen)
    assert not plain[0].contender.encrypted


def test_docker_by_hand_is_shown_for_docker_28_and_never_tried() -> None:
    chosen = select(Wish(quick=True), [DockerKind.DOCKER_28])
    by_hand = [one for one in chosen if one.contender is Contender.DOCKER_BY_HAND]
    assert by_hand and not any(one.possible for one in by_hand)
    assert not {one for _, one in in_order(chosen, 2, 1)} & set(by_hand)


def test_the_order_follows_from_the_seed_and_goes_trial_by_trial() -> None:
    chosen = select(Wish(), OLD)
    order = in_order(chosen, 3, 42)
    assert order == in_order(chosen, 3, 42) != in_order(chosen, 3, 43)
    assert [number for number, _ in order] == sorted(number for number, _ in order)
    for trial in (1, 2, 3):
        assert {one for number, one in order if number == trial} == set(chosen)


def test_the_contenders_of_a_cell_take_turns_in_another_order_each_trial() -> None:
    chosen = [entry(one) for one in Contender if CONTAINER in one.kinds]
    orders = {
        tuple(one for n, one in in_order(chosen, 5, 1) if n == trial) for trial in range(1, 6)
    }
    assert len(orders) > 1


@pytest.mark.parametrize(("name", "rate"), [("unshaped", None), ("1gbit", 1000), ("50mbit", 50)])
def test_links_are_named_alike_everywhere(name: str, rate: int | None) -> None:
    assert parse_link(name) == rate
    assert link_name(rate) == name


@pytest.mark.parametrize("name", ["", "gbit", "0mbit", "-1gbit", "fast", "1"])
def test_what_is_no_link_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a link"):
        parse_link(name)
