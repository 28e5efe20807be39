"""The data channel by itself: frames over real sockets, and TLS that takes one certificate."""

import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.engine import StepFailed
from migrations_app.engine.certificates import Pair, make_pair
from migrations_app.engine.hostside.channel import (
    FRAME,
    FrameReader,
    FrameWriter,
    receive_json,
    send_json,
    tls_context,
)
from migrations_app.engine.hostside.pace import Pace

Sockets = tuple[socket.socket, socket.socket]


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def sent_and_received(
    parts: list[bytes], read_size: int, packing: str = "none"
) -> tuple[bytes, int, int]:
    """What arrives of a stream that is written in these parts; the counts of both sides."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer, reader = FrameWriter(ours, packing, Pace(None)), FrameReader(theirs, packing)

        def write() -> None:
            for part in parts:
                writer.write(part)
            writer.finish()

        thread = in_background(write)
        data = b"".join(iter(lambda: reader.read(read_size), b""))
        thread.join(5)
        return data, writer.count, reader.count


@given(st.lists(st.binary(max_size=50), max_size=8), st.integers(1, 64))
def test_stream_arrives_whole_however_it_is_cut(parts: list[bytes], read_size: int):
    data, sent, received = sent_and_received(parts, read_size)
    assert data == b"".join(parts) and sent == received == len(data)


def test_stream_longer_than_a_frame_arrives_whole():
    part = bytes(range(256)) * (FRAME // 256) + b"x"
    data, sent, _ = sent_and_received([part, part], FRAME)
    assert data == part * 2 and sent == len(data)


@pytest.mark.parametrize("packing", ["lz4", "zstd"])
def test_packed_stream_arrives_whole_and_both_sides_count_what_went_over(packing: str):
    part = bytes(range(256)) * (2 * FRAME // 256) + os.urandom(99)
    data, sent, received = sent_and_received([part, b"", part], 1000, packing)
    assert data == part * 2 and sent == received < len(data) / 10


@pytest.mark.parametrize(
    "packed",
    [
        struct.pack(">I", 8) + b"not lz4 at all",
        struct.pack(">I", 0) + b"x",
        struct.pack(">I", FRAME + 1) + b"x",
        struct.pack(">I", 2**32 - 1),
    ],
)
@pytest.mark.parametrize("packing", ["lz4", "zstd"])
def test_packed_frame_that_is_damaged_is_a_broken_channel(
    packing: str, packed: bytes, sockets: Sockets
):
    sockets[0].sendall(struct.pack(">I", len(packed)) + packed)
    with pytest.raises(StepFailed) as broken:
        FrameReader(sockets[1], packing).drain()
    assert broken.value.code == "channel-broken"


def test_stream_that_breaks_off_is_not_taken_for_whole(sockets: Sockets):
    ours, theirs = sockets
    ours.sendall(struct.pack(">I", 10) + b"only")
    ours.shutdown(socket.SHUT_WR)
    with pytest.raises(StepFailed, match="hung up"):
        FrameReader(theirs).drain()


def test_stream_without_its_end_is_not_taken_for_whole(sockets: Sockets):
    ours, theirs = sockets
    ours.sendall(struct.pack(">I", 4) + b"four")
    ours.shutdown(socket.SHUT_WR)
    with pytest.raises(StepFailed) as broken:
        FrameReader(theirs).drain()
    assert broken.value.code == "channel-broken"


def test_json_arrives_as_it_was(sockets: Sockets):
    send_json(sockets[0], {"token": "é", "n": 1})
    assert receive_json(sockets[1]) == {"token": "é", "n": 1}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0",
        struct.pack(">I", 0),
        struct.pack(">I", 2**31) + b"{}",
        struct.pack(">I", 3) + b"not",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 2) + b"\xff\xfe",
        struct.pack(">I", 9) + b"{}",
    ],
)
def test_anything_else_than_one_json_object_is_a_broken_channel(raw: bytes, sockets: Sockets):
    ours, theirs = sockets
    ours.sendall(raw)
    ours.shutdown(socket.SHUT_WR)
    with pytest.raises(StepFailed) as broken:
        receive_json(theirs)
    assert broken.value.code == "channel-broken"


SOURCE, TARGET, STRANGER = (make_pair(name) for name in ("source", "target", "stranger"))


def over_tls(client: Pair, takes: Pair, server: Pair, expects: Pair) -> dict | Exception:
    """What the server receives from the client when each takes the other's certificate alone."""
    ours, theirs = socket.socketpair()
    received: list[dict | Exception] = []

    def serve() -> None:
        context = tls_context(server.certificate, server.key, expects.certificate, server=True)
        try:
            with context.wrap_socket(theirs, server_side=True) as connection:
                received.append(receive_json(connection))
        except (OSError, StepFailed) as error:
            received.append(error)

    thread = in_background(serve)
    context = tls_context(client.certificate, client.key, takes.certificate, server=False)
    try:
        with context.wrap_socket(ours) as connection:
            send_json(connection, {"cipher": connection.cipher()[1]})
            connection.recv(1)
    except OSError as error:
        received.insert(0, error)
    thread.join(5)
    return received[0]


def test_two_sides_that_know_each_other_talk_over_tls_1_3():
    assert over_tls(SOURCE, TARGET, TARGET, SOURCE) == {"cipher": "TLSv1.3"}


@pytest.mark.parametrize(
    ("client", "takes", "server", "expects"),
    [
        (STRANGER, TARGET, TARGET, SOURCE),
        (SOURCE, TARGET, STRANGER, SOURCE),
        (SOURCE, TARGET, STRANGER, STRANGER),
        (TARGET, TARGET, TARGET, SOURCE),
    ],
    ids=["strange-source", "strange-target", "both", "target-with-itself"],
)
def test_other_certificates_are_refused(client: Pair, takes: Pair, server: Pair, expects: Pair):
    assert isinstance(over_tls(client, takes, server, expects), ssl.SSLError | OSError)


def test_side_without_a_certificate_is_refused():
    ours, theirs = socket.socketpair()
    context = tls_context(TARGET.certificate, TARGET.key, SOURCE.certificate, server=True)
    refused: list[Exception] = []

    def serve() -> None:
        try:
            context.wrap_socket(theirs, server_side=True).recv(1)
        except OSError as error:
            refused.append(error)

    thread = in_background(serve)
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(OSError), bare.wrap_socket(ours) as connection:
        connection.sendall(b"x")
        assert connection.recv(1)
        raise ConnectionError("the server hung up")
    thread.join(5)
    assert refused


def test_pairs_are_fresh_and_hide_their_keys():
    assert make_pair("x").key != make_pair("x").key
    assert "PRIVATE" not in repr(SOURCE) and "PRIVATE" in SOURCE.key
    assert json.loads(json.dumps({"key": SOURCE.key}))["key"] == SOURCE.key
