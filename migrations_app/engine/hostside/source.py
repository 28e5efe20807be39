"""The source's half of a hand-over: told once, it freezes, dumps, sends, asks and waits.

Nothing passes through the controller from the freeze to the target's answer. What fails before
the target was asked thaws the workload here, at once. So does the target's definite no. Silence
after asking leaves it frozen: then the hosts' journals tell what is true, and settlement asks.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError, NotPossible, StepFailed
from ..tools import procfs
from . import along_source, jobs, rounds, silence, transfer, tree
from .channel import receive_json
from .compared import ComparedAhead
from .containers import existing
from .dumping import ContainerDump, Dump, DumpOptions, ProcessDump, explained, stats_of
from .fields import Fields
from .freezer import Freezer
from .lazy import page_base
from .packing import NONE, packer
from .pages import let_dump_end, serve_pages
from .run import Runner
from .stream import FolderSender, Outlet, send_file
from .watched import size_of

THAW_S = 10.0  # for CRIU to let go of the tasks after a failure
_sources: dict[str, Source] = {}


def make_dump(
    fields: Fields, runner: Runner, images: Path, options: DumpOptions, *, stays: bool
) -> Dump:
    """The kind's dump into `images`. Raises NotPossible when the workload is not there."""
    work = fields.job_folder() / "work"
    options = dataclasses.replace(options, adapts=fields.adapts())
    if fields.choice("kind", "container", "process") == "process":
        return ProcessDump(fields.pid(), images, work, options, stays=stays)
    container = existing(fields.name(), runner)
    return ContainerDump(container.id, container.pid, images, work, options)


class Source:
    """One hand-over, from before the freeze to the end of its pages."""

    def __init__(self, fields: Fields, runner: Runner) -> None:
        self.fields, self.runner = fields, runner
        self.folder = jobs.open_folder(fields.job_folder())
        self.root = jobs.memory_folder(fields.job())
        self.images = self.root / "images"
        self.images.mkdir(mode=0o700, exist_ok=True)
        self.limit_s = fields.seconds()
        self.lazy = fields.flag("lazy")
        self.resumed = threading.Event()  # or failed: no longer in the stop window
        self.seen: dict[str, Any] = {}
        self.pages_bytes = 0
        self._asked = self._refused = False
        self.along: along_source.LastPass
        self.compared: ComparedAhead | None = None

    def run(self) -> dict[str, Any]:
        """All of it; what was seen. Raises EngineError; the journal says whether it was asked."""
        jobs.note(self.folder, asked=False)  # whoever settles finds that it was begun, and no more
        port = _free_port() if self.lazy else None
        self.seen["start_ns"] = time.monotonic_ns()
        options = rounds.last_options(self.root, port, self.fields)
        dump = make_dump(self.fields, self.runner, self.images, options, stays=False)
        try:
            with contextlib.ExitStack() as stack:
                link = stack.enter_context(transfer.connect(self.fields, "hand-over"))
                transfer.raise_error_of(receive_json(link))  # it is ready
                self.along = along_source.LastPass(self.fields)
                stack.callback(self.along.close)
                self.compared = rounds.last_compared(self.root, self.fields)
                if self.compared is not None:
                    stack.callback(self.compared.close)
                pages = None
                if port is not None:
                    pages = stack.enter_context(transfer.connect(self.fields, "pages"))
                self._note_begun(dump)
                dump.ready(self.limit_s)
                self._window(dump, link, pages, port)
        finally:
            self.resumed.set()
            dump.close()
        return self.seen

    def _note_begun(self, dump: Dump) -> None:
        me = tree.identity(os.getpid())
        own = tree.identity(dump.criu_pid) if isinstance(dump, ProcessDump) else None
        pid = self.fields.pid() if self.fields.has("pid") else None
        jobs.note(
            self.folder,
            hand_over="source",
            keeper=me,
            dumping=own,
            asked=False,
            lazy=self.lazy,
            source_pid=pid,
            container=dump.container if isinstance(dump, ContainerDump) else None,
            files=[str(path) for path in self.fields.paths("files")] if pid else [],
            output=tree.link(f"/proc/{pid}/fd/1") if pid else None,
        )

    def _window(
        self, dump: Dump, link: socket.socket, pages: socket.socket | None, port: int | None
    ) -> None:
        try:
            self._dump_and_ask(dump, link)
            served = self._serve(pages, port) if pages is not None and port is not None else None
            self._hear(link)
        except Exception as error:
            _hang_up(pages)
            self._let_dump_end(dump)
            if self._asked and not self._refused:
                raise _silence(error) from error  # only the target knows: it stays frozen
            self._back(dump)
            raise
        self.resumed.set()
        self._end(dump, link, served)

    def _dump_and_ask(self, dump: Dump, link: socket.socket) -> None:
        outlet = Outlet(link, transfer.compression(self.fields), transfer.pace(self.fields))
        try:
            self.seen["freeze_ns"] = time.monotonic_ns()
            self.seen["frozen_ns"] = dump.go(self.limit_s)
            self.along.start()
            sender = FolderSender(outlet, self.images)
            (self.compared or sender).follow(dump.call, dump.complete)
            self.seen["complete_ns"] = dump.call.wait_for(dump.complete, self.limit_s)
        except StepFailed as error:
            raise explained(error, self.folder / "work" / "dump.log", "dump") from None
        sender = rounds.changed_only(
            self.root, self.fields, outlet, sender, self.compared, self.seen
        )
        self._files(outlet)
        sender.rest()
        self.seen["along"] = self.along.finish()
        ask = {"pids": self.seen.get("pids", []), "home": self._home()}
        dump.hold(self.seen.get("pids", []))
        jobs.note(self.folder, durable=False, asked=True)
        self._asked = True
        outlet.say({"restore": ask})
        self.seen |= {"asked_ns": time.monotonic_ns(), "bytes": outlet.count}
        self.seen["first_ns"] = outlet.first_ns

    def _files(self, outlet: Outlet) -> None:
        """A process's own files, as they are now that it stands still."""
        if self.fields.choice("kind", "container", "process") == "container":
            return
        pid = self.fields.pid()
        pids = procfs.tree_of(pid, tree.parents())
        output = tree.link(f"/proc/{pid}/fd/1")
        size = tree.size(Path(output)) if output else None
        self.seen |= {"pids": pids, "output_size": size}
        held = {"source_pids": pids, "source_tasks": [tree.identity(one) for one in pids]}
        jobs.note(self.folder, durable=False, output_size=size, **held)
        for path in self.fields.paths("files"):
            send_file(outlet, path)

    def _home(self) -> str | None:
        if not self.fields.has("home"):
            return None
        (home,) = self.fields.paths("home")
        return str(home)

    def _hear(self, link: socket.socket) -> None:
        """Both answers of the target, or its definite no."""
        self.seen["resumed_ns"] = self._answer(link)["resumed_ns"]
        self.seen["restored"] = self._answer(link)["restored"]
        self.seen["answered_ns"] = time.monotonic_ns()
        jobs.note(self.folder, durable=False, restored=True)

    def _answer(self, link: socket.socket) -> dict[str, Any]:
        answer = receive_json(link)
        self._refused = "error" in answer
        transfer.raise_error_of(answer)
        return answer

    def _back(self, dump: Dump) -> None:
        """Definitely not on the target: the workload goes on here."""
        dump.thaw()
        jobs.note(self.folder, durable=False, thawed=True, asked=False)

    def _let_dump_end(self, dump: Dump) -> None:
        """CRIU has let go of the tasks when this returns: only then can they be let go on."""
        with contextlib.suppress(EngineError):
            dump.call.wait_for_end(THAW_S if dump.call.happened("go") else 0)
        if not dump.call.ended:
            dump.call.kill()

    def _serve(self, pages: socket.socket, port: int) -> threading.Thread:
        thread = threading.Thread(target=self._serve_pages, args=(pages, port), daemon=True)
        thread.start()
        return thread

    def _serve_pages(self, pages: socket.socket, port: int) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", port), transfer.CONNECT_S)
            with server:
                server.settimeout(self.limit_s)
                self._serve_from(server, pages)
        except Exception as error:  # noqa: BLE001  the target tells what came of it
            self.seen["pages_error"] = str(error)

    def _serve_from(self, server: socket.socket, pages: socket.socket) -> None:
        compression = transfer.compression(self.fields)
        try:
            serve_pages(
                pages,
                server,
                packer=None if compression == NONE else packer(compression),
                pace=transfer.pace(self.fields),
                base=page_base(self.root, self.fields.job(), rounds.count(self.fields)),
                count=self._count_pages,
                images=self.images,
            )
        except Exception:
            with contextlib.suppress(OSError):
                let_dump_end(server)
            raise

    def _count_pages(self, count: int) -> None:
        self.pages_bytes += count

    def _end(self, dump: Dump, link: socket.socket, served: threading.Thread | None) -> None:
        """After the stop window: until CRIU has ended here, and until the last page is there.

        What CRIU says now is of no consequence: it may end well with pages missing, too.
        """
        try:
            if served is not None:
                self._hear_of_pages(link, served)
        finally:
            self._let_dump_end(dump)
            self._figures(dump)

    def _hear_of_pages(self, link: socket.socket, served: threading.Thread) -> None:
        """The target's word that it has them all. Raises StepFailed with code `pages-lost`."""
        served.join()  # it bears no silence for ever
        try:
            self._answer(link)
        except (OSError, EngineError) as error:
            ours = self.seen.get("pages_error")
            lost = StepFailed(f"{ours} — {error}" if ours else str(error), code="pages-lost")
            raise explained(lost, self.folder / "work" / "dump.log", "dump") from error
        self.seen["pages"] = {"end_ns": time.monotonic_ns(), "bytes": self.pages_bytes}
        jobs.note(self.folder, pages_done=True)

    def _figures(self, dump: Dump) -> None:
        work = self.folder / "work"
        with contextlib.suppress(OSError):
            self.seen["log"] = (work / "dump.log").read_text(errors="replace")
        self.seen["moments"] = dict(dump.call.moments)
        self.seen["stats"] = dict(stats_of(work, "stats-dump"))
        self.seen["image_bytes"] = size_of(self.images)


def _hang_up(pages: socket.socket | None) -> None:
    """Wakes whoever waits for something on it, which closing it does not."""
    if pages is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(pages, socket.SHUT_RDWR)


def _free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def hand_over(fields: Fields, runner: Runner) -> dict[str, Any]:
    """Carry out the source's half; see Source.seen for what is returned.

    Raises StepFailed: `dump-failed`, `transfer-failed`, what the target answered, `pages-lost`, or
    `target-silent` when it was asked and its answer did not come.
    """
    source = Source(fields, runner)
    _sources[fields.job()] = source
    try:
        return source.run()
    except OSError as error:
        raise _broken(error) from error
    except EngineError as error:
        raise (_broken(error) if error.code == "channel-broken" else error) from None


def _broken(error: Exception) -> StepFailed:
    return StepFailed(f"the way to the target broke: {error}", code="transfer-failed")


def _silence(error: Exception) -> StepFailed:
    message = f"the target was asked to restore and did not answer: {error}"
    return StepFailed(message, code="target-silent")


def hand_over_wait(fields: Fields, _: Runner) -> dict[str, Any]:
    """Wait until the stop window is over; `pages_bytes`: sent so far."""
    source = _sources.get(fields.job())
    if source is None:
        raise NotPossible("no hand-over of this job is under way here", code="bad-request")
    if not fields.flag("only_look"):
        source.resumed.wait(fields.seconds())
    return {"pages_bytes": source.pages_bytes, "resumed": source.resumed.is_set()}


def hand_over_thaw(fields: Fields, runner: Runner) -> dict[str, Any]:
    """The way back for a container: its control group is let go."""
    freezer = _freezer(fields, runner)
    frozen = freezer is not None and freezer.frozen()
    if freezer is not None and frozen:
        _heard_again(fields, runner)
        freezer.thaw()
    return {"thawed": frozen}


def _heard_again(fields: Fields, runner: Runner) -> None:
    pid = existing(fields.name(), runner).pid
    if silence.is_own(pid):
        silence.be_heard(silence.of_process(pid), fields.job(), runner, must=False)


def hand_over_frozen(fields: Fields, runner: Runner) -> dict[str, Any]:
    """`frozen`: whether the container stands still by its control group."""
    freezer = _freezer(fields, runner)
    return {"frozen": freezer is not None and freezer.frozen()}


def _freezer(fields: Fields, runner: Runner) -> Freezer | None:
    """None for a container that has ended."""
    pid = existing(fields.name(), runner).pid
    return Freezer(pid) if pid else None


def hand_over_round(fields: Fields, runner: Runner) -> dict[str, Any]:
    """One pre-copy round: see rounds.Round.seen for what is returned.

    Raises StepFailed: `dump-failed`, `transfer-failed`, `target-unreachable`, what the target said.
    """
    with transfer.link_may_break():
        return rounds.Round(fields, runner, make_dump).run()


VERBS: dict[str, Callable[[Fields, Runner], Mapping[str, Any]]] = {
    "hand_over": hand_over,
    "hand_over_frozen": hand_over_frozen,
    "hand_over_round": hand_over_round,
    "hand_over_thaw": hand_over_thaw,
    "hand_over_wait": hand_over_wait,
}
