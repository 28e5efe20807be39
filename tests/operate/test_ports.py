"""Which port the web server gets."""

import socket

import pytest

from labsite.operate.errors import OperateError
from labsite.operate.ports import choose_port, is_free, read_port


def test_the_remembered_port_is_taken_again_while_it_is_free() -> None:
    assert choose_port(None, 8123, free=lambda port: True) == 8123
    assert choose_port(None, 8123, free=lambda port: port != 8123) == 8000


def test_the_first_free_port_is_taken() -> None:
    assert choose_port(None, None, free=lambda port: port >= 8004) == 8004


def test_a_port_that_was_asked_for_is_never_replaced_by_another() -> None:
    assert choose_port(9000, 8123, free=lambda port: True) == 9000
    with pytest.raises(OperateError, match="9000 is in use"):
        choose_port(9000, None, free=lambda port: False)


def test_a_machine_without_a_free_port_is_told_so() -> None:
    with pytest.raises(OperateError, match="no free port"):
        choose_port(None, None, free=lambda port: False)


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not is_free(server.getsockname()[1])


def test_a_damaged_port_file_counts_as_none(tmp_path) -> None:
    path = tmp_path / "port"
    assert read_port(path) is None
    path.write_text("x")
    assert read_port(path) is None
    path.write_text("8001\n")
    assert read_port(path) == 8001
