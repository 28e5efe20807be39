"""A dump compared with the one before while CRIU still writes it.

In the stop window one processor writes pages, and another would wait for the last of them only to
begin comparing. The memory maps of tasks rarely change, so a page mostly lies at the same place
of its pages file as in the dump before: that is compared as it comes. Whether it held is known
when the page maps are there; where it did not, the pages are compared then, as if nothing had been.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from ..tools.pagemap import PAGE
from .calls import CriuCall
from .mapped import MappedImage, StoredPages, changed_runs, map_ahead

LOOK_AGAIN_S = 0.001
LEAST, MOST = 64 * PAGE, 2048 * PAGE  # bytes compared at once, but for the end of a file


class Window(NamedTuple):
    """A part of a file in memory: its bytes, and where they begin."""

    memory: mmap.mmap
    address: int


class _Part:
    """One pages file that grows, and its namesake of the dump before."""

    def __init__(self, before: StoredPages, path: Path) -> None:
        self._before, self._path = before, path
        self._file: int | None = None
        self._starts: list[int] = []  # pages, counted from the file's beginning
        self._lengths: list[int] = []
        self.done = 0  # bytes

    def look(self, least: int) -> bool:
        """Compare what was added, if that is so much; whether anything was."""
        end = min(self._size(), self._before.size, self.done + MOST)
        size = (end - self.done) // PAGE * PAGE
        if size < max(least, PAGE):
            return False
        self._compare(size)
        self.done += size
        return True

    def _size(self) -> int:
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                self._file = os.open(self._path, os.O_RDONLY)
        return 0 if self._file is None else os.fstat(self._file).st_size

    def _compare(self, size: int) -> None:
        assert self._file is not None
        window = _window(self._file, self.done, size)
        first = self.done // PAGE
        for at, pages in changed_runs(
            window.address, self._before.address + self.done, size // PAGE
        ):
            self._starts.append(first + at)
            self._lengths.append(pages)
        window.memory.close()

    def runs(self, first: int, pages: int) -> list[tuple[int, int]] | None:
        """Which of these pages changed, counted from `first`; None where it is not known."""
        end = first + pages
        if end * PAGE > self.done:
            return None
        found = []
        index = max(bisect_right(self._starts, first) - 1, 0)
        while index < len(self._starts) and self._starts[index] < end:
            start = max(self._starts[index], first)
            stop = min(self._starts[index] + self._lengths[index], end)
            if start < stop:
                found.append((start - first, stop - start))
            index += 1
        return found

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _window(file: int, at: int, size: int) -> Window:
    # Copy on write, since ctypes takes the address of what could be written only.
    memory = mmap.mmap(file, size, access=mmap.ACCESS_COPY, offset=at)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    map_ahead(address, size)
    return Window(memory, address)


class ComparedAhead:
    """What is known of a dump under way, in `folder`, against the whole one in `before`."""

    def __init__(self, before: Path, folder: Path) -> None:
        """Maps all pages of `before`: best while the tasks still run."""
        self.before = MappedImage(before)
        self.before.populate()
        self._parts = {
            name: _Part(stored, folder / stored.map.pages_name)
            for name, stored in self.before.maps.items()
        }

    def follow(self, call: CriuCall, step: str) -> None:
        """Compare pages as CRIU writes them, until it has reached this step or has ended."""
        while not (call.happened(step) or call.ended):
            if not self._look(LEAST):
                call.pause(LOOK_AGAIN_S)
        self.catch_up()

    def catch_up(self) -> None:
        """Compare all that is there."""
        while self._look(PAGE):
            pass

    def _look(self, least: int) -> bool:
        return any([part.look(least) for part in self._parts.values()])

    def runs(
        self, now: StoredPages, name: str, at: int, pages: int
    ) -> list[tuple[int, int]] | None:
        """(first, pages) of each run that changed among `pages` pages at this offset of both files.

        None where that is not known: the dump has put them into a file of another name, or they
        came in after the last look.
        """
        before = self.before.maps.get(name)
        if before is None or before.map.pages_name != now.map.pages_name:
            return None
        return self._parts[name].runs(at // PAGE, pages)

    def close(self) -> None:
        for part in self._parts.values():
            part.close()
        self.before.close()
