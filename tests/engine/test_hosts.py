"""One contract for every host; and hosts that are not there, for real."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from migrations_app.engine import (
    Host,
    HostKeyMismatch,
    HostSessionLost,
    HostUnreachable,
    LocalHost,
    NotPossible,
    SshTarget,
    collect_facts,
    connect,
    fingerprint,
    known_host_key,
    scan_host_key,
)
from migrations_app.engine.clocks import measure
from migrations_app.engine.hosts import ssh

from .pair import Pair
from .scripted import ScriptedHost
from .simulated import CONTAINER, FACTS

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGd6nT8eEw7eFz1mG1RL9J2v4nH0m4X4ZkX0x7cXl5mC"
SHORT_S = 0.2


@pytest.fixture(scope="module")
def local() -> Iterator[LocalHost]:
    host = LocalHost()
    yield host
    host.close()


@pytest.fixture(params=["scripted", "simulated", "local"])
def host(request: pytest.FixtureRequest) -> Host:
    if request.param == "local":
        return request.getfixturevalue("local")
    if request.param == "simulated":
        return Pair(CONTAINER).source
    clock = {"monotonic_ns": time.monotonic_ns(), "wall_ns": time.time_ns()}
    return ScriptedHost({"clock": clock, "facts": FACTS, "container_inspect": NotPossible("no")})


def test_host_has_a_name_and_an_address(host: Host):
    assert host.name and host.address


def test_answer_is_a_result_with_the_commands_that_ran(host: Host):
    answer = host.ask("clock", {}, timeout_s=5)
    assert set(answer.result) == {"monotonic_ns", "wall_ns"} and answer.commands == ()


def test_clock_can_be_measured(host: Host):
    assert measure(host, round_trips=2).uncertainty_ns >= 0


def test_facts_have_the_same_keys_everywhere(host: Host):
    assert set(collect_facts(host)) == set(FACTS)


def test_refusal_is_raised_as_such(host: Host):
    with pytest.raises(NotPossible) as refused:
        host.ask("container_inspect", {"name": "-"}, timeout_s=5)
    assert isinstance(refused.value.commands, tuple)


def test_program_on_this_machine_says_who_it_is(local: LocalHost):
    answer = local.ask("hello", {}, timeout_s=5).result
    assert set(answer) >= {"pid", "root"} and answer["pid"] > 1


def test_program_that_was_ended_is_a_lost_session():
    host = LocalHost()
    pid = host.ask("hello", {}, timeout_s=5).result["pid"]
    subprocess.run(["kill", "-9", str(pid)], check=True)
    with pytest.raises(HostSessionLost):
        host.ask("clock", {}, timeout_s=5)
    host.close()


def test_program_ends_when_its_host_is_closed():
    host = LocalHost()
    host.ask("hello", {}, timeout_s=5)
    host.close()
    with pytest.raises(HostSessionLost):
        host.ask("clock", {}, timeout_s=5)


@pytest.fixture(scope="module")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.read_text()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def target(port: int, private_key: str = "") -> SshTarget:
    return SshTarget("away", "127.0.0.1", "root", KEY, private_key, port)


def test_closed_port_is_unreachable_at_once(listening: socket.socket, private_key: str):
    port = listening.getsockname()[1]
    listening.close()
    with pytest.raises(HostUnreachable, match=str(port)):
        connect(target(port, private_key), timeout_s=5)


def test_port_that_says_nothing_is_unreachable_within_the_limit(
    listening: socket.socket, private_key: str
):
    began = time.monotonic()
    with pytest.raises(HostUnreachable):
        connect(target(listening.getsockname()[1], private_key), timeout_s=SHORT_S)
    assert time.monotonic() - began < SHORT_S + 2


def test_port_that_speaks_something_else_is_unreachable(listening: socket.socket):
    def greet() -> None:
        with listening.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=greet)
    thread.start()
    with pytest.raises(HostUnreachable):
        scan_host_key("127.0.0.1", listening.getsockname()[1], timeout_s=2)
    thread.join(5)


def test_private_key_is_not_shown_when_a_target_is(private_key: str):
    assert "PRIVATE" in private_key and "PRIVATE" not in repr(target(22, private_key))


def test_fingerprint_is_the_one_that_ssh_keygen_shows(tmp_path):
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    public = path.with_suffix(".pub")
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(public)], capture_output=True, text=True, check=True
    ).stdout
    assert fingerprint(public.read_text()) == shown.split()[1]


def test_pinned_key_is_found_by_address_and_port(tmp_path):
    known = tmp_path / "known_hosts"
    known.write_text(f"10.0.0.1 {KEY}\n[10.0.0.2]:2222 {KEY}\n")
    assert known_host_key(known, "10.0.0.1") == KEY
    assert known_host_key(known, "10.0.0.2", 2222) == KEY
    with pytest.raises(HostKeyMismatch) as unknown:
        known_host_key(known, "10.0.0.3")
    assert unknown.value.code == "host-key-unknown"


def test_host_that_hung_up_before_it_showed_a_key_is_out_of_reach():
    """A connection that is gone by the time that it is asked has no key any more."""
    ours, theirs = socket.socketpair()
    transport = ssh.paramiko.Transport(ours)
    theirs.close()
    with pytest.raises(HostUnreachable):
        ssh._shown(transport)
    transport.close()
