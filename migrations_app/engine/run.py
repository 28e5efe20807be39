"""One run of the engine: its plan, its two hosts, its timeline, and what was measured so far."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .clocks import measure
from .errors import EngineError, HostError, NotPossible
from .hosts.base import Host
from .plan import MigrationPlan
from .report import Check, LogFile, PhaseName, Round, RoundsEndedBy, Side, StopWindow
from .timeline import Timeline

LONGEST_S = 7200.0  # that the hostside program takes


@dataclass
class Run:
    """Handed to strategies and kinds; on one host, source and target are the same Host."""

    plan: MigrationPlan
    hosts: dict[Side, Host]
    timeline: Timeline
    cancelled: Callable[[], bool] = lambda: False
    metrics: dict[str, float | int] = field(default_factory=dict)  # report.Metrics by name
    logs: list[LogFile] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: dict[Side, dict[str, Any]] = field(default_factory=dict)
    memory_bytes: int = 0  # of the workload, when it was looked at
    huge_bytes: int = 0  # of that in huge pages
    files_bytes: int = 0  # that go along with it, when they were looked at
    restore_asked: bool = False  # from here on the target may run it
    target_given_up: bool = False  # by a person: its silence is taken for a no
    pages_pending: bool = False  # post-copy: the target has not got every page yet
    frozen_ms: float | None = None  # on the run's scale
    middle_ms: float | None = None  # of the stop window
    rounds: list[Round] = field(default_factory=list)
    rounds_ended_by: RoundsEndedBy | None = None
    stop_window: StopWindow | None = None
    kept_images: dict[str, Any] | None = None
    link: dict[Side, dict[str, Any]] = field(default_factory=dict)  # what shaping set, by host
    along: dict[str, Any] = field(default_factory=dict)  # see docs/report.md, `along`
    checks: list[Check] = field(default_factory=list)  # of the very workload
    client: dict[str, Any] | None = None  # what a client outside saw
    known: dict[str, Any] | None = None  # in doubt: what each host says (known.py)
    left_on: list[Side] = field(default_factory=list)  # where its end is still to be carried out
    output_size: int | None = None  # bytes of a process's output file when it was frozen

    @property
    def job(self) -> str:
        return self.plan.job_id

    def ask(
        self, side: Side, phase: PhaseName, verb: str, *, memory: bool = False, **params: Any
    ) -> dict[str, Any]:
        """Call a verb for this job; its commands go into the timeline, also when it fails."""
        timeout_s = self.memory_limit_s() if memory else self.plan.limits.step_s
        try:
            answer = self.hosts[side].ask(verb, {"job": self.job, **params}, timeout_s=timeout_s)
        except EngineError as error:
            self.timeline.ran(side, phase, error.commands)
            if error.log:
                self.logs.append(LogFile(side, **error.log))
            raise
        self.timeline.ran(side, phase, answer.commands)
        return answer.result

    def memory_limit_s(self) -> float:
        """For a step that moves the workload's memory, however much that is."""
        size = self.metrics.get("image_bytes")
        if size is not None:
            known = size + self.files_bytes
            return min(LONGEST_S, self.plan.limits.image_s(known) + self._paced_s(known))
        limits, expected = self.plan.limits, self.memory_bytes + self.files_bytes
        return min(
            LONGEST_S, max(limits.dump_s, limits.image_s(expected)) + self._paced_s(expected)
        )

    def _paced_s(self, size: float) -> float:
        """Twice what the slower of bandwidth limit and shaped link alone makes of it."""
        limits = (self.plan.bandwidth_limit_mbit_s, self.plan.link_rate_mbit_s)
        limit = min((one for one in limits if one is not None), default=None)
        return 2 * size * 8 / (limit * 1e6) if limit else 0.0

    def refuse_if_cancelled(self) -> None:
        """Before the freeze. Raises NotPossible with code `cancelled` when somebody asked to."""
        if self.cancelled():
            raise NotPossible("cancelled before the freeze", code="cancelled")

    def measure_clocks_that_answer(self) -> None:
        """For settling: figures are not what it is about."""
        for side in self.sides:
            with contextlib.suppress(HostError):
                self.timeline.clocks[side] = measure(self.hosts[side])

    def measure_clocks(self) -> None:
        for side in self.sides:
            self.timeline.clocks[side] = measure(self.hosts[side])
        self.timeline.clocks.setdefault(Side.TARGET, self.timeline.clocks[Side.SOURCE])

    @property
    def one_host(self) -> bool:
        return self.plan.operation.one_host

    @property
    def sides(self) -> tuple[Side, ...]:
        """Each host once."""
        return (Side.SOURCE,) if self.one_host else (Side.SOURCE, Side.TARGET)
