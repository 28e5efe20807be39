"""Files under /proc, read from recorded ones and from our own process."""

import os
from pathlib import Path

import pytest

from migrations_app.engine.tools import procfs

from .samples import text


def test_recorded_process_is_read():
    stat = procfs.parse_stat(text("stat.txt"))
    assert (stat.pid, stat.name, stat.state, stat.parent) == (29109, "busybox", "S", 28678)
    assert stat.start_ticks == 365783


def test_our_own_process_is_read():
    stat = procfs.parse_stat(Path("/proc/self/stat").read_text())
    assert (stat.pid, stat.parent) == (os.getpid(), os.getppid())


@pytest.mark.parametrize("name", ["a b", ") R 1 (", "(((", "tty) T 2"])
def test_name_that_looks_like_more_fields_stays_a_name(name: str):
    line = text("stat.txt").replace("(busybox)", f"({name})")
    stat = procfs.parse_stat(line)
    assert (stat.name, stat.state, stat.parent) == (name, "S", 28678)


def test_tree_has_the_root_first_and_children_after_their_parents():
    parents = {1: 0, 10: 1, 11: 10, 12: 10, 13: 11, 20: 1}
    assert procfs.tree_of(10, parents) == [10, 11, 12, 13]
    assert procfs.tree_of(20, parents) == [20]


def test_mapped_files_are_programs_and_libraries_without_the_kernels_areas():
    files = procfs.parse_mapped_files(text("maps.txt"))
    assert files and all(path.startswith("/") for path in files)
    assert files == sorted(set(files))
    assert any(path.endswith("ld-linux-x86-64.so.2") for path in files)


def test_path_with_a_space_is_one_path():
    line = "7f0-7f1 r--p 00000000 00:29 1494543                    /opt/a b.so"
    assert procfs.parse_mapped_files(line) == ["/opt/a b.so"]


def test_cgroups_are_found_by_controller():
    groups = procfs.parse_cgroup(text("cgroup-container.txt"))
    assert groups["freezer"].startswith("/docker/") and groups[""].startswith("/docker/")


def test_unified_hierarchy_goes_under_the_empty_name():
    assert procfs.parse_cgroup("0::/system.slice/x.service\n") == {"": "/system.slice/x.service"}
