"""A dump compared with the one before while it is written: what is found is the same."""

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrations_app.engine.hostside import delta
from migrations_app.engine.hostside.calls import CriuCall
from migrations_app.engine.hostside.compared import ComparedAhead
from migrations_app.engine.hostside.delta import make_delta
from migrations_app.engine.tools.pagemap import PAGE

from .images import image, made_up, page

WRITTEN = "written"


class Writer(CriuCall):
    """A dump whose pages file grows by pieces of any size."""

    def __init__(self, whole: Path, to: Path, piece: int) -> None:
        super().__init__()
        self._whole, self._to, self._piece = whole, to, piece
        to.mkdir()

    def write(self, name: str = "pages-1.img") -> None:
        data = (self._whole / name).read_bytes()
        with (self._to / name).open("wb", buffering=0) as file:
            for at in range(0, len(data), self._piece):
                file.write(data[at : at + self._piece])
        for other in self._whole.glob("pagemap-*"):
            (self._to / other.name).write_bytes(other.read_bytes())
        self._step(WRITTEN, 1)


def written(folder: Path, then: dict[int, bytes], now: dict[int, bytes], piece: int) -> Path:
    """The folder of the delta that comes of a dump which was compared as it grew."""
    ahead = ComparedAhead(image(folder / "a", then), folder / "b")
    writer = Writer(image(folder / "whole", now), folder / "b", piece)
    thread = threading.Thread(target=writer.write)
    thread.start()
    ahead.follow(writer, WRITTEN)
    thread.join()
    make_delta(ahead, folder / "b", folder / "out")
    ahead.close()
    return folder / "out"


@settings(max_examples=60)
@given(
    st.dictionaries(st.integers(0, 400), st.integers(0, 2), max_size=60),
    st.dictionaries(st.integers(0, 400), st.integers(0, 2), max_size=60),
    st.integers(1, 3 * PAGE),
)
def test_delta_and_parent_make_up_what_is_there_now(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[int, int],
    now: dict[int, int],
    piece: int,
) -> None:
    then, there = ({n: page(v) for n, v in pages.items()} for pages in (before, now))
    out = written(tmp_path_factory.mktemp("ahead"), then, there, piece)
    assert made_up(out, then) == there


def test_pages_at_their_old_places_are_not_compared_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_again(*_: object) -> list[tuple[int, int]]:
        raise AssertionError("compared twice")

    monkeypatch.setattr(delta, "changed_runs", not_again)
    then = {n: page(n) for n in range(5000)}
    now = {**then, **{n: page(n + 7000) for n in (0, 63, 64, 2047, 2048, 4999)}}
    out = written(tmp_path, then, now, 100 * PAGE + 5)
    assert made_up(out, then) == now
    assert (out / "pages-1.img").stat().st_size == 6 * PAGE


def test_pages_that_moved_in_their_file_are_compared_with_what_they_were(tmp_path: Path) -> None:
    then = {n: page(n) for n in range(10, 300)}
    now = {5: page(5), **then, 290: page(1)}
    out = written(tmp_path, then, now, PAGE)
    assert made_up(out, then) == now
    assert (out / "pages-1.img").stat().st_size == 2 * PAGE


def test_a_file_of_another_number_is_another_tasks(tmp_path: Path) -> None:
    """The numbers follow the order of the dump: what was compared was compared with the wrong."""
    ahead = ComparedAhead(image(tmp_path / "a", {1: page(1)}, pages_id=1), tmp_path / "b")
    image(tmp_path / "b", {1: page(1)}, "pagemap-9.img", pages_id=1)
    image(tmp_path / "b", {1: page(2)}, pages_id=2)
    ahead.catch_up()
    make_delta(ahead, tmp_path / "b", tmp_path / "out")
    assert made_up(tmp_path / "out", {1: page(1)}) == {1: page(2)}
    ahead.close()


def test_a_dump_that_fails_ends_the_comparison(tmp_path: Path) -> None:
    ahead = ComparedAhead(image(tmp_path / "a", {1: page(1)}), tmp_path / "b")
    call = CriuCall()
    call._end(False, "no")
    ahead.follow(call, WRITTEN)
    ahead.close()
