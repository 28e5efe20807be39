"""What open descriptors say to somebody who wants to move their owner: text in, values out."""

from __future__ import annotations

import re
from dataclasses import dataclass

DELETED = " (deleted)"
# Kinds of `anon_inode:` that CRIU takes along.
ANONYMOUS_KNOWN = frozenset({"eventfd", "eventpoll", "signalfd", "timerfd", "inotify", "fanotify"})
ANONYMOUS_KNOWN_IN_BRACKETS = frozenset(f"[{name}]" for name in (*ANONYMOUS_KNOWN, "pidfd"))
IO_URING = "[io_uring]"
# Character devices that CRIU takes along: memory (null, zero, full, random, urandom), tun.
DEVICES_KNOWN = frozenset({(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (10, 200)})
TERMINAL_MAJORS = frozenset({4, 5, *range(136, 144)})
MULTIPLEXER = (5, 2)  # /dev/ptmx: the master's end
_LOCK = re.compile(r"^lock:\s+\d+: (\w+)", re.MULTILINE)
_INDEX = re.compile(r"^tty-index:\s+(\d+)", re.MULTILINE)
_SOCKET = re.compile(r"socket:\[(\d+)\]")
ESTABLISHED_OR_MORE = frozenset(range(1, 12)) - {7, 10}  # net/tcp_states.h: not CLOSE, not LISTEN


def kind_of(link: str) -> str:
    """socket, pipe, anonymous or path, by what the descriptor's link says."""
    if link.startswith("/"):
        return "path"
    return {"socket": "socket", "pipe": "pipe"}.get(link.partition(":")[0], "anonymous")


def anonymous(link: str) -> str | None:
    """`[io_uring]` of `anon_inode:[io_uring]`; None for what is no such descriptor."""
    head, _, name = link.partition(":")
    return name if head == "anon_inode" else None


def is_supported_anonymous(name: str) -> bool:
    return name in ANONYMOUS_KNOWN or name in ANONYMOUS_KNOWN_IN_BRACKETS


def socket_inode(link: str) -> int | None:
    found = _SOCKET.fullmatch(link)
    return int(found.group(1)) if found else None


def locks(fdinfo: str) -> list[str]:
    """`/proc/PID/fdinfo/N`: kinds of locks that are held through it (FLOCK, POSIX, OFDLCK)."""
    return _LOCK.findall(fdinfo)


def terminal_index(fdinfo: str) -> int | None:
    """Of a multiplexer: which terminal is its other end."""
    found = _INDEX.search(fdinfo)
    return int(found.group(1)) if found else None


def without_name(link: str) -> str | None:
    """The path that a deleted file had; None for files that have theirs, and for memfds.

    CRIU takes along memfds and shared memory by themselves.
    """
    if not link.endswith(DELETED) or link.startswith(("/memfd:", "/dev/zero", "/SYSV")):
        return None
    return link.removesuffix(DELETED)


@dataclass(frozen=True)
class TcpSocket:
    inode: int
    local: str  # address
    port: int
    connected: bool


def parse_tcp(text: str) -> list[TcpSocket]:
    """`/proc/PID/net/tcp` or `tcp6`; also of `udp`, where the states mean nothing."""
    rows = (line.split() for line in text.splitlines()[1:])
    return [_tcp(fields) for fields in rows if len(fields) > 9]


def _tcp(fields: list[str]) -> TcpSocket:
    address, _, port = fields[1].partition(":")
    connected = int(fields[3], 16) in ESTABLISHED_OR_MORE
    return TcpSocket(int(fields[9]), _address(address), int(port, 16), connected)


def _address(digits: str) -> str:
    """Words of four bytes, each in the order of a little-endian machine."""
    words = [digits[at : at + 8] for at in range(0, len(digits), 8)]
    data = b"".join(bytes.fromhex(word)[::-1] for word in words)
    if len(data) == 4:
        return ".".join(map(str, data))
    return ":".join(data[at : at + 2].hex() for at in range(0, 16, 2))


def is_any_or_loopback(address: str) -> bool:
    """Whether every host has it."""
    if ":" not in address:
        return address == "0.0.0.0" or address.startswith("127.")  # noqa: S104  compared only
    return address in ("0000:" * 7 + "0000", "0000:" * 7 + "0001")


def tracers(status: str) -> int | None:
    """`/proc/PID/status`: who traces it; None when nobody does."""
    found = re.search(r"^TracerPid:\s+(\d+)", status, re.MULTILINE)
    return int(found.group(1)) or None if found else None


def under_seccomp(status: str) -> bool:
    """Whether a filter or strict mode is on for it."""
    found = re.search(r"^Seccomp:\s+(\d)", status, re.MULTILINE)
    return found is not None and found.group(1) != "0"


def cpu_flags(cpuinfo: str) -> list[str]:
    """`/proc/cpuinfo`: what the first processor can do."""
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", cpuinfo, re.MULTILINE)
    return sorted(found.group(1).split()) if found else []
