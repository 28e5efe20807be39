"""What happened when: collects phases and commands, and tells the observer as they come."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .clocks import HostClock
from .events import CommandRan, Event, Observer, PhaseEnded, PhaseStarted
from .report import Command, Phase, PhaseName, Side


class OpenPhase:
    """A phase under way; the host's own times replace ours when they are known."""

    def __init__(
        self, name: PhaseName, host: Side, start_ms: float, round_number: int | None = None
    ) -> None:
        self.round = round_number
        self.name = name
        self.host = host
        self.start_ms = start_ms
        self.end_ms: float | None = None
        self.bytes: int | None = None

    def between(self, timeline: Timeline, seen: Mapping[str, Any]) -> None:
        """Take start_ns and end_ns of the host instead of ours."""
        self.start_ms = timeline.at_ms(self.host, seen["start_ns"])
        self.end_ms = timeline.at_ms(self.host, seen["end_ns"])


class Timeline:
    """Milliseconds since the start of the run, on the controller's monotonic clock."""

    def __init__(self, observer: Observer) -> None:
        self._listener = observer
        self.observer_fault: Exception | None = None
        self._origin_ns = time.monotonic_ns()
        self.clocks: dict[Side, HostClock] = {}
        self.phases: list[Phase] = []
        self.commands: list[Command] = []

    def tell(self, event: Event) -> None:
        """Tell the observer; its faults are kept for the report, never in the workload's way."""
        try:
            self._listener(event)
        except Exception as error:  # noqa: BLE001  somebody else's code, while a workload is frozen
            self.observer_fault = error

    def now_ms(self) -> float:
        return (time.monotonic_ns() - self._origin_ns) / 1e6

    def at_ms(self, side: Side, host_ns: int) -> float:
        """A moment on a host's monotonic clock, on the run's scale."""
        return (self.clocks[side].to_ours(host_ns) - self._origin_ns) / 1e6

    def ours_ns(self, at_ms: float) -> int:
        """A moment of the run on the controller's monotonic clock."""
        return self._origin_ns + int(at_ms * 1e6)

    def of_ours(self, ours_ns: int) -> float:
        """A moment on the controller's monotonic clock, on the run's scale."""
        return (ours_ns - self._origin_ns) / 1e6

    def wall_ns(self, side: Side, at_ms: float) -> int:
        """A moment of the run on a host's wall clock."""
        ours = time.time_ns() - time.monotonic_ns() + self._origin_ns + int(at_ms * 1e6)
        return ours + self.clocks[side].wall_offset_ns

    @contextlib.contextmanager
    def phase(self, name: PhaseName, side: Side, round: int | None = None) -> Iterator[OpenPhase]:
        """Begin and end a phase; one that an error leaves is told as failed."""
        phase = OpenPhase(name, side, self.now_ms(), round)
        self.tell(PhaseStarted(name, side, phase.start_ms, round))
        try:
            yield phase
        except BaseException:
            self._end(phase, failed=True)
            raise
        self._end(phase)

    @contextlib.contextmanager
    def step(self, name: PhaseName, side: Side) -> Iterator[None]:
        """A phase that is told when it begins; its end is added by whoever knows its times."""
        phase = OpenPhase(name, side, self.now_ms())
        self.tell(PhaseStarted(name, side, phase.start_ms))
        try:
            yield
        except BaseException:
            self._end(phase, failed=True)
            raise

    def _end(self, phase: OpenPhase, *, failed: bool = False) -> None:
        end_ms = self.now_ms() if phase.end_ms is None else phase.end_ms
        self.add(
            Phase(
                phase.name,
                phase.host,
                phase.start_ms,
                end_ms - phase.start_ms,
                phase.bytes,
                phase.round,
            ),
            failed=failed,
        )

    def add(self, phase: Phase, *, failed: bool = False) -> None:
        """A phase whose times are known afterwards only."""
        self.phases.append(phase)
        self.tell(
            PhaseEnded(
                phase.name,
                phase.host,
                phase.start_ms,
                phase.duration_ms or 0,
                phase.bytes,
                failed,
                phase.round,
            )
        )

    def ran(self, side: Side, phase: PhaseName, commands: Iterable[Mapping[str, Any]]) -> None:
        """Commands as a host told them."""
        for raw in commands:
            command = Command(
                host=side,
                phase=phase,
                argv=tuple(raw["argv"]),
                exit_status=raw["status"],
                start_ms=self.at_ms(side, raw["start_ns"]) if side in self.clocks else 0.0,
                duration_ms=(raw["end_ns"] - raw["start_ns"]) / 1e6,
            )
            self.commands.append(command)
            self.tell(CommandRan(command))
