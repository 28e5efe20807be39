"""Pages on request, and pages ahead of requests: each arrives once, in its place."""

import itertools
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine.certificates import make_pair
from migrations_app.engine.hostside import packing, pages_wire
from migrations_app.engine.hostside.channel import receive_json, send_json, tls_context
from migrations_app.engine.hostside.pages import PageBase
from migrations_app.engine.hostside.pages_source import Ahead, Run
from migrations_app.engine.tools.pagemap import PAGE

from .page_ends import COMPRESSIONS, LIMIT_S, PID, full_image, lazy_image, page, server_of, way


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_page_arrives_and_both_sides_end_well(
    tmp_path: Path, compression: str | None, ahead: bool
) -> None:
    options: dict[str, Any] = {}
    if compression is not None:
        options = {"packer": packing.packer(compression), "unpacker": packing.unpacker(compression)}
    if ahead:
        options["images"] = lazy_image(tmp_path, (0, 300))
    with way(server_of(300), **options) as made:
        assert made.daemon.fetch(7, 1) == page(7)
        assert made.daemon.fetch(100, 200) == b"".join(map(page, range(100, 300)))
        made.daemon.close()
        source, target = made.end()
        assert (target.pages, target.faults) == (201, 1)
        assert source.pages >= 201
        made.close()
        assert made.server.ended_well


def test_answers_come_in_the_order_of_requests(tmp_path: Path) -> None:
    with way(server_of(200), images=lazy_image(tmp_path, (0, 200))) as made:
        for number in (150, 3, 199, 3 + 1, 60):
            made.daemon.ask(number)
        assert [made.daemon.answer()[1] for _ in range(5)] == [150, 3, 199, 4, 60]
        made.daemon.close()


def test_pages_are_sent_ahead_once_each_and_what_is_asked_for_comes_first(tmp_path: Path) -> None:
    pieces = 40
    count = pieces * pages_wire.PIECE
    with way(server_of(count), images=lazy_image(tmp_path, (0, count))) as made:
        made.daemon.fetch(count - 5, 1)
        assert made.daemon.fetch(0, count) == b"".join(map(page, range(count - 5))) + b"".join(
            map(page, range(count - 5, count))
        )
        made.daemon.close()
        source, _ = made.end()
    before = made.server.asked.index((PID, count - 5, 1))
    assert before < pieces / 2
    asked = [
        number for _, first, pages in made.server.asked for number in range(first, first + pages)
    ]
    # Only the page that the daemon asked for a second time was sent a second time.
    assert sorted(asked) == sorted([*range(count), count - 5])
    assert source.pages == count + 1


def test_a_single_page_overtakes_what_is_fetched_in_the_background(tmp_path: Path) -> None:
    count = 40 * pages_wire.PIECE
    with way(server_of(count), images=lazy_image(tmp_path, (0, count))) as made:
        made.daemon.ask(0, count // 2)
        made.daemon.ask(count // 2 - 1)
        assert made.daemon.answer()[1] == 0
        assert made.daemon.answer()[1] == count // 2 - 1
        made.daemon.close()
    assert made.server.asked.index((PID, count // 2 - 1, 1)) < 15


def test_a_page_server_may_answer_with_less(tmp_path: Path) -> None:
    with way(server_of(100, most=3), images=lazy_image(tmp_path, (0, 100))) as made:
        assert made.daemon.fetch(0, 100) == b"".join(map(page, range(100)))
        made.daemon.close()
        assert made.end()[0].pages == 100


def test_a_forked_child_gets_the_same_pages_again(tmp_path: Path) -> None:
    with way(server_of(20), images=lazy_image(tmp_path, (0, 20))) as made:
        made.daemon.ask(5)
        made.daemon.ask(5)
        assert made.daemon.answer() == made.daemon.answer() == (PID, 5, page(5))
        assert made.daemon.fetch(0, 20) == b"".join(map(page, range(20)))
        assert made.daemon.fetch(0, 20) == b"".join(map(page, range(20)))
        made.daemon.close()


def test_tasks_are_told_apart(tmp_path: Path) -> None:
    server = server_of(3)
    server.pages |= {(43, number): page(1000 + number) for number in range(3)}
    images = lazy_image(lazy_image(tmp_path, (0, 3)), (0, 3), pid=43)
    with way(server, images=images) as made:
        assert made.daemon.fetch(1, 2, pid=43) == page(1001) + page(1002)
        assert made.daemon.fetch(1, 2) == page(1) + page(2)
        made.daemon.close()


@pytest.mark.parametrize("ahead", [False, True])
def test_what_the_base_has_is_not_sent(tmp_path: Path, ahead: bool) -> None:
    old = full_image(tmp_path / "0", {n: page(n) for n in range(90)})
    new = full_image(tmp_path / "1", {n: page(n + 7) for n in range(30, 40)})
    server = server_of(100)
    server.pages |= {(PID, n): page(n + 7) for n in (*range(30, 40), 50)}
    options = {"images": lazy_image(tmp_path / "now", (0, 100))} if ahead else {}
    wire: list[int] = []
    base = PageBase([new, old])
    base.populate()
    with way(server, base=base, count=wire.append, **options) as made:
        assert made.daemon.fetch(0, 100) == b"".join(server.pages[PID, n] for n in range(100))
        made.daemon.close()
        source, target = made.end()
    assert source.pages_same == target.pages_same == 89  # not 50, and not the last ten
    assert sum(wire) == source.wire_bytes < 12 * PAGE


def test_different_bases_are_noticed_before_a_page_is_filled_in(tmp_path: Path) -> None:
    ours, theirs = (
        PageBase([full_image(tmp_path / str(number), {number: page(1)})]) for number in (1, 2)
    )
    for options in ({"source_base": ours, "target_base": theirs}, {"source_base": ours}):
        with way(server_of(3), **options) as made:
            _, target = made.end()
            assert "different images" in target.message


def test_a_base_in_other_folders_goes_by_its_label(tmp_path: Path) -> None:
    whole = full_image(tmp_path / "f", {0: page(0), 1: page(1)})
    chain = [full_image(tmp_path / "1", {1: page(1)}), full_image(tmp_path / "0", {0: page(0)})]
    bases = {"source_base": PageBase([whole], "x"), "target_base": PageBase(chain, "x")}
    with way(server_of(2), **bases) as made:
        assert made.daemon.fetch(0, 2) == page(0) + page(1)
        made.daemon.close()
        assert made.end()[1].pages_same == 2


def test_bytes_are_paced_before_and_counted_after_they_are_sent() -> None:
    paced: list[int] = []
    counted: list[int] = []
    with way(server_of(10), pace=paced.append, count=counted.append) as made:
        made.daemon.fetch(0, 10)
        made.daemon.close()
        source, _ = made.end()
    assert paced == counted
    assert sum(counted) == source.wire_bytes > 10 * PAGE


def test_the_connection_is_free_for_other_use_afterwards(tmp_path: Path) -> None:
    with way(server_of(500), images=lazy_image(tmp_path, (0, 500))) as made:
        made.daemon.fetch(0, 1)
        made.daemon.close()
        made.end()
        send_json(made.link[1], {"said": "afterwards"})
        assert receive_json(made.link[0]) == {"said": "afterwards"}


def test_it_works_over_tls(tmp_path: Path) -> None:
    ours, theirs = make_pair("source"), make_pair("target")
    client = tls_context(ours.certificate, ours.key, theirs.certificate, server=False)
    server = tls_context(theirs.certificate, theirs.key, ours.certificate, server=True)
    left, right = socket.socketpair()
    ends: list[socket.socket] = []
    thread = threading.Thread(
        target=lambda: ends.append(server.wrap_socket(right, server_side=True))
    )
    thread.start()
    source_end = client.wrap_socket(left)
    thread.join(LIMIT_S)
    options: dict[str, Any] = {"link": (source_end, ends[0])}
    with way(server_of(500), images=lazy_image(tmp_path, (0, 500)), **options) as made:
        assert made.daemon.fetch(400, 1) == page(400)
        assert made.daemon.fetch(0, 400) == b"".join(map(page, range(400)))
        made.daemon.close()
        assert made.end()[1].pages == 401


def test_pages_ahead_are_taken_once_each(tmp_path: Path) -> None:
    ahead = Ahead(lazy_image(tmp_path, (10, 20), (40, 5)))
    assert ahead.take(PID, 15 * PAGE, 3) == [Run(PID, 15 * PAGE, 3)]
    assert ahead.take(PID, 16 * PAGE, 4) == [Run(PID, 18 * PAGE, 2)]
    assert ahead.take(PID, 28 * PAGE, 14) == [Run(PID, 28 * PAGE, 2), Run(PID, 40 * PAGE, 2)]
    assert ahead.take(PID, 30 * PAGE, 10) == []
    assert ahead.take(7, 10 * PAGE, 1) == []
    rest = list(itertools.takewhile(bool, iter(ahead.next, None)))
    assert [(run.vaddr // PAGE, run.pages) for run in rest if run] == [(10, 5), (20, 8), (42, 3)]
