"""The client of a redis workload: what each key must hold, and a server that it talks with."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from migrations_app.engine.hostside import redis_data
from migrations_app.engine.hostside.outside_client import SEEN
from migrations_app.engine.hostside.redis_client import CHECK, Ledger, RedisClient
from migrations_app.engine.hostside.redis_data import first, value_of
from migrations_app.engine.hostside.resp import Replies, Reply, command

KEYS, SIZE, RING = 20, 64, 10
LIMIT_S = 60


def ledger_after(writes: int) -> Ledger:
    """Of a client whose writes were all acknowledged, and replaced what they should."""
    ledger = Ledger(b"mine", KEYS, SIZE, RING)
    for number in range(writes):
        ledger.next_write()
        ledger.was_acknowledged(ledger.write(number - RING).value if number >= RING else None)
    assert not ledger.lost and not ledger.wrong
    return ledger


def test_values_have_their_size_and_no_two_writes_the_same() -> None:
    for size in (64, 65, 100, 1024):
        values = {value_of(b"w %d" % number, size) for number in range(100)}
        assert {len(value) for value in values} == {size} and len(values) == 100


def test_writes_go_round_in_the_ring() -> None:
    ledger = ledger_after(25)
    keys = {ledger.write(number).key for number in range(25)}
    assert len(keys) == RING
    assert ledger.write(3).key == ledger.write(13).key
    assert ledger.write(3).value != ledger.write(13).value


def test_all_keys_are_the_first_and_the_newest_write_of_each_key_of_the_ring() -> None:
    names = [held.name for held in ledger_after(25).all()]
    assert names == [*(b"first:%d" % number for number in range(KEYS))] + [
        b"mine %d" % number for number in range(15, 25)
    ]
    assert len(list(ledger_after(3).all())) == KEYS + 3


@pytest.mark.parametrize("writes", [0, 1, 2, 9, 10, 11, 37])
def test_what_is_read_back_is_always_a_key_of_which_something_is_known(writes: int) -> None:
    ledger = ledger_after(writes)
    assert ledger.next_read() in list(ledger.all())


@pytest.mark.parametrize(
    ("found", "lost", "wrong"),
    [
        (lambda ledger: ledger.write(23).value, 0, 0),
        (lambda ledger: None, 1, 0),
        (lambda ledger: ledger.write(13).value, 1, 0),
        (lambda ledger: ledger.write(13).value[:-1] + b"!", 0, 1),
        (lambda ledger: Ledger(b"other", KEYS, SIZE, RING).write(23).value, 0, 1),
        (lambda ledger: b"", 0, 1),
        (lambda ledger: 7, 0, 1),
    ],
)
def test_a_key_with_nothing_or_an_older_write_is_lost_and_anything_else_is_wrong(
    found: Callable[[Ledger], Reply], lost: int, wrong: int
) -> None:
    ledger = ledger_after(25)
    for _ in range(2):  # however often it is read, it counts once
        assert ledger.judge(ledger.write(23), found(ledger)) is (lost + wrong == 0)
    assert (len(ledger.lost), len(ledger.wrong)) == (lost, wrong)


def test_an_acknowledged_write_that_went_is_seen_when_it_is_replaced() -> None:
    ledger = ledger_after(RING)
    ledger.next_write()
    ledger.was_acknowledged(None)
    assert ledger.lost == {b"mine 0"}


def test_a_write_that_was_sent_twice_may_have_replaced_itself_or_the_one_before() -> None:
    for replaced in (10, 0):
        ledger = ledger_after(RING)
        assert ledger.next_write() == ledger.next_write() == ledger.write(10)
        ledger.was_acknowledged(ledger.write(replaced).value)
        assert not ledger.lost and not ledger.wrong


def test_a_write_that_was_sent_once_can_not_have_replaced_itself() -> None:
    ledger = ledger_after(RING)
    ledger.next_write()
    ledger.was_acknowledged(ledger.write(10).value)
    assert ledger.lost | ledger.wrong == {b"mine 0"}


@dataclass
class Server:
    """As much of a redis-server as the client needs, and what it may do wrong."""

    listener: socket.socket
    data: dict[bytes, bytes] = field(default_factory=dict)
    refuse: bytes | None = None  # the next command, once
    hang_up: bool = False  # instead of the next answer to a SET, once; the key is set
    over: bool = False

    def run(self) -> None:
        while not self.over:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                self._serve(peer, Replies())

    def _serve(self, peer: socket.socket, commands: Replies) -> None:
        peer.settimeout(LIMIT_S)
        while data := peer.recv(65536):
            for asked in commands.take(data):
                assert isinstance(asked, list)
                answer = self._answer([part for part in asked if isinstance(part, bytes)])
                if self.hang_up and asked[0] == b"SET":
                    self.hang_up = False
                    return
                peer.sendall(answer)

    def _answer(self, parts: list[bytes]) -> bytes:
        if self.refuse:
            text, self.refuse = self.refuse, None
            return b"-%s\r\n" % text
        if parts[0] == b"SET":
            before = self.data.get(parts[1])
            self.data[parts[1]] = parts[2]
            return bulk(before) if parts[3:] == [b"GET"] else b"+OK\r\n"
        if parts[0] == b"MGET":
            values = [bulk(self.data.get(key)) for key in parts[1:]]
            return b"*%d\r\n%s" % (len(values), b"".join(values))
        return bulk(self.data.get(parts[1]))


def bulk(value: bytes | None) -> bytes:
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)


@pytest.fixture
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener)
        thread = threading.Thread(target=server.run)
        thread.start()
        yield server
        server.over = True
        socket.create_connection(listener.getsockname()).close()  # it waits for somebody
    thread.join(LIMIT_S)
    assert not thread.is_alive()


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Iterator[RedisClient]:
    """Connected with a server that has the first keys, until the test is over."""
    server.data.update(first(number, SIZE) for number in range(KEYS))
    client = RedisClient("127.0.0.1", server.listener.getsockname()[1], tmp_path, KEYS, SIZE)
    thread = threading.Thread(target=client.run)
    thread.start()
    yield client
    client.stop.set()
    thread.join(LIMIT_S)
    assert not thread.is_alive()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def check_of_all(client: RedisClient) -> None:
    before = client.state.checks
    (client.folder / CHECK).touch()
    wait_until(lambda: client.state.checks > before)


def test_writes_are_acknowledged_one_by_one_and_all_keys_found_right(
    client: RedisClient, tmp_path: Path
) -> None:
    wait_until(lambda: client.state.written > 5)
    check_of_all(client)
    state = client.state
    assert state.kept is not None and state.kept >= KEYS + 6
    assert (state.lost, state.wrong, state.connections) == (0, 0, 1)
    assert (tmp_path / SEEN).stat().st_size >= 8 * 2 * 6


def test_keys_that_are_gone_or_changed_are_found(client: RedisClient, server: Server) -> None:
    wait_until(lambda: client.state.written > 0)
    del server.data[b"first:3"]
    server.data[b"first:4"] = b"something else"
    check_of_all(client)
    assert (client.state.lost, client.state.wrong) == (1, 1)


def test_a_connection_that_ends_is_made_anew_and_loses_nothing(
    client: RedisClient, server: Server
) -> None:
    wait_until(lambda: client.state.written > 3)
    server.hang_up = True  # the write is there, its answer never came
    wait_until(lambda: client.state.connections == 2)
    before = client.state.written
    wait_until(lambda: client.state.written > before + 3)
    check_of_all(client)
    assert (client.state.lost, client.state.wrong) == (0, 0)
    assert client.state.ended_by == "closed by the server"


def test_a_server_that_refuses_is_asked_again(client: RedisClient, server: Server) -> None:
    wait_until(lambda: client.state.written > 0)
    server.refuse = b"LOADING it reads"
    wait_until(lambda: client.state.connections == 2)
    before = client.state.written
    wait_until(lambda: client.state.written > before)
    assert "LOADING" in str(client.state.ended_by)
    assert (client.state.lost, client.state.wrong) == (0, 0)


def test_the_first_keys_are_all_set_at_the_start(server: Server) -> None:
    redis_data.main(str(server.listener.getsockname()[1]), "2345", "64")
    assert server.data == dict(first(number, 64) for number in range(2345))


def test_a_first_key_that_is_refused_is_told(server: Server) -> None:
    server.refuse = b"OOM no room"
    with (
        socket.create_connection(server.listener.getsockname(), LIMIT_S) as link,
        pytest.raises(ValueError, match="OOM no room"),
    ):
        redis_data.fill(link, 10, 64)


def test_the_servers_commands_are_those_of_the_protocol() -> None:
    assert Replies().take(command(b"MGET", b"a", b"b")) == [[b"MGET", b"a", b"b"]]
