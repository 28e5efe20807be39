"""A Docker container, moved as the exercise moves it."""

from __future__ import annotations

from typing import Any

from ..errors import EngineError, NotPossible, StepFailed
from ..plan import Operation, WorkloadKind, WorkloadRef
from ..report import PhaseName, Round, Side
from ..run import Run
from ..verify import split_at
from ..workload_checks import adapted
from .base import record_dump, record_restore, refuse_memory
from .belongings import Belongings
from .channel import Channel
from .moving import Mover

CLONE = "-clone"
RUNTIME = "migration-lab"  # as hostside/runtime.py registers it with Docker
LOG_LINES = 20_000


def clone_name(name: str) -> str:
    """`cr` gives `cr-clone`, and that gives `cr` again."""
    return name.removesuffix(CLONE) if name.endswith(CLONE) else f"{name}{CLONE}"


class ContainerSubject:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.name = run.plan.workload.name
        operation = run.plan.operation
        self.in_place = operation is Operation.RESTORE_IN_PLACE
        self.target_name = (
            clone_name(self.name) if operation is Operation.LOCAL_CLONE else self.name
        )
        self.channel = Channel(run)
        self.mover = Mover(run, self.channel, self._told)
        self.along = Belongings(run, self.channel, self.name)
        self.fast = run.plan.strategy.by_hand_over
        self.source: dict[str, Any] = {}
        self._image = ""  # what the clone is created from

    def prepare(self) -> None:
        seen = self._ask(Side.SOURCE, PhaseName.PREPARE, "container_inspect", self.name)
        self._memory_bytes, self._descriptors = seen.pop("memory_bytes"), seen.pop("descriptors")
        self.run.huge_bytes = seen.pop("huge_bytes")
        self.source = seen
        self._refuse_state()
        if not self.fast:
            # What an earlier checkpoint left would make Docker lose the container in the dump.
            self.run.ask(Side.SOURCE, PhaseName.PREPARE, "container_collect")
        self._image = self.source["image"]
        if not self.in_place:
            self._refuse_taken_name()
        if not self.run.one_host:
            self._prepare_target()
        if self.fast:
            self._create(RUNTIME)
        if not self.run.one_host:
            self.along.send_ahead(with_root=self.fast)

    def _prepare_target(self) -> None:
        """What it needs there, and can have while it runs here."""
        self._image, lacks = self._image_for_target()
        self.along.prepare(self.source, image_lacks=lacks)
        if self.fast:
            self._refuse_runtime()
            self._refuse_memory()
        self.channel.open()
        if lacks:
            self.channel.send(PhaseName.PREPARE, "docker-image", image=self._image)
        self.along.make_volumes()

    def _refuse_state(self) -> None:
        status = self.source["status"]
        if status != "running":
            raise NotPossible(f"{self.name} is {status}, not running", code="workload-not-running")
        if self.source["tty"]:
            message = f"{self.name} has a terminal, which CRIU cannot restore: start it without -t"
            raise NotPossible(message, code="container-terminal")

    def _refuse_runtime(self) -> None:
        if self._descriptors is None:
            message = f"{self.name} does not run under runc, which alone can checkpoint it"
            raise NotPossible(message, code="container-runtime-unknown")

    def _refuse_memory(self) -> None:
        refuse_memory(self.run, self._memory_bytes)

    def _refuse_taken_name(self) -> None:
        state = self._state(Side.TARGET, self.target_name, PhaseName.PREPARE)
        if state != "absent":
            message = f"there is a container {self.target_name} on the target already ({state})"
            raise NotPossible(message, code="target-name-taken")

    def _image_for_target(self) -> tuple[str, bool]:
        """What to create it from there, and whether the target lacks that."""
        reference, wanted = str(self.source["image"]), str(self.source["image_id"])
        found = self._image_id(reference)
        if found in (wanted, None):
            return reference, found is None
        # Another image of that name there keeps its name: ours then goes by its id.
        return wanted, self._image_id(wanted) is None

    def _image_id(self, reference: str) -> str | None:
        answer = self.run.ask(Side.TARGET, PhaseName.PREPARE, "image_id", image=reference)
        found: str | None = answer["id"]
        return found

    def recall(self) -> None:
        """Its names, and that it may have been begun, are all that settlement asks for."""
        self.along.recall()

    def dump(self) -> None:
        self.along.policy_off()
        with self.run.timeline.step(PhaseName.DUMP, Side.SOURCE):
            seen = self._ask(
                Side.SOURCE,
                PhaseName.DUMP,
                "container_checkpoint",
                self.name,
                memory=True,
                leave_running=self.run.plan.leave_running,
            )
        record_dump(self.run, seen)

    def create(self) -> None:
        self._create(None)

    def _create(self, runtime: str | None) -> None:
        with self.run.timeline.phase(PhaseName.CREATE, Side.TARGET) as phase:
            made = self._ask(
                Side.TARGET,
                PhaseName.CREATE,
                "container_create",
                self.target_name,
                source=self.source,
                image=self._image,
                runtime=runtime,
            )
            phase.between(self.run.timeline, made)
        self.run.metrics["create_time_ms"] = (made["end_ns"] - made["start_ns"]) / 1e6

    def transfer(self) -> None:
        with self.run.timeline.phase(PhaseName.TRANSFER, Side.SOURCE) as phase:
            sent = self._copy() if self.run.one_host else self._send()
            phase.between(self.run.timeline, sent)
            phase.bytes = sent["bytes"]
        if not self.run.one_host:
            self.along.send_again()
        self.run.metrics["transfer_time_ms"] = (sent["end_ns"] - sent["start_ns"]) / 1e6

    def _send(self) -> dict[str, Any]:
        return self.channel.send(PhaseName.TRANSFER, "images")

    def _copy(self) -> dict[str, Any]:
        verb = "container_copy_checkpoint"
        return self.run.ask(Side.SOURCE, PhaseName.TRANSFER, verb, memory=True)

    def _told(self, side: Side) -> dict[str, Any]:
        """What a side has to know of it for the hand-over."""
        name = self.name if side is Side.SOURCE else self.target_name
        told = {"kind": "container", "name": name, **self.along.network_told()}
        if side is Side.SOURCE:
            return {**told, "adapts": adapted(self.run.checks), "trees": self.along.passes}
        return {**told, "descriptors": self._descriptors}

    def arm(self) -> None:
        self.along.policy_off()
        self.mover.arm()

    def round(self, number: int) -> Round:
        return self.mover.round(number)

    def hand_over(self) -> None:
        self.along.record(self.mover.hand_over().get("along"))

    def restore(self) -> None:
        self.run.restore_asked = True
        with self.run.timeline.step(PhaseName.RESTORE, Side.TARGET):
            seen = self._restore(Side.TARGET, PhaseName.RESTORE, self.target_name)
        if seen["tries"] > 1:
            self.run.warnings.append("docker-start-tried-again")
        if not self.run.one_host and self.along.own_address:
            self._announce()
        record_restore(self.run, seen)

    def _announce(self) -> None:
        """Docker has attached it; whoever asks for its address learns it anyway, only later."""
        try:
            self._ask(Side.TARGET, PhaseName.RESTORE, "container_announce", self.target_name)
        except StepFailed as error:
            self.run.warnings.append(f"address-not-announced: {error.message}")

    def _restore(self, side: Side, phase: PhaseName, name: str) -> dict[str, Any]:
        here = side is Side.SOURCE or self.run.one_host
        return self._ask(side, phase, "container_restore", name, memory=True, dumped_here=here)

    def on_target(self) -> bool:
        phase = PhaseName.ROLLBACK
        state = self._ask(Side.TARGET, phase, "container_restored", self.target_name)["state"]
        return state in ("running", "paused") and not self._still_on_source()

    def gone_from_target(self) -> bool:
        phase = PhaseName.VERIFY
        seen = self._ask(Side.TARGET, phase, "container_restored", self.target_name)
        ended_well = seen["docker_stayed"] and seen["exit_code"] == 0
        return seen["state"] not in ("running", "paused") and not ended_well

    def _still_on_source(self) -> bool:
        """Then what has its name on the target is somebody else's, and was there before."""
        try:
            return self.on_source()
        except EngineError:
            return False

    def on_source(self) -> bool:
        state = self._state(Side.SOURCE, self.name, PhaseName.ROLLBACK)
        return state in ("running", "paused") and not self.frozen_on_source()

    def frozen_on_source(self) -> bool:
        if not self.fast:
            return False  # Docker ends the container when its checkpoint is written
        state = self._state(Side.SOURCE, self.name, PhaseName.ROLLBACK)
        if state != "running":
            return False
        verb = "hand_over_frozen"
        return bool(self._ask(Side.SOURCE, PhaseName.ROLLBACK, verb, self.name)["frozen"])

    def discard_target(self) -> None:
        if self.fast:
            self.run.ask(Side.TARGET, PhaseName.ROLLBACK, "hand_over_release")
        if not self.in_place:
            self._ask(Side.TARGET, PhaseName.ROLLBACK, "container_discard", self.target_name)

    def resume_source(self) -> None:
        if self.fast:
            self._ask(Side.SOURCE, PhaseName.ROLLBACK, "hand_over_thaw", self.name)
            return
        self._restore(Side.SOURCE, PhaseName.ROLLBACK, self.name)

    def address(self) -> str | None:
        return None if self.run.one_host else self.along.address

    def settle_on(self, side: Side) -> None:
        """Docker may start it again by itself where it is now, and nowhere else."""
        if side is Side.SOURCE or self.run.plan.leave_running or self.in_place:
            self.along.policy_back()
        if side is Side.TARGET and not self.in_place:
            self.along.policy_set(self.target_name)

    def check_files(self) -> None:
        self.along.check()

    def release_source(self) -> None:
        if self.run.plan.leave_running:
            if self.fast:
                self._ask(Side.SOURCE, PhaseName.CLEAN_UP, "hand_over_thaw", self.name)
        elif not self.in_place:
            self._ask(Side.SOURCE, PhaseName.CLEAN_UP, "container_remove", self.name)
            if not self.run.one_host:
                self.along.release_source()

    def output_before(self, lines: int) -> list[str]:
        if self.in_place:
            return self._parts()[0][-lines:]
        return self._tail(Side.SOURCE, self.name, lines)

    def output_after(self, lines: int, *, first: bool = False) -> list[str]:
        if self.in_place:
            since = self._parts()[1]
            return since[:lines] if first else since[-lines:]
        return self._tail(Side.TARGET, self.target_name, lines, own=True, first=first)

    def _parts(self) -> tuple[list[str], list[str]]:
        """Its log goes on in one piece: the middle of the stop window divides it."""
        assert self.run.middle_ms is not None
        raw = self._tail(Side.SOURCE, self.name, LOG_LINES)
        return split_at(raw, self.run.timeline.wall_ns(Side.SOURCE, self.run.middle_ms))

    def _tail(self, side: Side, name: str, lines: int, **which: bool) -> list[str]:
        answer = self._ask(side, PhaseName.VERIFY, "container_tail", name, lines=lines, **which)
        return list(answer["lines"])

    def ask_for_check(self) -> None:
        self._ask(
            Side.TARGET, PhaseName.VERIFY, "container_signal", self.target_name, signal="USR1"
        )

    def after(self, side: Side) -> WorkloadRef:
        name = self.name if side is Side.SOURCE else self.target_name
        return WorkloadRef(WorkloadKind.CONTAINER, name)

    def _state(self, side: Side, name: str, phase: PhaseName) -> str:
        return str(self._ask(side, phase, "container_state", name)["state"])

    def _ask(
        self, side: Side, phase: PhaseName, verb: str, name: str, **params: Any
    ) -> dict[str, Any]:
        return self.run.ask(side, phase, verb, name=name, **params)
