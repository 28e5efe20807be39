"""What changed between two dumps: the new image and its parent make up what is there now."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrations_app.engine import StepFailed
from migrations_app.engine.hostside import delta, mapped
from migrations_app.engine.hostside.delta import Delta, make_delta
from migrations_app.engine.tools.pagemap import (
    LAZY,
    PAGE,
    PARENT,
    PRESENT,
    Entry,
    PageMap,
    serialise,
)

from .images import NAME, entries_of, image, made_up, page


def test_unchanged_runs_point_at_the_parent_and_only_the_others_are_written(tmp_path: Path) -> None:
    then = {n: page(n) for n in range(10, 20)}
    now = {**then, 13: page(99), 14: page(98), 25: page(25)}
    made = make_delta(image(tmp_path / "a", then), image(tmp_path / "b", now), tmp_path / "out")
    assert entries_of(tmp_path / "out") == [
        Entry(10 * PAGE, 3, PARENT),
        Entry(13 * PAGE, 2, PRESENT | LAZY),
        Entry(15 * PAGE, 5, PARENT),
        Entry(25 * PAGE, 1, PRESENT | LAZY),
    ]
    assert (tmp_path / "out/pages-1.img").read_bytes() == page(99) + page(98) + page(25)
    size = sum(file.stat().st_size for file in (tmp_path / "out").iterdir())
    assert made == Delta(pages_total=11, pages_changed=3, bytes=size)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(0, 90), st.integers(0, 2), max_size=60),
    st.dictionaries(st.integers(0, 90), st.integers(0, 2), max_size=60),
)
def test_delta_and_parent_make_up_what_is_there_now(
    tmp_path_factory: pytest.TempPathFactory, before: dict[int, int], now: dict[int, int]
) -> None:
    folder = tmp_path_factory.mktemp("delta")
    then, there = ({n: page(v) for n, v in pages.items()} for pages in (before, now))
    out = folder / "out"
    made = make_delta(image(folder / "a", then), image(folder / "b", there, pages_id=4), out)
    assert made_up(out, then) == there
    assert made.pages_changed == sum(then.get(n) != value for n, value in there.items())


def test_changes_are_found_wherever_in_a_large_memory_they_are(tmp_path: Path) -> None:
    then = {n: page(n) for n in range(mapped.CHUNK * 100 + 5)}
    changed = random.Random(1).sample(sorted(then), 200)
    last_bytes = {n: then[n][:-1] + b"\xff" for n in changed}
    now = {**then, **last_bytes}
    make_delta(image(tmp_path / "a", then), image(tmp_path / "b", now), tmp_path / "out")
    assert made_up(tmp_path / "out", then) == now


def test_many_changes_are_written_in_several_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta, "MOST_BUFFERS", 3)
    monkeypatch.setattr(delta, "MOST_WRITTEN", 4)
    then = {n: page(n) for n in range(60)}
    now = {**then, **{n: page(n + 1000) for n in range(0, 60, 3)}, 1: page(7), 2: page(8)}
    make_delta(image(tmp_path / "a", then), image(tmp_path / "b", now), tmp_path / "out")
    assert made_up(tmp_path / "out", then) == now


def test_processes_and_shared_memory_are_each_compared_with_their_own(tmp_path: Path) -> None:
    image(tmp_path / "a", {1: page(5)}, "pagemap-7.img", 1)
    image(tmp_path / "a", {1: page(6)}, "pagemap-shmem-7.img", 2)
    image(tmp_path / "b", {1: page(5)}, "pagemap-7.img", 2)
    image(tmp_path / "b", {1: page(7)}, "pagemap-shmem-7.img", 1)
    made = make_delta(tmp_path / "a", tmp_path / "b", tmp_path / "out")
    assert (made.pages_total, made.pages_changed) == (2, 1)
    assert entries_of(tmp_path / "out") == [Entry(PAGE, 1, PARENT)]
    assert entries_of(tmp_path / "out", "pagemap-shmem-7.img") == [Entry(PAGE, 1, PRESENT | LAZY)]


def test_a_new_process_comes_whole_and_its_pages_are_not_copied(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    image(tmp_path / "b", {1: page(1), 2: page(2)})
    make_delta(tmp_path / "a", tmp_path / "b", tmp_path / "out")
    assert (tmp_path / "out/pages-1.img").samefile(tmp_path / "b/pages-1.img")
    assert entries_of(tmp_path / "out") == entries_of(tmp_path / "b")


def test_other_files_are_linked_and_the_old_parent_is_not(tmp_path: Path) -> None:
    image(tmp_path / "a", {1: page(1)})
    image(tmp_path / "b", {1: page(1)})
    (tmp_path / "b/core-7.img").write_bytes(b"core")
    (tmp_path / "b/parent").symlink_to("../a")
    make_delta(tmp_path / "a", tmp_path / "b", tmp_path / "out")
    assert (tmp_path / "out/core-7.img").samefile(tmp_path / "b/core-7.img")
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["core-7.img", NAME, "pages-1.img"]


def test_a_pages_file_cut_short_is_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        image(tmp_path / folder, {1: page(1), 2: page(2)})
    (tmp_path / "a/pages-1.img").write_bytes(page(1))
    with pytest.raises(StepFailed, match=r"pages-1\.img is cut short"):
        make_delta(tmp_path / "a", tmp_path / "b", tmp_path / "out")


def test_a_missing_pages_file_is_refused(tmp_path: Path) -> None:
    image(tmp_path / "a", {1: page(1)})
    image(tmp_path / "b", {1: page(1)})
    (tmp_path / "b/pages-1.img").unlink()
    with pytest.raises(StepFailed, match="is not there"):
        make_delta(tmp_path / "a", tmp_path / "b", tmp_path / "out")


@pytest.mark.parametrize("flags", [PARENT, LAZY])
def test_a_dump_that_is_not_full_is_refused(tmp_path: Path, flags: int) -> None:
    image(tmp_path / "a", {1: page(1)})
    image(tmp_path / "b", {1: page(1)})
    (tmp_path / "b" / NAME).write_bytes(serialise(PageMap(1, [Entry(PAGE, 1, flags)])))
    with pytest.raises(StepFailed, match="lacks pages"):
        make_delta(tmp_path / "a", tmp_path / "b", tmp_path / "out")
