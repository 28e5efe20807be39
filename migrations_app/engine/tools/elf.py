"""The build id of a program or library: what tells two builds of one size apart. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEAD_BYTES = 1 << 16  # program headers and notes stand at the beginning
_NOTE_SEGMENT, _BUILD_ID = 4, 3


def build_id(head: bytes) -> str | None:
    """From a file's first HEAD_BYTES, in hex; None when it is no ELF file or has none."""
    try:
        for offset, size in _note_segments(head):
            for kind, name, body in _notes(head[offset : offset + size]):
                if kind == _BUILD_ID and name == b"GNU":
                    return body.hex()
    except struct.error:
        return None
    return None


def _note_segments(head: bytes) -> Iterator[tuple[int, int]]:
    """(offset, size) of each, in 64-bit little-endian files."""
    if head[:6] != b"\x7fELF\x02\x01":
        return
    (at,) = struct.unpack_from("<Q", head, 32)
    entry, count = struct.unpack_from("<HH", head, 54)
    for place in range(at, at + entry * count, entry):
        (kind,) = struct.unpack_from("<I", head, place)
        if kind == _NOTE_SEGMENT:
            (offset,) = struct.unpack_from("<Q", head, place + 8)
            (size,) = struct.unpack_from("<Q", head, place + 32)
            yield offset, size


def _notes(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, at)
        at += 12
        name = data[at : at + name_size].rstrip(b"\0")
        at += (name_size + 3) & ~3
        yield kind, name, data[at : at + size]
        at += (size + 3) & ~3
