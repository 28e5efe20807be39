"""The web server that is a workload: its answers, as its own client and as another reads them."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app.engine.hostside.http_client import REQUEST, Answers, Counter, HttpState
from migrations_app.lab import builds

LIMIT_S = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("programs") / "http"
    builds.compile_program(builds.FOLDER / "http.c", path)
    return path


@pytest.fixture
def serving(program: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    port, output = free_port(), tmp_path / "output"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [program, "--port", str(port), "--mebibytes", "1", "--interval-ms", "5"], stdout=out
        )
    try:
        wait_for(output, b"\n")
        yield process, port, output
    finally:
        process.kill()
        process.wait()


def wait_for(output: Path, text: bytes) -> bytes:
    deadline = time.monotonic() + LIMIT_S
    while text not in (said := output.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return said


def texts(link: socket.socket, count: int) -> list[bytes]:
    answers, found = Answers(), []
    while len(found) < count:
        found += answers.take(link.recv(65536))
    return found


def everything(link: socket.socket) -> bytes:
    """Until the server hangs up."""
    said = b""
    while data := link.recv(4096):
        said += data
    return said


def test_every_answer_is_the_next_and_has_its_checksum(serving) -> None:
    _, port, _ = serving
    state = HttpState()
    counter = Counter(state)
    for _ in range(2):
        counter.connected()
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as link:
            link.sendall(REQUEST * 5)  # also where they come at once
            for text in texts(link, 5):
                counter.take(text)
            for byte in REQUEST:  # or one byte at a time
                link.sendall(bytes([byte]))
            counter.take(texts(link, 1)[0])
    assert (state.lost, state.doubled, state.wrong) == (0, 0, 0)


def test_another_client_can_ask_it_and_a_connection_is_closed_when_asked_to(serving) -> None:
    _, port, _ = serving
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    link.request("GET", "/any/path", headers={"Connection": "close"})
    answer = link.getresponse()
    assert answer.status == 200 and answer.read().startswith(b"answer 0 of this connection, ")
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\n\r\n")
        assert everything(raw).startswith(b"HTTP/1.1 400 ")


def test_it_goes_on_answering_others_after_a_request_that_never_ends(serving) -> None:
    _, port, _ = serving
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as endless:
        endless.sendall(b"x" * 2048)
        assert everything(endless).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as link:
        link.sendall(REQUEST)
        assert len(texts(link, 1)) == 1


def test_its_memory_is_checked_when_it_is_asked_to(serving) -> None:
    process, port, output = serving
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as link:
        link.sendall(REQUEST)
        texts(link, 1)
    process.send_signal(signal.SIGUSR1)
    assert b" ok 257 0 " in wait_for(output, b"check ")  # 256 pages and an answer
