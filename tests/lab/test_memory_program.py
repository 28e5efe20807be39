"""The memory workload, compiled and run: its sequence, its check, and that the check can fail."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from migrations_app.lab.builds import SOURCE, compile_program

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is missing")
CHECK = re.compile(r"check (\d+) (ok|bad) (\d+) (\d+) ([0-9a-f]{8})")
LIMIT_S = 10.0
PAGE = 4096


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "memory"
    compile_program(SOURCE, path)
    return path


class Running:
    """A memory workload and the file that it writes to."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output

    def lines(self) -> list[str]:
        """Whole lines only: the last may be half read."""
        return self.output.read_text().split("\n")[:-1]

    def wait_for(self, pattern: re.Pattern[str], count: int = 1) -> list[str]:
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            found = [line for line in self.lines() if pattern.fullmatch(line)]
            if len(found) >= count:
                return found
            time.sleep(0.01)
        raise AssertionError(f"{count} lines like {pattern.pattern} did not come")

    def check(self, number: int = 1) -> re.Match[str]:
        """The answer to the `number`th question."""
        self.process.send_signal(signal.SIGUSR1)
        line = self.wait_for(CHECK, number)[number - 1]
        match = CHECK.fullmatch(line)
        assert match
        return match


@contextmanager
def started(program: Path, folder: Path, *argv: str) -> Iterator[Running]:
    output = folder / "output"
    with output.open("wb") as file, subprocess.Popen([program, *argv], stdout=file) as process:
        running = Running(process, output)
        try:
            running.wait_for(re.compile(r"\d+ \d+"))
            yield running
        finally:
            process.kill()


def ticks(lines: list[str]) -> list[tuple[int, int]]:
    pairs = [line.split() for line in lines if not line.startswith("check")]
    return [(int(sequence), int(stamp)) for sequence, stamp in pairs]


def start_of_memory(pid: int) -> int:
    """Where the largest private anonymous mapping begins: the pages that it holds."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    areas = [line.split()[0].split("-") for line in maps if line.split()[4] == "0"]
    _, start = max((int(end, 16) - int(start, 16), int(start, 16)) for start, end in areas)
    return start


def corrupt_one_page(pid: int) -> None:
    """Turns one bit."""
    with Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as memory:
        address = start_of_memory(pid) + 5 * PAGE + 123
        memory.seek(address)
        byte = memory.read(1)[0]
        memory.seek(address)
        memory.write(bytes([byte ^ 1]))


def test_numbers_follow_each_other_with_rising_stamps(program: Path, tmp_path: Path) -> None:
    with started(program, tmp_path, "--mebibytes", "1") as running:
        running.wait_for(re.compile(r"\d+ \d+"), 200)
        found = ticks(running.lines())
    assert [sequence for sequence, _ in found] == list(range(len(found)))
    assert all(a[1] < b[1] for a, b in itertools.pairwise(found))


def test_the_check_passes_while_pages_are_written(program: Path, tmp_path: Path) -> None:
    argv = ("--mebibytes", "4", "--dirty-pages-per-second", "20000")
    with started(program, tmp_path, *argv) as running:
        first, second = running.check(1), running.check(2)
    assert (first[2], first[3], first[4]) == ("ok", "1024", "0")
    assert second[2] == "ok"
    assert first[5] != second[5]  # the content has changed meanwhile


def test_the_same_seed_makes_the_same_memory(program: Path, tmp_path: Path) -> None:
    sums = []
    for seed in ("7", "7", "8"):
        with started(program, tmp_path, "--mebibytes", "1", "--seed", seed) as running:
            sums.append(running.check()[5])
    assert sums[0] == sums[1] != sums[2]


def test_one_wrong_bit_is_found(program: Path, tmp_path: Path) -> None:
    with started(program, tmp_path, "--mebibytes", "4") as running:
        assert running.check(1)[2] == "ok"
        corrupt_one_page(running.process.pid)
        bad = running.check(2)
    assert (bad[2], bad[4]) == ("bad", "1")


def test_lines_go_on_while_a_check_is_under_way(program: Path, tmp_path: Path) -> None:
    with started(program, tmp_path, "--mebibytes", "64") as running:
        before = ticks(running.lines())[-1][0]
        answer = running.check()
        found = ticks(running.lines())
    assert int(answer[1]) > before + 5
    assert [sequence for sequence, _ in found] == list(range(len(found)))


def test_a_stop_leaves_a_gap_in_time_but_none_in_numbers(program: Path, tmp_path: Path) -> None:
    with started(program, tmp_path, "--mebibytes", "1", "--interval-ms", "5") as running:
        os.kill(running.process.pid, signal.SIGSTOP)
        before = len(running.lines())
        time.sleep(0.3)
        os.kill(running.process.pid, signal.SIGCONT)
        running.wait_for(re.compile(r"\d+ \d+"), before + 20)
        found = ticks(running.lines())
    gaps = [b[1] - a[1] for a, b in itertools.pairwise(found)]
    assert [sequence for sequence, _ in found] == list(range(len(found)))
    assert max(gaps) > 250e6
    assert sum(gap < 1e6 for gap in gaps) <= 2  # the lines of the gap do not come in a burst


def test_pages_do_not_compress(program: Path, tmp_path: Path) -> None:
    with started(program, tmp_path, "--mebibytes", "1") as running:
        pid = running.process.pid
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(start_of_memory(pid))
            content = memory.read(64 * PAGE)
    assert len(zlib.compress(content)) > 0.95 * len(content)


def test_it_ends_at_once_on_sigterm(program: Path, tmp_path: Path) -> None:
    with started(program, tmp_path, "--mebibytes", "1", "--interval-ms", "60000") as running:
        running.process.terminate()
        assert running.process.wait(2) == 0


@pytest.mark.parametrize(
    "argv",
    [
        ("--mebibytes", "0"),
        ("--mebibytes", "-1"),
        ("--mebibytes", "1x"),
        ("--interval-ms", ""),
        ("--what",),
        ("extra",),
    ],
)
def test_a_wrong_argument_is_refused(program: Path, argv: tuple[str, ...]) -> None:
    done = subprocess.run([program, *argv], capture_output=True, text=True, timeout=5)
    assert done.returncode == 2
    assert "usage" in done.stderr
