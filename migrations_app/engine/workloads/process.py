"""A bare process and everything below it, moved by CRIU itself."""

from __future__ import annotations

from typing import Any

from ..errors import NotPossible
from ..plan import Operation, WorkloadKind, WorkloadRef
from ..report import PhaseName, Round, Side
from ..run import Run
from ..workload_checks import adapted
from .base import record_dump, record_restore, refuse_memory
from .channel import Channel
from .moving import Mover


class ProcessSubject:
    def __init__(self, run: Run) -> None:
        self.run = run
        assert run.plan.workload.pid is not None
        self.pid = run.plan.workload.pid
        self.source: dict[str, Any] = {}
        self.channel = Channel(run)
        self.mover = Mover(run, self.channel, self._told)
        self.in_place = run.plan.operation is Operation.RESTORE_IN_PLACE

    def prepare(self) -> None:
        self.source = self._ask(Side.SOURCE, PhaseName.PREPARE, "process_inspect", pid=self.pid)
        if self.source["terminal"]:
            message = "it has a terminal open, which CRIU cannot restore: start it without one"
            raise NotPossible(message, code="process-terminal")
        if not self.in_place:
            self.channel.files = self._files_to_send()
            self.channel.open()
        if self.run.plan.strategy.by_hand_over:
            refuse_memory(self.run, self.source["memory_bytes"])
            self.run.huge_bytes = self.source["huge_bytes"]

    def _told(self, side: Side) -> dict[str, Any]:
        """What a side has to know of it for the hand-over."""
        told: dict[str, Any] = {"kind": "process"}
        if side is Side.TARGET:
            return told
        own = self.run.plan.workload.own_output
        home = [own.rpartition("/")[0]] if self.source["output"] == own else None
        told |= {"adapts": adapted(self.run.checks)}
        return {**told, "pid": self.pid, "files": list(self.channel.files), "home": home}

    def arm(self) -> None:
        self.mover.arm()

    def round(self, number: int) -> Round:
        return self.mover.round(number)

    def hand_over(self) -> None:
        self.mover.hand_over()

    def _files_to_send(self) -> list[str]:
        """Those that the target lacks; its pids must be free there, its programs the same."""
        mapped, files = self.source["mapped"], self.source["files"]
        paths = sorted({*mapped, *files})
        pids = [str(pid) for pid in self.source["pids"]]
        there = self._ask(Side.TARGET, PhaseName.PREPARE, "files_facts", files=paths, pids=pids)
        if there["pids_taken"]:
            message = f"pid {there['pids_taken'][0]} is taken on the target"
            raise NotPossible(message, code="target-pid-taken")
        lacking = [path for path in files if there["sizes"][path] is None]
        for path in sorted({*paths} - {*lacking}):
            if path not in mapped:
                raise NotPossible(f"{path} is on the target already", code="target-file-exists")
            if there["sizes"][path] != mapped[path]:
                raise NotPossible(f"{path} is not the same on the target", code="file-differs")
        return lacking

    def recall(self) -> None:
        journal = self._ask(Side.SOURCE, PhaseName.ROLLBACK, "journal")
        self.source = {
            "pids": journal.get("source_pids", [self.pid]),
            "files": journal.get("files", []),
            "mapped": journal.get("mapped", []),
            "output": journal.get("output"),
        }
        # What is mapped may have been on the target before: it is not the job's to remove.
        files, mapped = self.source["files"], self.source["mapped"]
        self.channel.files = [path for path in files if path not in mapped]

    def dump(self) -> None:
        with self.run.timeline.step(PhaseName.DUMP, Side.SOURCE):
            held = {"pid": self.pid, "adapts": adapted(self.run.checks)}
            seen = self._ask(Side.SOURCE, PhaseName.DUMP, "process_dump", memory=True, **held)
        self.source["pids"] = seen["pids"]
        record_dump(self.run, seen)

    def create(self) -> None:
        """Nothing to ask for: criu restore makes the processes."""

    def transfer(self) -> None:
        with self.run.timeline.phase(PhaseName.TRANSFER, Side.SOURCE) as phase:
            images = self.channel.send(PhaseName.TRANSFER, "images")
            files = self.channel.send(PhaseName.TRANSFER, "files", files=list(self.channel.files))
            phase.between(self.run.timeline, {**images, "end_ns": files["end_ns"]})
            phase.bytes = images["bytes"] + files["bytes"]
        self.run.metrics["transfer_time_ms"] = (files["end_ns"] - images["start_ns"]) / 1e6

    def restore(self) -> None:
        if self.in_place:
            self._ask(Side.SOURCE, PhaseName.RESTORE, "process_kill")
        self.run.restore_asked = True
        with self.run.timeline.step(PhaseName.RESTORE, Side.TARGET):
            seen = self._restore(Side.TARGET, PhaseName.RESTORE)
        self._settle_in()
        record_restore(self.run, seen)

    def _restore(self, side: Side, phase: PhaseName) -> dict[str, Any]:
        pids = [str(pid) for pid in self.source["pids"]] if self.source else []
        return self._ask(side, phase, "process_restore", memory=True, pids=pids)

    def _settle_in(self) -> None:
        if self.source["output"]:
            output = [self.source["output"]]
            self._ask(
                Side.TARGET, PhaseName.RESTORE, "process_settle_in", pid=self.pid, output=output
            )

    def on_target(self) -> bool:
        restored = self._ask(Side.TARGET, PhaseName.ROLLBACK, "process_restored")
        if restored["known"]:
            return restored["pid"] is not None and self._state(Side.TARGET) == "running"
        return self._writes_its_own_output(Side.TARGET)

    def gone_from_target(self) -> bool:
        """How a process ended nobody can say any more; that it did is enough."""
        return not self.on_target() and self._state(Side.TARGET) == "absent"

    def _writes_its_own_output(self, side: Side) -> bool:
        """After the clean-up no journal knows it any more, but its file does."""
        output = [self.run.plan.workload.own_output]
        answer = self._ask(side, PhaseName.ROLLBACK, "process_state", pid=self.pid, output=output)
        return bool(answer["state"] == "running")

    def on_source(self) -> bool:
        return self._state(Side.SOURCE) == "running"

    def _state(self, side: Side) -> str:
        return str(self._ask(side, PhaseName.ROLLBACK, "process_state", pid=self.pid)["state"])

    def frozen_on_source(self) -> bool:
        return self._state(Side.SOURCE) == "stopped"

    def discard_target(self) -> None:
        self._ask(Side.TARGET, PhaseName.ROLLBACK, "process_discard")
        if not self.in_place:
            files = list(self.channel.files)
            self._ask(Side.TARGET, PhaseName.ROLLBACK, "process_forget", files=files)

    def resume_source(self) -> None:
        if self._state(Side.SOURCE) == "absent":  # in place, and killed already: from its image
            self._restore(Side.SOURCE, PhaseName.ROLLBACK)
        else:
            self._ask(Side.SOURCE, PhaseName.ROLLBACK, "process_thaw")

    def address(self) -> str | None:
        """It has that of its host."""
        return None

    def settle_on(self, side: Side) -> None:
        """Nobody starts a process again by itself."""

    def check_files(self) -> None:
        """Its files are its output, which the proof reads."""

    def release_source(self) -> None:
        if self.in_place:
            return
        if self.run.plan.leave_running:
            self._ask(Side.SOURCE, PhaseName.CLEAN_UP, "process_thaw")
            return
        self._ask(Side.SOURCE, PhaseName.CLEAN_UP, "process_kill")
        files = [path for path in self.source["files"] if path not in self.source["mapped"]]
        self._ask(Side.SOURCE, PhaseName.CLEAN_UP, "process_forget", files=files)

    def output_before(self, lines: int) -> list[str]:
        """Its output file went along, so both parts are read there; its size divides them."""
        return self._tail(lines, end=self._divided_at())

    def output_after(self, lines: int, *, first: bool = False) -> list[str]:
        return self._tail(lines, start=self._divided_at(), first=first)

    def _divided_at(self) -> int | None:
        """When the answer of the hand-over was lost, the source's journal still knows it."""
        if self.run.output_size is None and self.run.plan.strategy.by_hand_over:
            journal = self._ask(Side.SOURCE, PhaseName.VERIFY, "journal")
            self.run.output_size = journal.get("output_size")
        return self.run.output_size

    def _tail(self, lines: int, **part: int | None) -> list[str]:
        if not self.source["output"]:
            return []
        output = [self.source["output"]]
        answer = self._ask(
            Side.TARGET, PhaseName.VERIFY, "process_tail", output=output, lines=lines, **part
        )
        return list(answer["lines"])

    def ask_for_check(self) -> None:
        self._ask(Side.TARGET, PhaseName.VERIFY, "process_signal", pid=self.pid, signal="USR1")

    def after(self, side: Side) -> WorkloadRef:
        return WorkloadRef(WorkloadKind.PROCESS, self.run.plan.workload.name, self.pid)

    def _ask(self, side: Side, phase: PhaseName, verb: str, **params: Any) -> dict[str, Any]:
        return self.run.ask(side, phase, verb, **params)
