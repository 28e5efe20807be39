"""Folders that go along: everything once, then what changed, and nothing else."""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrations_app.engine.errors import StepFailed
from migrations_app.engine.hostside import filetree
from migrations_app.engine.hostside.filesend import Sent, TreeSender
from migrations_app.engine.hostside.filestore import Kept, TreeStore
from migrations_app.engine.hostside.pace import Pace
from migrations_app.engine.hostside.stream import Inlet, Outlet

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: owners and nodes")


class StoreInlet(Inlet):
    """As the target has it; see along_target."""

    store_into: TreeStore

    def store(self, message) -> None:
        self.store_into.write(self.receive(message), message["at"])


class Copy:
    """Two folders, and passes between them over a real socket."""

    def __init__(self, here: Path, there: Path) -> None:
        self.here, self.there = here, there
        self.sent, self.kept = Sent(here), Kept()
        self.messages: list[dict] = []
        self.layered = False

    def run(self, *, still: bool = False, mapped: tuple[str, ...] = ()) -> int:
        """One pass; the bytes of content that it sent."""
        ours, theirs = socket.socketpair()
        outlet = Outlet(ours, "none", Pace(None))
        sender = TreeSender(outlet, "tree", self.sent, mapped)
        thread = threading.Thread(target=self._take, args=(theirs,))
        thread.start()
        sender.run(still=still)
        outlet.say({"end": True})
        thread.join(10)
        assert sender.summary() == filetree.summary(self.kept.entries, self.kept.sums)
        return self.sent.bytes

    def _take(self, connection: socket.socket) -> None:
        store = TreeStore(str(self.there), self.kept, layered=self.layered)
        inlet = StoreInlet(connection, self.there)
        inlet.store_into = store
        for message in inlet.messages():
            self.messages.append(message)
            if "end" in message:
                break
            if message.get("fresh"):
                store.empty()
            elif "enter" not in message:
                store.take(message)
        store.close()


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    yield Copy(tmp_path / "here", tmp_path / "there")


def looks(root: Path) -> dict[str, tuple]:
    """Everything that must be the same, told by other means than the program's."""
    seen = {}
    for path in sorted(root.rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else None
        target = str(path.readlink()) if path.is_symlink() else None
        when = None if path.is_dir() else info.st_mtime_ns
        xattrs = {one: os.getxattr(path, one, follow_symlinks=False)
                  for one in os.listxattr(path, follow_symlinks=False)}  # fmt: skip
        owner = (info.st_uid, info.st_gid, info.st_mode)
        seen[str(path.relative_to(root))] = (owner, when, content, target, info.st_rdev, xattrs)
    return seen


def fill(root: Path) -> None:
    (root / "deep/er").mkdir(parents=True)
    (root / "deep/er/big").write_bytes(os.urandom(3 * filetree.PIECE + 17))
    (root / "small").write_text("small")
    (root / "empty").touch(mode=0o640)
    (root / "link").symlink_to("/nowhere/at all")
    (root / "deep/er/other").hardlink_to(root / "small")
    (root / "odd \udcff\n").write_bytes(b"odd")


def test_everything_comes_along_as_it_is(copy: Copy):
    fill(copy.here)
    copy.run()
    assert looks(copy.there) == looks(copy.here) != {}
    assert (copy.there / "small").stat().st_ino == (copy.there / "deep/er/other").stat().st_ino


@root_only
def test_owners_modes_nodes_and_attributes_come_along(copy: Copy):
    fill(copy.here)
    os.chown(copy.here / "small", 12, 34)
    (copy.here / "small").chmod(0o4751)
    os.setxattr(copy.here / "small", "trusted.mine", b"\0value")
    os.mkfifo(copy.here / "fifo", 0o620)
    os.mknod(copy.here / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (copy.here / "sticky").mkdir()
    (copy.here / "sticky").chmod(0o1777)
    os.chown(copy.here / "link", 5, 6, follow_symlinks=False)
    copy.run()
    assert looks(copy.there) == looks(copy.here)


def test_what_was_there_before_goes(copy: Copy):
    fill(copy.here)
    (copy.there / "folder").mkdir()
    (copy.there / "folder/file").write_text("of somebody else")
    copy.run()
    assert looks(copy.there) == looks(copy.here)


# What a workload may do between two passes.


def append(root: Path) -> None:
    with (root / "small").open("a") as file:
        file.write(" and more")


def overwrite_the_middle(root: Path) -> None:
    with (root / "deep/er/big").open("r+b") as file:
        file.seek(filetree.PIECE + 5)
        file.write(b"x")


def shorten(root: Path) -> None:
    os.truncate(root / "deep/er/big", filetree.PIECE + 3)


def fill_with_zeros(root: Path) -> None:
    (root / "deep/er/big").write_bytes(bytes(2 * filetree.PIECE))


def delete(root: Path) -> None:
    (root / "small").unlink()


def replace_a_name_of_two(root: Path) -> None:
    (root / "new").write_text("quite another")
    (root / "new").rename(root / "deep/er/other")


def replace_the_first_of_two_names(root: Path) -> None:
    (root / "deep/er/other").unlink()
    (root / "deep/er/other").write_bytes(b"\0" * 9)


def turn_a_folder_into_a_file(root: Path) -> None:
    (root / "deep/er/big").unlink()
    (root / "deep/er/other").unlink()
    (root / "deep/er").rmdir()
    (root / "deep/er").write_text("a file now")


def turn_a_file_into_a_folder(root: Path) -> None:
    (root / "small").unlink()
    (root / "small").mkdir()
    (root / "small/inside").write_text("x")


def rename_a_folder(root: Path) -> None:
    (root / "deep").rename(root / "shallow")


def exchange_a_folder(root: Path) -> None:
    (root / "deep").rename(root / "shallow")
    (root / "deep/er").mkdir(parents=True)
    (root / "deep/er/big").write_text("small now")


def aim_a_link_elsewhere(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("small")


def only_the_mode(root: Path) -> None:
    (root / "small").chmod(0o600)


CHANGES: list[Callable[[Path], None]] = [
    append,
    overwrite_the_middle,
    shorten,
    fill_with_zeros,
    delete,
    replace_a_name_of_two,
    replace_the_first_of_two_names,
    turn_a_folder_into_a_file,
    turn_a_file_into_a_folder,
    rename_a_folder,
    exchange_a_folder,
    aim_a_link_elsewhere,
    only_the_mode,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
def test_what_changes_between_two_passes_comes_with_the_second(
    copy: Copy, change: Callable[[Path], None], at_once: bool
):
    fill(copy.here)
    if not at_once:
        _age(copy.here)
    copy.run()
    before = looks(copy.here)
    change(copy.here)
    copy.run(still=True)
    assert looks(copy.there) == looks(copy.here) != before


def _age(root: Path) -> None:
    """A moment later than the last change of any file."""
    last = max(path.lstat().st_ctime_ns for path in root.rglob("*"))
    while time.time_ns() < last + 60_000_000:
        time.sleep(0.01)


def test_what_has_not_changed_is_not_sent_again(copy: Copy):
    fill(copy.here)
    _age(copy.here)
    copy.run()
    assert copy.run(still=True) == 0 and copy.sent.changed == 0


def test_of_a_large_file_only_the_pieces_that_differ_are_sent(copy: Copy):
    fill(copy.here)
    copy.run()
    overwrite_the_middle(copy.here)
    assert copy.run(still=True) == filetree.PIECE


def test_change_within_the_same_tick_of_the_clock_is_found(copy: Copy):
    """Same size, and its times set back: only a look at its content can tell."""
    file = copy.here / "file"
    file.write_text("one")
    copy.run()
    stamp = file.stat().st_mtime_ns
    file.write_text("two")
    os.utime(file, ns=(stamp, stamp))
    copy.run(still=True)
    assert (copy.there / "file").read_text() == "two"


def test_write_through_memory_after_the_first_pass_is_found(copy: Copy):
    """A page that was written to before leaves no mark on the file when it is written again."""
    file = copy.here / "mapped"
    file.write_bytes(bytes(mmap.PAGESIZE))
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), mmap.PAGESIZE) as memory:
        memory[0] = 1
        _age(copy.here)
        copy.run()
        memory[1] = 2
        copy.run(still=True, mapped=("mapped",))
    assert (copy.there / "mapped").read_bytes()[:2] == b"\x01\x02"


def test_holes_stay_holes(copy: Copy):
    with (copy.here / "sparse").open("wb") as file:
        file.seek(50 << 20)
        file.write(b"end")
    copy.run()
    there = (copy.there / "sparse").stat()
    assert there.st_size == (50 << 20) + 3 and there.st_blocks * 512 < 4 << 20
    assert (copy.there / "sparse").read_bytes() == (copy.here / "sparse").read_bytes()


@root_only
def test_hidden_file_of_an_image_is_hidden_on_the_target_too(copy: Copy):
    os.mknod(copy.here / "hidden", stat.S_IFCHR, os.makedev(0, 0))
    (copy.here / "opaque").mkdir()
    os.setxattr(copy.here / "opaque", filetree.OPAQUE, b"y")
    copy.run()
    assert stat.S_ISCHR((copy.there / "hidden").lstat().st_mode)
    assert os.getxattr(copy.there / "opaque", filetree.OPAQUE) == b"y"


@root_only
def test_through_a_mount_what_is_hidden_is_deleted(copy: Copy):
    """As the target's armed container has it: the image's files are there to be seen."""
    fill(copy.here)
    copy.run()
    copy.layered = True
    (copy.there / "of the image").write_text("x")
    (copy.there / "folder").mkdir()
    (copy.there / "folder/of the image").write_text("x")
    os.mknod(copy.here / "of the image", stat.S_IFCHR, os.makedev(0, 0))
    (copy.here / "folder").mkdir()
    os.setxattr(copy.here / "folder", filetree.OPAQUE, b"y")
    (copy.here / "folder/own").write_text("own")
    copy.run(still=True)
    assert not (copy.there / "of the image").exists()
    assert [path.name for path in (copy.there / "folder").iterdir()] == ["own"]


def test_copied_up_file_is_written_anew_and_not_over_the_images(copy: Copy):
    copy.run()
    copy.layered = True
    (copy.there / "file").write_bytes(b"\xff" * 3 * filetree.PIECE)
    (copy.here / "file").write_bytes(b"a" * 9 + bytes(2 * filetree.PIECE))
    copy.run(still=True)
    assert (copy.there / "file").read_bytes() == (copy.here / "file").read_bytes()


@pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../b", "", "a//b", "a\0b"])
def test_path_that_leaves_its_tree_is_refused(copy: Copy, path: str):
    store = TreeStore(str(copy.there), Kept(), layered=False)
    with pytest.raises(StepFailed, match="unexpected path"):
        store.take({"gone": path})


def test_link_is_not_followed_on_the_way_to_a_file(copy: Copy, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (copy.there / "way").symlink_to(outside)
    put = {"put": "way/file", "kind": "file", "mode": 0o644, "owner": [0, 0], "length": 0}
    store = TreeStore(str(copy.there), Kept(), layered=False)
    with pytest.raises(OSError, match=r"way|Not a directory|symbolic"):
        store.take({**put, "mtime_ns": 0, "xattrs": []})
    assert list(outside.iterdir()) == []


def test_tree_that_cannot_be_read_is_told(copy: Copy):
    copy.here.rmdir()
    with pytest.raises(StepFailed, match="cannot be read"):
        TreeSender(None, "tree", copy.sent, ()).run(still=True)


def test_this_system_can_flush_one_file_system():
    assert hasattr(ctypes.CDLL(None), "syncfs")
