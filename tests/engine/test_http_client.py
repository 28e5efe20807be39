"""The client of a http workload: answers cut anywhere, what is not the next, how long it took."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrations_app.engine.hostside.clients import replies_of
from migrations_app.engine.hostside.http_client import (
    ASKED,
    REQUEST,
    Answers,
    Counter,
    HttpClient,
    HttpState,
)
from migrations_app.engine.hostside.latency import latencies
from migrations_app.engine.hostside.outside_client import SEEN

LIMIT_S = 60


def text_of(here: int, of_all: int) -> bytes:
    text = b"answer %d of this connection, %d of all\n0123\n4567\n" % (here, of_all)
    return text + b"crc32 %08x\n" % zlib.crc32(text)


def answer(text: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)


TEXTS = [text_of(number, number + 7) for number in range(3)]
STREAM = b"".join(map(answer, TEXTS))


@pytest.mark.parametrize("at", range(0, len(STREAM) + 1, 3))
def test_answers_are_the_same_wherever_they_are_cut(at: int) -> None:
    answers = Answers()
    assert [*answers.take(STREAM[:at]), *answers.take(STREAM[at:])] == TEXTS


def test_an_answer_that_says_no_ends_the_connection() -> None:
    for said in (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0\r\n\r\n"):
        with pytest.raises(ValueError, match="no answer"):
            Answers().take(said)


def counted(*texts: bytes | None) -> HttpState:
    """None: a new connection."""
    state = HttpState()
    counter = Counter(state)
    for text in texts:
        counter.connected() if text is None else counter.take(text)
    return state


@pytest.mark.parametrize(
    ("texts", "lost", "doubled", "wrong"),
    [
        ([text_of(0, 5), text_of(1, 6), text_of(2, 7)], 0, 0, 0),
        ([text_of(0, 5), text_of(1, 9)], 0, 0, 0),  # another visitor had four
        ([text_of(0, 5), text_of(3, 8)], 2, 0, 0),
        ([text_of(0, 5), text_of(1, 6), text_of(1, 7)], 0, 1, 0),
        ([text_of(0, 5), None, text_of(0, 6)], 0, 0, 0),
        ([text_of(0, 5), None, text_of(0, 5)], 0, 1, 0),  # it is put back by one answer
        ([text_of(0, 5), text_of(1, 6).replace(b"4567", b"4568"), text_of(2, 7)], 0, 0, 1),
        ([b"hello\n"], 0, 0, 1),
    ],
)
def test_what_is_left_out_comes_again_or_is_damaged_is_counted(
    texts: list[bytes | None], lost: int, doubled: int, wrong: int
) -> None:
    state = counted(*texts)
    assert (state.lost, state.doubled, state.wrong) == (lost, doubled, wrong)


class Server:
    """Answers each request; `hang_up` ends the connection before an answer, once."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener, self.hang_up, self.over, self.answers = listener, False, False, 0

    def run(self) -> None:
        while not self.over:
            peer, _ = self.listener.accept()
            with peer:
                peer.settimeout(LIMIT_S)
                self._serve(peer)

    def _serve(self, peer: socket.socket) -> None:
        here, asked = 0, b""
        while data := peer.recv(4096):
            asked += data
            while asked.startswith(REQUEST):
                asked = asked[len(REQUEST) :]
                if self.hang_up:
                    self.hang_up = False
                    return
                peer.sendall(answer(text_of(here, self.answers)))
                here, self.answers = here + 1, self.answers + 1


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Server, HttpClient]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener)
        client = HttpClient("127.0.0.1", listener.getsockname()[1], tmp_path)
        threads = [threading.Thread(target=one.run) for one in (server, client)]
        for thread in threads:
            thread.start()
        yield server, client
        client.stop.set()
        threads[1].join(LIMIT_S)
        server.over = True
        socket.create_connection(listener.getsockname()).close()  # it waits for somebody
        threads[0].join(LIMIT_S)
    assert not any(thread.is_alive() for thread in threads)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_every_answer_is_noted_with_the_moment_it_was_asked_for(
    served: tuple[Server, HttpClient], tmp_path: Path
) -> None:
    _, client = served
    wait_until(lambda: client.state.received > 5)
    seen = (tmp_path / SEEN).stat().st_size
    assert seen >= 5 * 8 and (tmp_path / ASKED).stat().st_size >= seen
    assert (client.state.lost, client.state.wrong, client.state.connections) == (0, 0, 1)


def test_a_request_that_was_never_answered_is_counted(served: tuple[Server, HttpClient]) -> None:
    server, client = served
    wait_until(lambda: client.state.received > 2)
    server.hang_up = True
    wait_until(lambda: client.state.connections == 2)
    before = client.state.received
    wait_until(lambda: client.state.received > before)
    client.stop.set()
    wait_until(lambda: not client.state.connected)  # so that none is under way
    assert (client.state.failed, client.state.lost, client.state.doubled) == (1, 0, 0)


def test_replies_of_a_time_are_told_with_both_moments() -> None:
    asked, answered = [10, 20, 30, 40], [15, 25, 35]
    assert replies_of(asked, answered, 20, 30) == [(20, 25)]
    assert replies_of([], answered, 0, 100) == []


MS = 1_000_000
TOOK_MS = [(0, 2), (10, 4), (95, 210), (306, 9), (320, 3), (330, 5)]
REPLIES = [(asked * MS, (asked + took) * MS) for asked, took in TOOK_MS]


def test_latency_is_told_before_during_and_after_the_stop_window() -> None:
    told: Any = latencies(REPLIES, 100 * MS, 300 * MS)
    assert told["before"] == {"count": 2, "median_ms": 3.0, "longest_ms": 4.0}
    assert told["during"] == {"count": 1, "median_ms": 210.0, "longest_ms": 210.0}
    assert told["after"] == {"count": 3, "median_ms": 5.0, "longest_ms": 9.0}


def test_of_a_long_run_the_longest_answer_is_not_left_out() -> None:
    many = [(at * MS, at * MS + MS) for at in range(0, 200_000, 2)]
    many[33_333] = (many[33_333][0], many[33_333][0] + MS + 1)
    told: Any = latencies(many, 10 * MS, 12 * MS)
    assert told["after"]["longest_ms"] == 1.000001
    assert sum(told[part]["count"] for part in ("before", "during", "after")) == len(many)


def test_without_a_window_or_without_answers_latency_is_not_known() -> None:
    assert latencies(REPLIES, None, 300 * MS) is None
    assert latencies(REPLIES, 100 * MS, None) is None
    assert latencies([], 100 * MS, 300 * MS) is None
    told = latencies(REPLIES, 1000 * MS, 1100 * MS)
    assert told is not None and told["during"] is None and told["after"] is None
