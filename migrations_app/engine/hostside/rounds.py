"""Pre-copy rounds on the source: dump, let it go on, find what changed, send that.

Where the kernel tracks memory CRIU's pre-dump finds what changed. Elsewhere each round is a
whole dump into memory, compared with the one before; the workload stands still for each. What a
round brings is a folder named by its number, on both hosts; `parent` in it leads to the one
before. By content the source keeps its last whole dump beside that, in `full`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import StepFailed
from . import jobs, transfer
from .channel import receive_json
from .compared import ComparedAhead
from .delta import make_delta
from .dumping import Dump, DumpOptions, explained, stats_of
from .fields import Fields
from .run import Runner
from .stream import FolderSender, Outlet

CONTENT, PRE_DUMP = "content", "pre-dump"
FULL, NEXT, DELTA = "full", "next", "delta"
MakeDump = Callable[..., Dump]


def by_content(fields: Fields) -> bool:
    """Whether what changed is found by comparing; `rounds` counts those that were made."""
    return fields.has("method") and fields.choice("method", CONTENT, PRE_DUMP) == CONTENT


def count(fields: Fields) -> int:
    """How many rounds there were before the hand-over."""
    return fields.integer("rounds", 0, 1000) if fields.has("rounds") else 0


def last_options(root: Path, lazy_port: int | None, fields: Fields) -> DumpOptions:
    """For the dump of the hand-over: what rounds have brought needs not be dumped again."""
    tracked = count(fields) > 0 and not by_content(fields) and lazy_port is None
    parent = f"../{count(fields) - 1}" if tracked else None
    return DumpOptions(
        lazy_port=lazy_port,
        parent=parent,
        track_memory=tracked,
        network=not fields.flag("network_ready"),
        connections=fields.flag("connections"),
        silent=fields.job() if fields.flag("silent") else None,
    )


def last_compared(root: Path, fields: Fields) -> ComparedAhead | None:
    """What the dump of the hand-over is compared with; None when all of it is to be sent."""
    if not count(fields) or not by_content(fields) or fields.flag("lazy"):
        return None
    return ComparedAhead(root / FULL, root / "images")


def changed_only(
    root: Path,
    fields: Fields,
    outlet: Outlet,
    sender: FolderSender,
    ahead: ComparedAhead | None,
    seen: dict[str, Any],
) -> FolderSender:
    """What is to be sent of the last dump: all of it, or what changed since the last round."""
    made = count(fields)
    if made and not fields.flag("lazy"):
        outlet.say({"folder": "images"})
        outlet.say({"parent": str(made - 1)})
    if ahead is None:
        return sender
    start_ns = time.monotonic_ns()
    delta = make_delta(ahead, root / "images", _fresh(root / DELTA))
    seen["compare"] = {"start_ns": start_ns, "end_ns": time.monotonic_ns()}
    seen["pages_changed"] = delta.pages_changed
    return FolderSender(outlet, root / DELTA)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


class Round:
    """One round; `seen` is what is told of it."""

    def __init__(self, fields: Fields, runner: Runner, make: MakeDump) -> None:
        self.fields, self.runner, self.make = fields, runner, make
        self.number = fields.integer("number", 0, 1000)
        self.root = jobs.memory_folder(fields.job())
        self.work = jobs.open_folder(fields.job_folder()) / "work"
        self.limit_s = fields.seconds()
        self.seen: dict[str, Any] = {"start_ns": time.monotonic_ns()}

    def run(self) -> dict[str, Any]:
        with transfer.connect(self.fields, "round") as link:
            outlet = Outlet(link, transfer.compression(self.fields), transfer.pace(self.fields))
            outlet.say({"folder": str(self.number)})
            if self.number:
                outlet.say({"parent": str(self.number - 1)})
            content = by_content(self.fields)
            (self._by_content if content else self._by_pre_dump)(outlet)
            outlet.say({"end": True})
            answer = receive_json(link)
        transfer.raise_error_of(answer)
        self.seen |= {"end_ns": time.monotonic_ns(), "bytes": outlet.count}
        return self.seen

    def _by_content(self, outlet: Outlet) -> None:
        images = _fresh(self.root / (NEXT if self.number else FULL))
        self._dump(images, DumpOptions(connections=self.fields.flag("connections")))
        if self.number == 0:
            FolderSender(outlet, images).rest()
            self.seen["pages"] = self.seen["pages_written"]
            return
        start_ns = time.monotonic_ns()
        delta = make_delta(self.root / FULL, images, _fresh(self.root / DELTA))
        self.seen["compare"] = {"start_ns": start_ns, "end_ns": time.monotonic_ns()}
        self.seen["pages"] = delta.pages_changed
        FolderSender(outlet, self.root / DELTA).rest()
        shutil.rmtree(self.root / FULL)
        images.rename(self.root / FULL)

    def _by_pre_dump(self, outlet: Outlet) -> None:
        images = _fresh(self.root / str(self.number))
        parent = f"../{self.number - 1}" if self.number else None
        connections = self.fields.flag("connections")
        options = DumpOptions(
            parent=parent, track_memory=True, pre_dump=True, connections=connections
        )
        self._dump(images, options)
        FolderSender(outlet, images).rest()
        self.seen["pages"] = self.seen["pages_written"]

    def _dump(self, images: Path, options: DumpOptions) -> None:
        """Dump, and let it go on: nothing is sent while it stands still."""
        dump = self.make(self.fields, self.runner, images, options, stays=True)
        try:
            dump.ready(self.limit_s)
            self.seen["frozen_ns"] = dump.go(self.limit_s)
            try:
                # Until CRIU has let go, too: before that a thaw would be undone by it.
                dump.call.wait_for_end(self.limit_s)
            finally:
                dump.thaw()
                self.seen["thawed_ns"] = time.monotonic_ns()
        except StepFailed as error:
            raise explained(error, self.work / "dump.log", "dump") from None
        finally:
            dump.close()
        stats = stats_of(self.work, "stats-dump")
        self.seen |= {"pages_written": stats.get("pages_written", 0), "stats": dict(stats)}
