"""Unix sockets with their peers, as the kernel tells over netlink (linux/unix_diag.h): pure.

`/proc/net/unix` names no peers, and `ss` is not on every host.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
_REQUEST, _DUMP = 0x1, 0x300
_DONE, _ERROR = 3, 2
_AF_UNIX = 1
_SHOW_NAME, _SHOW_PEER = 0x1, 0x4
_NAME, _PEER = 0, 2
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, pid
_MESSAGE = struct.Struct("=BBBBIII")  # family, type, state, pad, inode, cookie
_ATTRIBUTE = struct.Struct("=HH")  # length, type


@dataclass(frozen=True)
class UnixSocket:
    inode: int
    peer: int | None  # inode of the other end; None: it has none
    name: str  # its path or abstract name, "" without


def request() -> bytes:
    """Ask for all unix sockets of the network namespace, with names and peers."""
    body = struct.pack("=BBHIIIII", _AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW_NAME | _SHOW_PEER, 0, 0)
    size = _HEADER.size + len(body)
    return _HEADER.pack(size, SOCK_DIAG_BY_FAMILY, _REQUEST | _DUMP, 1, 0) + body


def parse(data: bytes) -> tuple[list[UnixSocket], bool]:
    """The sockets in one datagram, and whether it is the last. Raises ValueError on an error."""
    found: list[UnixSocket] = []
    at = 0
    while at + _HEADER.size <= len(data):
        size, kind, _flags, _sequence, _pid = _HEADER.unpack_from(data, at)
        if kind == _ERROR:
            raise ValueError("the kernel does not tell of unix sockets")
        if kind == _DONE or size < _HEADER.size:
            return found, True
        found.append(_socket(data[at + _HEADER.size : at + size]))
        at += _aligned(size)
    return found, False


def _socket(message: bytes) -> UnixSocket:
    inode = _MESSAGE.unpack_from(message)[4]
    attributes = dict(_attributes(message[_MESSAGE.size :]))
    peer = struct.unpack("=I", attributes[_PEER])[0] if _PEER in attributes else None
    name = attributes.get(_NAME, b"").rstrip(b"\0").replace(b"\0", b"@")
    return UnixSocket(inode, peer or None, name.decode(errors="replace"))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size:
            return
        yield kind, data[at + _ATTRIBUTE.size : at + size]
        at += _aligned(size)


def _aligned(size: int) -> int:
    return (size + 3) & ~3
