"""Image folders of CRIU mapped into memory: where a page lies, and which pages differ.

Memory is compared by libc's memcmp over mapped files, in one thread: two hinder each other more
by Python's lock than they gain. Half of the time would go into page faults, though, and these
other threads take meanwhile, by madvise ahead of the comparison.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, compress, repeat
from pathlib import Path
from typing import NamedTuple

from ..tools.pagemap import PAGE, damaged, parse

WORKERS = 2  # threads that map and write
CHUNK = 16  # pages compared at once; one by one only where they differ
POPULATED = 32 << 20  # bytes that one madvise maps
MADV_POPULATE_READ = 22  # from Linux 5.14 on; before, pages are mapped as they are read

Compare = Callable[[int, int, int], int]
_CALL = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = _CALL
# For one page it takes less time than to let go of Python's lock and take it again.
_memcmp_page = ctypes.PyDLL(None).memcmp
_memcmp_page.argtypes = _CALL
_madvise = ctypes.CDLL(None).madvise
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class Found(NamedTuple):
    """A run of pages and where it lies in a pages file; at is None where it does not."""

    vaddr: int
    pages: int
    at: int | None


class StoredPages:
    """A page map and its pages file, mapped into memory; the pages are to be read only."""

    def __init__(self, path: Path) -> None:
        """Raises StepFailed where the pages file holds less than the map says."""
        self.raw = path.read_bytes()
        self.map = parse(self.raw)
        present = [entry for entry in self.map.entries if entry.present]
        self._starts = [entry.vaddr for entry in present]
        self._ends = [entry.end for entry in present]
        self._offsets = list(accumulate((e.pages * PAGE for e in present), initial=0))
        self.file = path.with_name(self.map.pages_name)
        self.size = self._offsets[-1]
        self.memory = _mapped(self.file, self.size)
        # Copy on write, since ctypes takes the address of what could be written only.
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory)) if self.size else 0

    def populate(self, pool: ThreadPoolExecutor) -> None:
        """Let the pool map all pages, ahead of who reads them from the beginning."""
        for at in range(0, self.size, POPULATED):
            size = min(POPULATED, self.size - at)
            pool.submit(map_ahead, self.address + at, size)

    def close(self) -> None:
        if isinstance(self.memory, mmap.mmap):
            self.memory.close()

    def find(self, vaddr: int, pages: int) -> Iterator[Found]:
        """Where these pages lie, in order, in as few runs as there are."""
        at, end = vaddr, vaddr + pages * PAGE
        index = bisect_right(self._ends, vaddr)
        while at < end:
            start = self._starts[index] if index < len(self._starts) else end
            if at < start:
                stop = min(start, end)
                yield Found(at, (stop - at) // PAGE, None)
            else:
                stop = min(self._ends[index], end)
                yield Found(at, (stop - at) // PAGE, self._offsets[index] + at - start)
                index += 1
            at = stop


def map_ahead(address: int, size: int) -> None:
    """Have the kernel map a part of memory at once; where it can't, pages come as they are read."""
    _madvise(address, size, MADV_POPULATE_READ)


def _mapped(file: Path, size: int) -> mmap.mmap | bytearray:
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_size < size:
                raise damaged(f"{file.name} is cut short")
            return (
                mmap.mmap(opened.fileno(), size, access=mmap.ACCESS_COPY) if size else bytearray()
            )
    except FileNotFoundError as error:
        raise damaged(f"{file.name} is not there") from error


def changed_runs(ours: int, theirs: int, pages: int) -> list[tuple[int, int]]:
    """(first, pages) of each run of pages that differ between two places in memory."""
    runs: list[tuple[int, int]] = []
    whole = pages - pages % CHUNK
    for first in _differing(_memcmp, ours, theirs, whole, CHUNK):
        at = first * PAGE
        _add_pages(runs, first, _differing(_memcmp_page, ours + at, theirs + at, CHUNK, 1))
    at = whole * PAGE
    _add_pages(runs, whole, _differing(_memcmp, ours + at, theirs + at, pages - whole, 1))
    return runs


def _differing(compare: Compare, ours: int, theirs: int, pages: int, step: int) -> Iterator[int]:
    """The first page of each step that differs; the loop is C's, for the calls are many."""
    size = pages * PAGE
    width = step * PAGE
    starts = range(ours, ours + size, width), range(theirs, theirs + size, width)
    return compress(range(0, pages, step), map(compare, *starts, repeat(width)))


def _add_pages(runs: list[tuple[int, int]], base: int, pages: Iterable[int]) -> None:
    for page in pages:
        if runs and sum(runs[-1]) == base + page:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((base + page, 1))


class MappedImage:
    """All page maps of an image folder by file name, with their pages."""

    def __init__(self, folder: Path) -> None:
        self.maps = {path.name: StoredPages(path) for path in sorted(folder.glob("pagemap-*.img"))}

    def populate(self, pool: ThreadPoolExecutor | None = None) -> None:
        """Map all pages now: with a pool in the background, else before this returns."""
        if pool is None:
            with ThreadPoolExecutor(WORKERS) as own:
                self.populate(own)
        else:
            for stored in self.maps.values():
                stored.populate(pool)

    def close(self) -> None:
        for stored in self.maps.values():
            stored.close()


class Held(NamedTuple):
    """A run of pages, and where a base has it; without `stored` it has not."""

    vaddr: int
    pages: int
    stored: StoredPages | None
    at: int

    @property
    def address(self) -> int:
        return self.stored.address + self.at if self.stored else 0

    def view(self) -> memoryview:
        assert self.stored is not None
        return memoryview(self.stored.memory)[self.at : self.at + self.pages * PAGE]


class PageBase:
    """What both hosts hold of the tasks' memory: a chain of image folders, newest first.

    The two may keep it in different folders: `label` then says what it is, the same on both.
    """

    def __init__(self, folders: Sequence[Path], label: str | None = None) -> None:
        self._images = [MappedImage(folder) for folder in folders]
        self._label = label

    def populate(self, pool: ThreadPoolExecutor | None = None) -> None:
        """Map all pages, best before the tasks are frozen."""
        for image in self._images:
            image.populate(pool)

    def fingerprint(self) -> int:
        """Equal on both hosts where their chains have the same label, or the same page maps."""
        if self._label is not None:
            return zlib.crc32(self._label.encode())
        digest = len(self._images)
        for image in self._images:
            for name, stored in image.maps.items():
                digest = zlib.crc32(stored.raw, zlib.crc32(name.encode(), digest))
        return digest

    def find(self, pid: int, vaddr: int, pages: int) -> Iterator[Held]:
        """Where these pages of a task lie, in their order; each in the newest folder with it."""
        name = f"pagemap-{pid}.img"
        layers = [image.maps[name] for image in self._images if name in image.maps]
        return _search(layers, vaddr, pages)

    def close(self) -> None:
        for image in self._images:
            image.close()


def _search(layers: Sequence[StoredPages], vaddr: int, pages: int) -> Iterator[Held]:
    if not layers:
        yield Held(vaddr, pages, None, 0)
        return
    for found in layers[0].find(vaddr, pages):
        if found.at is None:
            yield from _search(layers[1:], found.vaddr, found.pages)
        else:
            yield Held(found.vaddr, found.pages, layers[0], found.at)
