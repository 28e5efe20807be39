"""CRIU: how it is called, and what its logs and statistics say."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import PurePath

# Lines that stand in logs of runs that succeed: the first two come without CAP_SYS_RESOURCE and
# with empty images, and are not the cause of anything.
HARMLESS = (
    "Can't setup RLIMIT_",
    "Unexpected EOF on (empty-image)",
    "setrlimit",
)
# What always comes last, whatever the cause.
CONSEQUENCES = ("Restoring FAILED", "Dumping FAILED", "cgroupd: recv req error")
EXCERPT_LINES = 12
OLDEST_USABLE = (4, 2)  # kernels from 6.16 need it: sockets, split vvar area

# Time stamps are there from -v3 on only; a task's own lines begin with its pid, those of what
# CRIU puts into it with `pie` before that.
_BEFORE = r"^(?:\(\s*[\d.]+\)\s*)?(?:pie:\s*)?(?:\d+:\s*)?"
_ERROR = re.compile(_BEFORE + r"Error \(.*$")
_VERSION = re.compile(r"Version:\s*(\d+(?:\.\d+)*)")


def dump_argv(
    pid: int, images: PurePath, work: PurePath, adapts: Mapping[str, int | bool] | None = None
) -> list[str]:
    """Dump the tree below pid and leave it stopped: SIGCONT is the way back.

    `adapts`: options by their names in rpc.proto, for what the tree holds.
    """
    return [
        "criu",
        "dump",
        "--tree",
        str(pid),
        "--images-dir",
        str(images),
        "--work-dir",
        str(work),
        "--log-file",
        "dump.log",
        "--leave-stopped",
        *_adapting(adapts or {}),
    ]


def _adapting(adapts: Mapping[str, int | bool]) -> Iterator[str]:
    for name, value in adapts.items():
        yield f"--{name.replace('_', '-')}"
        if value is not True:
            yield str(value)


def restore_argv(images: PurePath, work: PurePath, pidfile: PurePath) -> list[str]:
    """Restore and let go of the tree; the root's pid goes into pidfile."""
    return [
        "criu",
        "restore",
        "--images-dir",
        str(images),
        "--work-dir",
        str(work),
        "--log-file",
        "restore.log",
        "--pidfile",
        str(pidfile),
        "--restore-detached",
        "--file-locks",  # those that the image has; nothing without any
    ]


def lazy_pages_argv(images: PurePath, work: PurePath, peer: int, status: int) -> list[str]:
    """The target's daemon that fetches pages as they are needed, over the connection `peer`.

    It writes a byte to the descriptor `status` when a restore can connect to it.
    """
    return [
        *("criu", "lazy-pages"),
        *("--images-dir", str(images)),
        *("--work-dir", str(work)),
        *("--log-file", "lazy-pages.log"),
        *("--page-server", "--ps-socket", str(peer)),
        *("--status-fd", str(status)),
    ]


def check_argv(*, everything: bool = False, feature: str | None = None) -> list[str]:
    """`everything` goes by coreutils' `timeout`: that check leaves a sibling behind.

    It clones one by CLONE_PARENT, so its parent becomes whoever called CRIU, and CRIU does not wait
    for it (check_clone_parent_vs_pid in criu/cr-check.c). Under `timeout`, which ends at once, the
    host's process 1 takes care of it; under us it would stay a zombie.
    """
    argv = ["criu", "check"]
    if everything:
        argv = ["timeout", "60", *argv, "--all"]
    if feature:
        argv += ["--feature", feature]
    return argv


def parse_version(output: str) -> str | None:
    """`4.2.1` from `criu --version`; None when it says something else."""
    found = _VERSION.search(output)
    return found.group(1) if found else None


def version_tuple(version: str) -> tuple[int, ...]:
    """Numbers to compare versions by: `28.5.1+dfsg` gives (28, 5, 1)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def error_lines(log: str) -> list[str]:
    """CRIU's own error lines in their order, without the harmless ones.

    Where all others only say that it failed, a line that is harmless elsewhere is the cause.
    """
    lines = [line for line in map(str.strip, log.splitlines()) if _ERROR.match(line)]
    telling = [line for line in lines if not any(known in line for known in HARMLESS)]
    causes = [line for line in telling if not any(word in line for word in CONSEQUENCES)]
    if telling and not causes:
        return lines
    return telling


def first_error(log: str) -> str | None:
    """The first real error line without its time stamp: what the others follow from."""
    for line in error_lines(log):
        return without_stamp(line)
    return None


def without_stamp(line: str) -> str:
    """A line of a log without its time and pid."""
    return re.sub(_BEFORE, "", line)


def excerpt(log: str) -> str | None:
    """The error lines, at most EXCERPT_LINES; without any, the log's last lines; None if empty."""
    chosen = error_lines(log)[:EXCERPT_LINES] or log.strip().splitlines()[-EXCERPT_LINES:]
    return "\n".join(chosen) or None


# images/stats.proto of CRIU 4.2. forking_time (restore, 3) is meaningless and left out.
_DUMP_FIELDS = {
    1: "freezing_time_us",
    2: "frozen_time_us",
    3: "memdump_time_us",
    4: "memwrite_time_us",
    5: "pages_scanned",
    6: "pages_skipped_parent",
    7: "pages_written",
    9: "pages_lazy",
}
_RESTORE_FIELDS = {4: "restore_time_us", 5: "pages_restored"}
_STATS_FIELDS = {1: _DUMP_FIELDS, 2: _RESTORE_FIELDS}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def parse_stats(data: bytes) -> dict[str, int]:
    """Numbers of a `stats-dump` or `stats-restore` file; empty when it is cut short.

    Two magic words and a length, four bytes each and little endian, then one StatsEntry.
    """
    if len(data) < 12:
        return {}
    (size,) = struct.unpack_from("<I", data, 8)
    values: dict[str, int] = {}
    for number, _, body in fields(data[12 : 12 + size]):
        names = _STATS_FIELDS.get(number, {})
        for inner, value, _ in fields(body):
            if inner in names:
                values[names[inner]] = value
    return values


def fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(number, integer, bytes) for each protobuf field; stops at anything malformed."""
    at = 0
    try:
        while at < len(data):
            tag, at = _varint(data, at)
            value, body, at = _value(tag & 7, data, at)
            yield tag >> 3, value, body
    except (IndexError, ValueError):
        return


def _value(wire_type: int, data: bytes, at: int) -> tuple[int, bytes, int]:
    if wire_type == _VARINT:
        value, at = _varint(data, at)
        return value, b"", at
    if wire_type == _BYTES:
        length, at = _varint(data, at)
        return 0, data[at : at + length], at + length
    if wire_type in (_FIXED32, _FIXED64):
        return 0, b"", at + (4 if wire_type == _FIXED32 else 8)
    raise ValueError(wire_type)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
