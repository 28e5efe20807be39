"""Tables of mounts and of memory, read."""

import pytest

from migrations_app.engine.tools import mounts

CONTAINER = """\
700 650 0:60 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a:/b,upperdir=/d/x/diff
701 700 0:61 / /proc rw,nosuid - proc proc rw
702 700 254:0 /var/lib/docker/volumes/with\\040space/_data /data rw - ext4 /dev/vda rw,discard
"""
HOST = """\
28 1 254:0 / / rw shared:1 - ext4 /dev/vda rw
90 28 0:60 / /d/x/merged rw - overlay overlay rw,lowerdir=/a,upperdir=/d/x/diff
"""
MAPS = """\
55d0-55d1 r-xp 00000000 fe:00 123                                 /bin/busybox
7f00-7f01 rw-s 00000000 fe:00 456                                 /data/with space
7f01-7f02 rw-s 00000000 00:01 789                                 /dev/zero (deleted)
7f02-7f03 r--s 00000000 fe:00 457                                 /data/only read
7f03-7f04 rw-p 00000000 fe:00 458                                 /data/its own copy
7ffd-7ffe rw-p 00000000 00:00 0                                   [stack]
"""
INSIDE = {"volume:data": "/data", "volume:deep": "/data/deep", "": "/etc/hosts"}


def test_writable_layer_is_found_by_the_containers_own_table():
    assert mounts.upper_of(mounts.parse_mounts(CONTAINER)) == "/d/x/diff"
    assert mounts.upper_of(mounts.parse_mounts(HOST)) is None


def test_mount_over_a_layer_is_found_by_the_hosts_table():
    table = mounts.parse_mounts(HOST)
    assert mounts.mounted_over(table, "/d/x/diff") == "/d/x/merged"
    assert mounts.mounted_over(table, "/d/y/diff") is None


def test_spaces_in_paths_are_read_as_the_kernel_writes_them():
    last = mounts.parse_mounts(CONTAINER)[-1]
    assert last.root.endswith("/with space/_data") and last.kind == "ext4"


def test_only_files_that_are_shared_and_writable_count_as_written_through_memory():
    found = mounts.parse_written_through_memory(MAPS)
    assert found == ["/data/with space", "/dev/zero (deleted)"]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/data/a/b", ("volume:data", "a/b")),
        ("/data/deep/c", ("volume:deep", "c")),
        ("/database", ("root", "database")),
        ("/etc/hosts", None),
    ],
)
def test_file_of_a_container_lies_in_the_innermost_tree(path, where):
    assert mounts.tree_of(path, INSIDE) == where


def test_layer_of_a_snapshot_is_read_from_the_mount_that_containerd_prints():
    said = "mount -t overlay overlay /mnt -o index=off,workdir=/w,upperdir=/s/7/fs,lowerdir=/s/1/fs"
    assert mounts.parse_upper_of_snapshot(said) == "/s/7/fs"
    assert mounts.parse_upper_of_snapshot("ctr: snapshot 1 does not exist: not found") is None
