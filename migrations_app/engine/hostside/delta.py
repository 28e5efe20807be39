"""What changed between two dumps of the same tasks, as an incremental image of CRIU.

For kernels that do not track memory: both dumps are full, and their pages are compared. Unchanged
pages become entries flagged PARENT, and only the others lie in the new pages file.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..tools.pagemap import PAGE, PARENT, Entry, PageMap, damaged, serialise
from .compared import ComparedAhead
from .mapped import WORKERS, MappedImage, StoredPages, changed_runs

MOST_BUFFERS = 1024  # IOV_MAX: buffers in one write
MOST_WRITTEN = 4096  # pages in one write: 16 MiB


@dataclass(frozen=True)
class Delta:
    """What came out of a comparison."""

    pages_total: int  # that the tasks have now
    pages_changed: int  # of these: changed or new since
    bytes: int  # of all files of the new image


def make_delta(before: Path | ComparedAhead, now: Path, out: Path) -> Delta:
    """Write into `out` what the image `now` has other than the image `before`.

    Both are full dumps of the same tasks, best in memory; `before` may have been compared ahead,
    and is then left open. `out` is made if need be; its link `parent`, which the caller
    sets, must lead to `before` or to a delta that makes it up. Files of `now` without pages are
    linked into `out`. Raises StepFailed when an image is damaged.
    """
    out.mkdir(mode=0o700, exist_ok=True)
    ahead = before if isinstance(before, ComparedAhead) else None
    earlier = before.before if isinstance(before, ComparedAhead) else MappedImage(before)
    current = MappedImage(now)
    pool = ThreadPoolExecutor(WORKERS)
    try:
        if ahead is None:
            current.populate(pool)
            earlier.populate(pool)
        compared = [
            _Compared(name, stored, earlier.maps.get(name), ahead).write(out / name, pool)
            for name, stored in current.maps.items()
        ]
        _link_others(now, out)
    finally:
        # Unmapping takes a while, too: nobody waits for it.
        for image in (current, earlier) if ahead is None else (current,):
            pool.submit(image.close)
        pool.shutdown(wait=False)
    return Delta(
        sum(one.pages_total for one in compared),
        sum(one.pages_changed for one in compared),
        sum(file.stat().st_size for file in _files(out)),
    )


class _Compared:
    """One page map of now, compared with its namesake of before."""

    def __init__(
        self,
        name: str,
        now: StoredPages,
        before: StoredPages | None,
        ahead: ComparedAhead | None,
    ) -> None:
        self._name, self._now, self._before, self._ahead = name, now, before, ahead
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
                runs = self._changed(self._before, at, found.at, found.pages)
            self._note(Entry(found.vaddr, found.pages, entry.flags), at, runs)
            at += found.pages * PAGE

    def _changed(
        self, before: StoredPages, at: int, then_at: int, pages: int
    ) -> list[tuple[int, int]]:
        """Which pages at this offset differ from those that were at that one."""
        if self._ahead is not None and at == then_at:
            known = self._ahead.runs(self._now, self._name, at, pages)
            if known is not None:
                return known
        return changed_runs(self._now.address + at, before.address + then_at, pages)

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
