"""CRIU's page maps: which pages of a task, or of shared memory, lie in which pages file.

A `pagemap-*.img` begins with two magic words; then come protobuf messages, each after its length
in four bytes, little endian (images/pagemap.proto of CRIU 4.2): one head that names the pages
file, `pages-<pages_id>.img`, and one entry per run of pages, in the order of their addresses. The
pages file holds the runs that are flagged PRESENT, one after the other, without any head.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from ..errors import StepFailed

PAGE = 4096
PARENT, LAZY, PRESENT = 1, 2, 4  # an entry's flags: PE_PARENT, PE_LAZY, PE_PRESENT
_MAGIC = struct.pack("<II", 0x54564319, 0x56084025)  # IMG_COMMON_MAGIC, PAGEMAP_MAGIC
_LENGTH = struct.Struct("<I")
_HIGHEST = 1 << 64
_VARINT = 0
# pagemap_entry's fields, all of them integers.
_VADDR, _COMPAT_NR_PAGES, _IN_PARENT, _FLAGS, _NR_PAGES = 1, 2, 3, 4, 5


class Entry(NamedTuple):
    """A run of pages: `pages` of them, from `vaddr` on."""

    vaddr: int
    pages: int
    flags: int

    @property
    def end(self) -> int:
        return self.vaddr + self.pages * PAGE

    @property
    def present(self) -> bool:
        return bool(self.flags & PRESENT)


class PageMap(NamedTuple):
    pages_id: int
    entries: list[Entry]

    @property
    def pages_name(self) -> str:
        return f"pages-{self.pages_id}.img"


def damaged(what: str) -> StepFailed:
    return StepFailed(f"the image is damaged: {what}", code="image-damaged")


def parse(data: bytes) -> PageMap:
    """The map in an image file, today's and older forms. Raises StepFailed when it is damaged."""
    if not data.startswith(_MAGIC):
        raise damaged("a page map begins with other words")
    try:
        bodies = _bodies(data)
        entries = [_entry(body) for body in bodies[1:]]
        head = _integers(bodies[0])
    except (IndexError, ValueError, struct.error) as error:
        raise damaged("a page map is cut short") from error
    if 1 not in head:
        raise damaged("a page map names no pages file")
    _check(entries)
    return PageMap(head[1], entries)


def serialise(pagemap: PageMap) -> bytes:
    """The map as an image file of today's form."""
    head = b"\x08" + _encoded(pagemap.pages_id)
    parts = [_MAGIC, _LENGTH.pack(len(head)), head]
    length, encoded = _LENGTH.pack, _encoded
    for vaddr, pages, flags in pagemap.entries:
        # compat_nr_pages is a required field: 0 says that nr_pages counts.
        body = b"\x08%b\x10\x00\x20%b\x28%b" % (encoded(vaddr), encoded(flags), encoded(pages))
        parts += (length(len(body)), body)
    return b"".join(parts)


def _bodies(data: bytes) -> list[bytes]:
    found, at, end = [], len(_MAGIC), len(data)
    while at < end:
        start = at + _LENGTH.size
        at = start + _LENGTH.unpack_from(data, at)[0]
        found.append(data[start:at])
    if at != end:
        raise ValueError(at)
    return found


def _entry(body: bytes) -> Entry:
    """As CRIU reads it (init_compat_pagemap_entry): older images have no flags, or no nr_pages."""
    fields = _integers(body)
    flags = fields.get(_FLAGS)
    if fields.get(_IN_PARENT):
        flags = (flags or 0) | PARENT
    pages = fields.get(_NR_PAGES)
    return Entry(
        fields.get(_VADDR, -1),
        fields.get(_COMPAT_NR_PAGES, 0) if pages is None else pages,
        PRESENT if flags is None else flags,
    )


def _integers(body: bytes) -> dict[int, int]:
    """A message's fields by number; all that page maps have are integers."""
    values: dict[int, int] = {}
    at, end = 0, len(body)
    while at < end:
        tag = body[at]
        at += 1
        value = byte = body[at]
        at += 1
        shift = 7
        while byte & 0x80:  # written out here: a call per number takes thrice as long
            byte = body[at]
            at += 1
            value = (value & ((1 << shift) - 1)) | byte << shift
            shift += 7
        if tag & 7 != _VARINT or value >= _HIGHEST:
            raise ValueError(tag)
        values[tag >> 3] = value
    return values


def _encoded(value: int) -> bytes:
    if value < 0x80:
        return _SMALL[value]
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


_SMALL = [bytes((value,)) for value in range(0x80)]


def _check(entries: Iterable[Entry]) -> None:
    """CRIU's readers go through a map once: its runs are whole pages, in order and apart."""
    before = 0
    for vaddr, pages, _ in entries:
        if vaddr < before or vaddr % PAGE or pages < 1:
            raise damaged(f"a run of {pages} pages at {vaddr:#x}")
        before = vaddr + pages * PAGE
    if before > _HIGHEST:
        raise damaged("a run of pages behind the end of the address space")
