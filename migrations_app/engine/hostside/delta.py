"""What changed between two dumps of the same tasks, as an incremental image of CRIU.

For kernels that do not track memory: both dumps are full, and their pages are compared. Unchanged
pages become entries flagged PARENT, and only the others lie in the new pages file.

Memory is compared by libc's memcmp over mapped files, in one thread: two hinder each other more
by Python's lock than they gain. Half of the time would go into page faults, though, and these
other threads take meanwhile, by madvise ahead of the comparison.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, compress, repeat
from pathlib import Path
from typing import NamedTuple

from ..tools.pagemap import PAGE, PARENT, Entry, PageMap, damaged, parse, serialise

WORKERS = 2  # threads that map and write
CHUNK = 16  # pages compared at once; one by one only where they differ
POPULATED = 32 << 20  # bytes that one madvise maps
MADV_POPULATE_READ = 22  # from Linux 5.14 on; before, pages are mapped as they are read
MOST_BUFFERS = 1024  # IOV_MAX: buffers in one write
MOST_WRITTEN = 4096  # pages in one write: 16 MiB

Compare = Callable[[int, int, int], int]
_CALL = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = _CALL
# For one page it takes less time than to let go of Python's lock and take it again.
_memcmp_page = ctypes.PyDLL(None).memcmp
_memcmp_page.argtypes = _CALL
_madvise = ctypes.CDLL(None).madvise
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


@dataclass(frozen=True)
class Delta:
    """What came out of a comparison."""

    pages_total: int  # that the tasks have now
    pages_changed: int  # of these: changed or new since
    bytes: int  # of all files of the new image


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
            pool.submit(_madvise, self.address + at, size, MADV_POPULATE_READ)

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


def make_delta(before: Path | MappedImage, now: Path, out: Path) -> Delta:
    """Write into `out` what the image `now` has other than the image `before`.

    Both are full dumps of the same tasks, best in memory; `before` may be mapped (and populated)
    ahead, and is then left open. `out` is made if need be; its link `parent`, which the caller
    sets, must lead to `before` or to a delta that makes it up. Files of `now` without pages are
    linked into `out`. Raises StepFailed when an image is damaged.
    """
    out.mkdir(mode=0o700, exist_ok=True)
    earlier = MappedImage(before) if isinstance(before, Path) else before
    current = MappedImage(now)
    pool = ThreadPoolExecutor(WORKERS)
    try:
        current.populate(pool)
        if isinstance(before, Path):
            earlier.populate(pool)
        compared = [
            _Compared(stored, earlier.maps.get(name)).write(out / name, pool)
            for name, stored in current.maps.items()
        ]
        _link_others(now, out)
    finally:
        # Unmapping takes a while, too: nobody waits for it.
        for image in (current, earlier) if earlier is not before else (current,):
            pool.submit(image.close)
        pool.shutdown(wait=False)
    return Delta(
        sum(one.pages_total for one in compared),
        sum(one.pages_changed for one in compared),
        sum(file.stat().st_size for file in _files(out)),
    )


class _Compared:
    """One page map of now, compared with its namesake of before."""

    def __init__(self, now: StoredPages, before: StoredPages | None) -> None:
        self._now, self._before = now, before
        self._entries: list[Entry] = []
        self._kept: list[tuple[int, int]] = []  # (offset, pages) in now's pages file
        at = 0
        for entry in now.map.entries:
            if not entry.present:
                raise damaged(f"{now.file.name} lacks pages at {entry.vaddr:#x}")
            self._take(entry, at)
            at += entry.pages * PAGE
        self.pages_total = at // PAGE
        self.pages_changed = sum(pages for _, pages in self._kept)

    def write(self, path: Path, pool: ThreadPoolExecutor) -> _Compared:
        pagemap = PageMap(self._now.map.pages_id, self._entries)
        path.write_bytes(serialise(pagemap))
        pages_file = path.with_name(pagemap.pages_name)
        if self.pages_changed == self.pages_total:
            _link(self._now.file, pages_file)
            return self
        with pages_file.open("xb") as file, memoryview(self._now.memory) as memory:
            number = file.fileno()
            list(pool.map(lambda batch: _write(number, memory, *batch), _batches(self._kept)))
        return self

    def _take(self, entry: Entry, at: int) -> None:
        """Compare an entry whose pages lie at this offset of now's pages file."""
        if self._before is None:
            self._note(entry, at, [(0, entry.pages)])
            return
        for found in self._before.find(entry.vaddr, entry.pages):
            runs = [(0, found.pages)]
            if found.at is not None:
                ours, theirs = self._now.address + at, self._before.address + found.at
                runs = changed_runs(ours, theirs, found.pages)
            self._note(Entry(found.vaddr, found.pages, entry.flags), at, runs)
            at += found.pages * PAGE

    def _note(self, run: Entry, at: int, changed: list[tuple[int, int]]) -> None:
        done = 0
        for first, pages in changed:
            self._add(run.vaddr + done * PAGE, first - done, PARENT)
            self._add(run.vaddr + first * PAGE, pages, run.flags)
            self._kept.append((at + first * PAGE, pages))
            done = first + pages
        self._add(run.vaddr + done * PAGE, run.pages - done, PARENT)

    def _add(self, vaddr: int, pages: int, flags: int) -> None:
        if not pages:
            return
        last = self._entries[-1] if self._entries else None
        if last is not None and last.end == vaddr and last.flags == flags:
            self._entries[-1] = Entry(last.vaddr, last.pages + pages, flags)
        else:
            self._entries.append(Entry(vaddr, pages, flags))


_Batch = tuple[list[tuple[int, int]], int]


def _batches(kept: Iterable[tuple[int, int]]) -> Iterator[_Batch]:
    """Runs that one call writes, and where in the new pages file they begin."""
    runs: list[tuple[int, int]] = []
    pages = at = 0
    for run in kept:
        if runs and (len(runs) == MOST_BUFFERS or pages + run[1] > MOST_WRITTEN):
            yield runs, at
            runs, pages, at = [], 0, at + pages * PAGE
        runs.append(run)
        pages += run[1]
    if runs:
        yield runs, at


def _write(file: int, memory: memoryview, runs: list[tuple[int, int]], at: int) -> None:
    buffers = [memory[offset : offset + pages * PAGE] for offset, pages in runs]
    size = sum(map(len, buffers))
    # No signal interrupts a write into tmpfs half-way; where it is full, this says so.
    if os.pwritev(file, buffers, at) != size:
        raise OSError(errno.ENOSPC, "no room for the changed pages")


def _link_others(now: Path, out: Path) -> None:
    for file in _files(now):
        if not file.name.startswith(("pagemap-", "pages-")):
            _link(file, out / file.name)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]


def _link(file: Path, to: Path) -> None:
    try:
        to.hardlink_to(file)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        shutil.copy2(file, to)
