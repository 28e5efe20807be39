"""The program that fails on purpose: what it holds is what a look at it finds, for real."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrations_app.engine.catalogue import TROUBLES
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.hostside.look import workload_look
from migrations_app.engine.hostside.run import Runner
from migrations_app.lab.builds import FOLDER, compile_program

BUDGET_MS = 300
# Where a look finds it, by trouble.
PLACES = {
    "terminal": "terminals",
    "file-lock": "locks",
    "ghost-file": "nameless",
    "hard-link": "nameless",
    "outside-socket": "outside_sockets",
    "tcp-connection": "connections",
    "mptcp": "multipath",
    "io-uring": "io_uring",
    "userfaultfd": "unsupported",
    "debugger": "traced",
    "own-address": "bound",
}
UNSEEN = {"vfork"}  # a wait like that is nothing unusual, if it is short
EVERYWHERE = (*sorted(set(PLACES.values())), "mounts")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("troubled") / "migration-lab-troubled"
    compile_program(FOLDER / "troubled.c", path)
    return path


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Callable[[str], int]]:
    """start(trouble): the pid of a counter that has got into it."""
    running = []

    def begin(trouble: str) -> int:
        output = (tmp_path / "output").open("wb")
        argv = [str(program), trouble, "20"]
        one = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        running.append(one)
        deadline = time.monotonic() + 5
        while not (tmp_path / "output").read_text().startswith("0\n"):
            said = (tmp_path / "output").read_text()
            if one.poll() is not None:
                pytest.skip(f"not on this kernel: {said}")
            assert time.monotonic() < deadline, said
            time.sleep(0.005)
        return one.pid

    yield begin
    for one in running:
        subprocess.run(["pkill", "-KILL", "-P", str(one.pid)], check=False)
        one.kill()
        one.wait()
    for path in Path("/tmp").glob("migration-lab-troubled-*"):
        path.unlink()


def look(pid: int) -> dict:
    return dict(workload_look(Fields({"kind": "process", "pid": pid}), Runner()))


def test_every_trouble_of_the_catalogue_has_a_place():
    assert set(PLACES) | UNSEEN == set(TROUBLES)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_look_finds_it_and_nothing_else(trouble: str, start: Callable[[str], int]):
    seen = look(start(trouble))
    expected = [PLACES[trouble]] if trouble in PLACES else []
    assert [place for place in EVERYWHERE if seen[place]] == expected


def test_look_tells_a_file_without_a_name_from_one_with_another(start: Callable[[str], int]):
    ghost, linked = look(start("ghost-file")), look(start("hard-link"))
    assert [(one["links"], one["bytes"]) for one in ghost["nameless"]] == [(0, 2 << 20)]
    assert [one["links"] for one in linked["nameless"]] == [1]


def test_look_names_what_it_found(start: Callable[[str], int]):
    pid = start("file-lock")
    (lock,) = look(pid)["locks"]
    assert lock["pid"] == pid and lock["path"] == f"/tmp/migration-lab-troubled-{pid}"


def test_look_is_quick(start: Callable[[str], int]):
    """The best of some: a busy machine can hold up one or another."""
    pid = start("tcp-connection")
    assert min(look(pid)["took_ms"] for _ in range(10)) < BUDGET_MS


def test_counter_goes_on_counting_in_trouble(program: Path):
    argv = [str(program), "io-uring", "10"]
    with pytest.raises(subprocess.TimeoutExpired) as ended:
        subprocess.run(argv, capture_output=True, timeout=0.5, check=False)
    numbers = [int(line) for line in ended.value.stdout.split()]
    assert numbers[:5] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("argv", [[], ["terminal"], ["terminal", "0"], ["nonsense", "10"]])
def test_wrong_arguments_are_refused(program: Path, argv: list[str]):
    assert subprocess.run([str(program), *argv], capture_output=True, check=False).returncode == 2
