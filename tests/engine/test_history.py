"""A log from before becomes the beginning of the one on the target."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from migrations_app.engine.hostside import history
from migrations_app.engine.hostside.history import LogKept, LogSent, after_history


class Collected:
    """What an outlet was given."""

    def __init__(self) -> None:
        self.data_ = b""

    def say(self, message) -> None:
        pass

    def data(self, head, data: bytes) -> None:
        self.data_ += data


def line(number: int) -> bytes:
    moment = f"2026-11-29T10:00:{number % 60:02}.5Z"
    return json.dumps({"log": f"{number}\n", "stream": "stdout", "time": moment}).encode() + b"\n"


def lines(*numbers: int) -> bytes:
    return b"".join(map(line, numbers))


@pytest.fixture
def log(tmp_path: Path) -> LogSent:
    return LogSent(tmp_path / "x-json.log", pid=0)


def sent(log: LogSent, *, fresh: bool = False) -> bytes:
    outlet = Collected()
    log.send(outlet, still=False, fresh=fresh)
    return outlet.data_


def test_older_files_come_first(log: LogSent):
    log.path.write_bytes(lines(4, 5))
    Path(f"{log.path}.1").write_bytes(lines(2, 3))
    Path(f"{log.path}.2.gz").write_bytes(gzip.compress(lines(0, 1)))
    assert sent(log, fresh=True) == lines(*range(6)) and not log.cut


def test_what_was_added_follows(log: LogSent):
    log.path.write_bytes(lines(0, 1))
    assert sent(log, fresh=True) == lines(0, 1)
    with log.path.open("ab") as file:
        file.write(lines(2))
    assert (sent(log), sent(log)) == (lines(2), b"")


def test_docker_may_begin_another_file_meanwhile(log: LogSent):
    log.path.write_bytes(lines(0, 1))
    sent(log, fresh=True)
    with log.path.open("ab") as file:
        file.write(lines(2))
    log.path.rename(f"{log.path}.1")
    log.path.write_bytes(lines(3))
    assert sent(log) == lines(2, 3)


def test_container_that_has_said_nothing_has_an_empty_history(log: LogSent):
    assert sent(log, fresh=True) == b""


@pytest.mark.parametrize("older", [False, True], ids=["one file", "older files"])
def test_only_the_newest_lines_of_a_long_log_come_along(log: LogSent, monkeypatch, older: bool):
    monkeypatch.setattr(history, "MOST_BYTES", len(lines(7, 8, 9)) + 5)
    if older:
        log.path.write_bytes(lines(9))
        Path(f"{log.path}.1").write_bytes(lines(*range(9)))
    else:
        log.path.write_bytes(lines(*range(10)))
    assert sent(log, fresh=True) == lines(7, 8, 9) and log.cut


def test_what_is_in_the_pipe_still_is_waited_for(tmp_path: Path, monkeypatch):
    """Nobody reads it, so after a while it is told that lines are missing."""
    monkeypatch.setattr(history, "_DRAINED_S", 0.05)
    reading, writing = os.pipe()
    os.write(writing, b"7\n")
    standard = os.dup(1)
    try:
        os.dup2(writing, 1)
        log = LogSent(tmp_path / "x-json.log", os.getpid())
        log.send(Collected(), still=True, fresh=True)
        assert not log.drained
        os.read(reading, 100)
        log.send(Collected(), still=True, fresh=False)
        assert log.drained
    finally:
        os.dup2(standard, 1)
        for one in (reading, writing, standard):
            os.close(one)


def test_both_ends_have_one_checksum_and_the_last_line_is_known(log: LogSent, tmp_path: Path):
    log.path.write_bytes(lines(0, 1))
    kept = LogKept(tmp_path / "there")
    whole = sent(log, fresh=True)
    kept.append(whole[:30])
    kept.append(whole[30:])
    assert kept.path.read_bytes() == whole
    assert kept.checksum.hexdigest() == log.checksum.hexdigest()
    assert kept.last == "2026-11-29T10:00:01.500000000Z 1"


def test_lines_that_come_late_fill_the_room_that_was_made(tmp_path: Path):
    kept = LogKept(tmp_path / "there")
    kept.append(lines(0, 1))
    kept.make_room()
    size = kept.path.stat().st_size
    kept.append(lines(2, 3))
    kept.fill_room()
    assert kept.path.stat().st_size == size and not kept.lost
    found = [json.loads(one)["log"] for one in kept.path.read_text().split("\n") if one.strip()]
    assert found == ["0\n", "1\n", "2\n", "3\n"]
    assert kept.last == "2026-11-29T10:00:03.500000000Z 3"


def test_of_too_many_late_lines_the_newest_are_kept_whole(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(history, "ROOM_BYTES", len(lines(7, 8)) + 5)
    kept = LogKept(tmp_path / "there")
    kept.make_room()
    kept.append(lines(*range(9)))
    kept.fill_room()
    found = [json.loads(one)["log"] for one in kept.path.read_text().split("\n") if one.strip()]
    assert found == ["7\n", "8\n"] and kept.lost


def test_history_ends_at_its_last_line():
    assert after_history(["a 1", "a 2", "b 3"], "a 2") == ["b 3"]
    assert after_history(["a 1", "a 2"], "a 2") == []
    assert after_history(["b 3", "b 4"], "a 2") == ["b 3", "b 4"]
    assert after_history(["b 3"], None) == ["b 3"]
