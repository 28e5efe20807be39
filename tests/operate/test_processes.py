"""supervisor's answers, processes left behind, and where sockets go."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labsite.operate.leftovers import Owner, end_leftovers, processes_of
from labsite.operate.places import Places, find_redis_server
from labsite.operate.supervise import ProgramState, parse_status
from labsite.sockets import LIMIT, LONGEST_NAME, make_socket_dir, socket_dir


def test_the_states_of_all_programs_are_read() -> None:
    text = "redis   RUNNING   pid 12, uptime 0:00:03\nweb   FATAL   Exited too quickly\n"
    assert parse_status(text) == [ProgramState("redis", "RUNNING"), ProgramState("web", "FATAL")]


def owner(folder: Path) -> Owner:
    return Owner(data=folder, sockets=folder)


def test_a_process_of_another_data_directory_is_not_ours() -> None:
    environment = b"A=1\0MIGRATION_LAB_SUPERVISED=/srv/one/var\0B=2"
    assert owner(Path("/srv/one/var")).has_started(environment, b"python")
    assert not owner(Path("/srv/one")).has_started(environment, b"python")
    assert not owner(Path("/srv/one")).has_started(b"", b"")


def test_redis_is_known_by_its_socket_since_its_title_covers_its_environment() -> None:
    command = b"/usr/bin/redis-server unixsocket:/srv/one/var/redis.sock\0\0"
    assert owner(Path("/srv/one/var")).has_started(b"", command)
    assert not owner(Path("/srv/two/var")).has_started(b"", command)


def test_a_process_whose_supervisor_was_killed_is_found_and_ended(tmp_path: Path) -> None:
    environment = {**os.environ, "MIGRATION_LAB_SUPERVISED": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=-1) as process:
        assert list(processes_of(owner(tmp_path))) == [process.pid]
        assert end_leftovers(owner(tmp_path))
        assert process.wait(5) != 0
    assert not end_leftovers(owner(tmp_path))


def test_sockets_lie_with_the_data_while_the_path_is_short() -> None:
    assert socket_dir(Path("/srv/lab/var"), "x") == Path("/srv/lab/var")


def test_a_long_path_gets_a_short_folder_for_its_sockets() -> None:
    folder = socket_dir(Path("/srv") / ("long" * 30), "abc")
    assert "abc" in folder.name
    assert len(str(folder)) + LONGEST_NAME <= LIMIT


def test_the_socket_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    make_socket_dir(tmp_path / "sockets")
    make_socket_dir(tmp_path / "sockets")
    assert (tmp_path / "sockets").stat().st_mode & 0o077 == 0


def test_redis_is_found_in_the_package_that_starts_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    check = tools / "redis-check-rdb"
    check.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tools))
    places = Places(tmp_path, tmp_path, tmp_path, "x")
    assert find_redis_server(places) == str(tmp_path / "redis-server")
    assert (tmp_path / "redis-server").resolve() == check
