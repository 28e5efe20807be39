"""The workloads that test their own work: they find nothing wrong, until something is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrations_app.lab import builds

LINE = re.compile(r"(\d+) \d{15,20}$")
CHECK = re.compile(r"check (\d+) (ok|bad) (\d+) (\d+) [0-9a-f]{8}$")
FILES = ["--bytes", "100", "--interval-ms", "1"]


class Running:
    def __init__(self, program: Path, options: list[str], output: Path) -> None:
        self.output = output
        with output.open("wb") as out:
            self.process = subprocess.Popen([program, *options], stdout=out)

    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 10
        while len(self.lines()) < count:
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.01)

    def check(self) -> tuple[str, int, int]:
        """Its answer: ok or bad, things, bad ones."""
        before = len(list(filter(CHECK.match, self.lines())))
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 10
        while len(found := list(filter(CHECK.match, self.lines()))) == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        _, said, things, bad = CHECK.match(found[-1]).groups()
        return said, int(things), int(bad)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("programs")
    for name in ("cpu", "files", "tree"):
        builds.compile_program(builds.FOLDER / f"{name}.c", folder / name)
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture
def start(programs: dict[str, Path], tmp_path: Path) -> Iterator:
    running: list[Running] = []

    def start(name: str, *options: str) -> Running:
        running.append(Running(programs[name], list(options), tmp_path / "output"))
        running[-1].wait_for(20)
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cpu", ["--thousands", "10", "--interval-ms", "1"]),
        ("files", [*FILES, "one", "two"]),
        ("tree", ["--processes", "3", "--threads", "2", "--interval-ms", "1"]),
    ],
)
def test_it_counts_and_finds_nothing_wrong(start, name: str, options: list[str], tmp_path: Path):
    running = start(
        name, *[str(tmp_path / word) if word in ("one", "two") else word for word in options]
    )
    said, things, bad = running.check()
    assert (said, bad) == ("ok", 0) and things > 0
    numbers = [int(found[1]) for found in map(LINE.match, running.lines()) if found]
    assert numbers == list(range(len(numbers)))


def test_files_that_are_written_anew_are_right_too(start, tmp_path: Path):
    running = start("files", *FILES, str(tmp_path / "one"))
    running.wait_for(8 * 64 + 100)
    said, things, _ = running.check()
    assert said == "ok" and 7 * 64 < things <= 8 * 64
    assert len(list((tmp_path / "one").iterdir())) == 8


@pytest.mark.parametrize("harm", ["a byte", "a byte more", "a file less"])
def test_file_that_was_harmed_is_found(start, tmp_path: Path, harm: str):
    running = start("files", *FILES, str(tmp_path / "one"))
    running.wait_for(70)
    file = tmp_path / "one/part-0"
    if harm == "a byte":
        with file.open("r+b") as opened:
            opened.seek(150)
            byte = opened.read(1)
            opened.seek(150)
            opened.write(bytes([byte[0] ^ 1]))
    elif harm == "a byte more":
        with file.open("ab") as opened:
            opened.write(b"x")
    else:
        file.unlink()
    said, _, bad = running.check()
    assert said == "bad" and bad >= 1


def test_tree_without_one_of_its_processes_goes_no_further(start):
    running = start("tree", "--interval-ms", "1")
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
    os.kill(int(children.read_text().split()[1]), signal.SIGKILL)
    assert running.process.wait(10) == 1


def test_tree_ends_whole(start):
    running = start("tree", "--processes", "4", "--interval-ms", "1")
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
    pids = [int(pid) for pid in children.read_text().split()]
    running.process.terminate()
    running.process.wait(10)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(pids) == 4
