"""Control groups of cgroup v1, v2 and both at once; who is process 1 of a host."""

from pathlib import Path

import pytest

from migrations_app.lab.cgroups import Hierarchy, parse_hierarchies, parse_namespace_pids

V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = (
    "29 23 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "30 29 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "31 29 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "31 29 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "32 23 254:0 / / rw shared:1 master:2 - ext4 /dev/vda rw\n"
)


@pytest.mark.parametrize(
    ("mountinfo", "expected"),
    [
        (V2, [Hierarchy(Path("/sys/fs/cgroup"), unified=True)]),
        (
            HYBRID,
            [
                Hierarchy(Path("/sys/fs/cgroup/unified"), unified=True),
                Hierarchy(Path("/sys/fs/cgroup/cpu,cpuacct"), unified=False),
            ],
        ),
        ("", []),
    ],
)
def test_hierarchies_are_read_from_mountinfo(mountinfo: str, expected: list[Hierarchy]) -> None:
    assert parse_hierarchies(mountinfo) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Name:\tsystemd\nNSpid:\t11991\t1\nNSpgid:\t11991\t1\n", [11991, 1]),
        ("Name:\tsystemd-nspawn\nNSpid:\t11988\n", [11988]),
        ("Name:\tsh\nNSpid:\t12400\t310\t1\n", [12400, 310, 1]),
        ("Name:\told\n", []),
    ],
)
def test_pids_of_nested_namespaces_are_read(status: str, expected: list[int]) -> None:
    assert parse_namespace_pids(status) == expected
