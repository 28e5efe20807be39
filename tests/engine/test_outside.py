"""The client outside, and the silence of a network that moves."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app.engine.hostside import clients, silence
from migrations_app.engine.hostside.outside_client import SEEN, STATE
from migrations_app.engine.hostside.stream_client import Numbers, StreamClient, StreamState


def taken(*pieces: bytes) -> tuple[StreamState, bytes]:
    state = StreamState()
    numbers = Numbers(state)
    return state, b"".join(numbers.take(piece) for piece in pieces)


def test_numbers_are_the_same_wherever_the_stream_is_cut() -> None:
    text = b"".join(b"%d\n" % number for number in range(120))
    for at in range(len(text)):
        state, back = taken(text[:at], text[at:])
        assert (state.received, state.lost, state.doubled, back) == (120, 0, 0, text)


@pytest.mark.parametrize(
    ("text", "lost", "doubled"),
    [
        (b"0\n1\n3\n4\n", 1, 0),
        (b"0\n1\n1\n2\n", 0, 1),
        (b"0\n1\n9\n", 7, 0),
        (b"5\n", 5, 0),
        (b"0\n1\n2\n0\n1\n2\n3\n", 0, 3),
    ],
)
def test_what_is_left_out_or_comes_again_is_counted(text: bytes, lost: int, doubled: int) -> None:
    state, _ = taken(text)
    assert (state.lost, state.doubled) == (lost, doubled)


def test_half_a_line_is_not_sent_back() -> None:
    assert taken(b"0\n1\n2")[1] == b"0\n1\n"


def back_from(peer: socket.socket, end: bytes) -> bytes:
    peer.settimeout(60)
    back = b""
    while not back.endswith(end):
        back += peer.recv(4096)
    return back


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[socket.socket, StreamClient]]:
    """A server, and a client that connects to it until the test is over."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        client = StreamClient("127.0.0.1", server.getsockname()[1], tmp_path)
        thread = threading.Thread(target=client.run)
        thread.start()
        yield server, client
        client.stop.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_client_notes_every_number_and_sends_it_back(
    listening: tuple[socket.socket, StreamClient], tmp_path: Path
) -> None:
    server, client = listening
    numbers = b"".join(b"%d\n" % number for number in range(50))
    peer, _ = server.accept()
    with peer:
        peer.sendall(numbers)
        assert back_from(peer, b"\n49\n") == numbers
    again, _ = server.accept()  # it connects anew; what came before is noted by then
    with again:
        assert json.loads((tmp_path / STATE).read_text())["received"] == 50
        assert (tmp_path / SEEN).stat().st_size == 50 * 8
        again.sendall(b"0\n")
        back_from(again, b"0\n")
        assert (client.state.connections, client.state.lost) == (2, 0)


MOMENTS = [0, 1_000_000, 2_000_000, 502_000_000, 503_000_000]


def test_the_longest_gaps_of_a_time_are_told_in_order() -> None:
    told = clients.gaps_of(MOMENTS, 0, 600_000_000)
    assert told["gaps"][2] == [2_000_000, 502_000_000] and len(told["gaps"]) == 4
    assert told["usual_ms"] == 1.0 and told["count"] == 5


def test_a_gap_that_began_before_the_time_or_ends_after_it_counts() -> None:
    told = clients.gaps_of(MOMENTS, 100_000_000, 200_000_000)
    assert told["gaps"] == [[2_000_000, 502_000_000]] and told["count"] == 0


def test_without_answers_no_gap_is_known() -> None:
    assert clients.gaps_of([], 0, 10) == {"gaps": [], "usual_ms": None, "count": 0}


def test_only_so_many_gaps_are_told_and_they_are_the_longest() -> None:
    moments = [0]
    for number in range(100):
        moments.append(moments[-1] + (number + 1) * 1_000_000)
    gaps = clients.gaps_of(moments, 0, moments[-1])["gaps"]
    assert len(gaps) == clients.MOST_GAPS
    assert min(end - start for start, end in gaps) == 81_000_000


def test_silence_begins_by_ending_one_that_is_there_already() -> None:
    text = silence.commands("it-1")
    assert text.startswith(silence.over_commands("it-1"))
    assert text.count("policy drop") == 4 and "migration-lab-it-1" in text


def test_what_ends_silence_is_fine_when_there_is_none() -> None:
    for family in ("inet", "arp"):
        table = f"{family} migration-lab-it-1"
        assert f"add table {table}; delete table {table}" in silence.over_commands("it-1")
