"""Pages on request: a scripted page server and a scripted daemon, with both our ends between."""

import itertools
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine import StepFailed
from migrations_app.engine.certificates import make_pair
from migrations_app.engine.hostside import packing, pages_wire
from migrations_app.engine.hostside.channel import receive_json, send_json, tls_context
from migrations_app.engine.hostside.pages import PageBase, relay_pages, serve_pages
from migrations_app.engine.hostside.pages_source import Ahead, Run
from migrations_app.engine.tools.pagemap import LAZY, PAGE, PRESENT, Entry, PageMap, serialise

IOV = struct.Struct("<I4xQQQ")  # as CRIU has it: command, nr_pages, vaddr, dst_id
GET, ADD_F, CLOSE = 7, 4 << 16 | 6, 0x1023
PID = 42
LIMIT_S = 5.0
COMPRESSIONS = [None, *packing.available()]


def page(value: int) -> bytes:
    return value.to_bytes(4, "big") * (PAGE // 4)


def exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


@dataclass
class PageServer:
    """Has the pages of some tasks, by (pid, number), and answers as CRIU's does."""

    pages: dict[tuple[int, int], bytes]
    most: int = 1 << 20  # pages per answer: CRIU's runs of pages end somewhere
    gone_after: int = 1 << 20  # answers
    asked: list[tuple[int, int, int]] = field(default_factory=list)  # pid, number, pages
    ended_well: bool = False

    def run(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while data := connection.recv(IOV.size, socket.MSG_WAITALL):
                command, pages, vaddr, pid = IOV.unpack(data)
                if command == CLOSE:
                    connection.sendall(bytes(4))
                    break
                if len(self.asked) == self.gone_after:
                    return
                self.asked.append((pid, vaddr // PAGE, pages))
                self._answer(connection, pid, vaddr, min(pages, self.most))
            self.ended_well = connection.recv(1) == b""

    def _answer(self, connection: socket.socket, pid: int, vaddr: int, pages: int) -> None:
        numbers = range(vaddr // PAGE, vaddr // PAGE + pages)
        data = b"".join(self.pages[pid, number] for number in numbers)
        connection.sendall(IOV.pack(ADD_F, pages, vaddr, pid) + data)


class Daemon:
    """Asks as CRIU's lazy-pages daemon does."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def ask(self, number: int, pages: int = 1, pid: int = PID) -> None:
        self.connection.sendall(IOV.pack(GET, pages, number * PAGE, pid))

    def answer(self) -> tuple[int, int, bytes]:
        """pid, number of the first page, pages."""
        command, pages, vaddr, pid = IOV.unpack(exactly(self.connection, IOV.size))
        assert command == ADD_F
        return pid, vaddr // PAGE, exactly(self.connection, pages * PAGE)

    def fetch(self, number: int, pages: int, pid: int = PID) -> bytes:
        """So many pages, in as many answers as it takes."""
        got = b""
        while len(got) < pages * PAGE:
            self.ask(number + len(got) // PAGE, pages - len(got) // PAGE, pid)
            got += self.answer()[2]
        return got

    def close(self) -> None:
        self.connection.sendall(IOV.pack(CLOSE, 0, 0, 0))
        assert exactly(self.connection, 4) == bytes(4)
        self.connection.close()


class Way:
    """Both ends at work, each in a thread; what they returned or raised."""

    def __init__(self, server: PageServer, **options: Any) -> None:
        self.server = server
        self.link = options.pop("link", None) or socket.socketpair()
        self._options = options
        self.daemon_end, self.server_end = socket.socketpair(), socket.socketpair()
        limit_s = options.pop("limit_s", LIMIT_S)
        for end in (*self.link, *self.daemon_end, *self.server_end):
            end.settimeout(limit_s if end in self.link else LIMIT_S)
        self.daemon = Daemon(self.daemon_end[0])
        self.results: dict[str, Any] = {}
        self._threads = [
            threading.Thread(target=work, args=args, daemon=True)
            for work, args in (
                (server.run, (self.server_end[1],)),
                (self._keep, ("source", serve_pages, self.link[0], self.server_end[0])),
                (self._keep, ("target", relay_pages, self.link[1], self.daemon_end[1])),
            )
        ]
        for thread in self._threads:
            thread.start()

    def _keep(self, side: str, work: Any, link: socket.socket, local: socket.socket) -> None:
        names = {
            "source": ("packer", "pace", "count", "images"),
            "target": ("unpacker",),
        }[side]
        options = {name: self._options[name] for name in names if name in self._options}
        base = self._options.get(f"{side}_base", self._options.get("base"))
        try:
            self.results[side] = work(link, local, base=base, **options)
        except StepFailed as error:
            self.results[side] = error

    def end(self) -> tuple[Any, Any]:
        for thread in self._threads[1:]:
            thread.join(LIMIT_S)
        return self.results.get("source"), self.results.get("target")

    def close(self) -> None:
        for end in (*self.link, *self.daemon_end, *self.server_end):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes who waits, which close does not
            end.close()
        for thread in self._threads:
            thread.join(LIMIT_S)


@contextmanager
def way(server: PageServer, **options: Any) -> Iterator[Way]:
    made = Way(server, **options)
    try:
        yield made
    finally:
        made.close()


def server_of(count: int, pid: int = PID, **options: Any) -> PageServer:
    return PageServer({(pid, number): page(number) for number in range(count)}, **options)


def lazy_image(folder: Path, *runs: tuple[int, int], pid: int = PID) -> Path:
    """A dump whose memory was left behind: (first, pages) of each run."""
    folder.mkdir(exist_ok=True)
    entries = [Entry(number * PAGE, pages, LAZY) for number, pages in runs]
    (folder / f"pagemap-{pid}.img").write_bytes(serialise(PageMap(1, entries)))
    return folder


def full_image(folder: Path, pages: dict[int, bytes], pid: int = PID) -> Path:
    folder.mkdir(exist_ok=True)
    entries = [Entry(number * PAGE, 1, PRESENT) for number in sorted(pages)]
    (folder / f"pagemap-{pid}.img").write_bytes(serialise(PageMap(1, entries)))
    data = b"".join(pages[number] for number in sorted(pages))
    (folder / "pages-1.img").write_bytes(data)
    return folder


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


def test_a_daemon_that_goes_without_a_word_is_told_to_the_source() -> None:
    with way(server_of(10)) as made:
        made.daemon.fetch(0, 1)
        made.daemon.connection.close()
        source, target = made.end()
    assert source.code == target.code == "pages-lost"
    assert "daemon ended" in source.message
    assert "daemon ended" in target.message


def test_a_page_server_that_goes_is_told_to_the_target(tmp_path: Path) -> None:
    images = lazy_image(tmp_path, (0, 500))
    with way(server_of(500, gone_after=3), images=images) as made:
        made.daemon.ask(0)
        source, target = made.end()
    assert source.code == target.code == "pages-lost"
    assert "page server ended" in source.message
    assert "page server ended" in target.message


@pytest.mark.parametrize("side", [0, 1])
def test_a_link_that_breaks_is_noticed_on_both_sides(side: int) -> None:
    with way(server_of(10)) as made:
        made.daemon.fetch(0, 1)
        made.link[side].shutdown(socket.SHUT_RDWR)
        source, target = made.end()
    assert source.code == target.code == "pages-lost"


def test_silence_ends_it() -> None:
    with way(server_of(10), limit_s=0.05) as made:
        source, target = made.end()
    assert source.code == target.code == "pages-lost"
    assert "too long" in source.message + target.message


FRAME = pages_wire.HEAD.pack


@pytest.mark.parametrize(
    "sent",
    [
        FRAME(99, 0, 0, 0, 0),
        FRAME(pages_wire.PLAIN, 1, PAGE - 1, PID, 0),
        FRAME(pages_wire.PLAIN, pages_wire.PIECE + 1, (pages_wire.PIECE + 1) * PAGE, PID, 0),
        FRAME(pages_wire.PLAIN, 0, 0, PID, 0),
        FRAME(pages_wire.PACKED, 1, PAGE + 1, PID, 0),
        FRAME(pages_wire.PACKED, 1, 10, PID, 0) + bytes(10),
        FRAME(pages_wire.SAME, 1, 0, PID, 0),
    ],
)
def test_a_damaged_frame_is_refused(sent: bytes) -> None:
    (ours, theirs), (local, _daemon) = socket.socketpair(), socket.socketpair()
    with ours, theirs, local, _daemon:
        ours.settimeout(LIMIT_S)
        theirs.sendall(sent)
        with pytest.raises(StepFailed) as refused:
            relay_pages(ours, local)
    assert refused.value.code == "channel-broken"


def test_pages_ahead_are_taken_once_each(tmp_path: Path) -> None:
    ahead = Ahead(lazy_image(tmp_path, (10, 20), (40, 5)))
    assert ahead.take(PID, 15 * PAGE, 3) == [Run(PID, 15 * PAGE, 3)]
    assert ahead.take(PID, 16 * PAGE, 4) == [Run(PID, 18 * PAGE, 2)]
    assert ahead.take(PID, 28 * PAGE, 14) == [Run(PID, 28 * PAGE, 2), Run(PID, 40 * PAGE, 2)]
    assert ahead.take(PID, 30 * PAGE, 10) == []
    assert ahead.take(7, 10 * PAGE, 1) == []
    rest = list(itertools.takewhile(bool, iter(ahead.next, None)))
    assert [(run.vaddr // PAGE, run.pages) for run in rest if run] == [(10, 5), (20, 8), (42, 3)]
