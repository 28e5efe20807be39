"""What a strategy may ask of a workload, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..errors import NotPossible
from ..plan import Strategy, WorkloadRef
from ..report import LogFile, Phase, PhaseName, Round, Side
from ..run import Run

MOST_LOG_CHARACTERS = 60_000


class Subject(Protocol):
    """One workload in one run. Steps raise EngineError; none of them undoes anything."""

    in_place: bool  # it goes on as the very container or process that it was

    def prepare(self) -> None:
        """Refuse what cannot work, and put on the target what can be there beforehand."""

    def recall(self) -> None:
        """Instead of prepare, after a crash: what the hosts' journals know of it."""

    def dump(self) -> None:
        """From here on the workload stands still, until resume_source or a restore."""

    def create(self) -> None:
        """Ask the target for what the image is restored into."""

    def transfer(self) -> None: ...

    def arm(self) -> None:
        """Bring the target to where only the image is missing; the workload runs."""

    def round(self, number: int) -> Round:
        """Send memory ahead, while the workload runs but for the dump."""

    def hand_over(self) -> None:
        """From freeze to the target's answer, host to host: the point of no return."""

    def restore(self) -> None:
        """When this returns, the workload runs on the target: the point of no return."""

    def on_target(self) -> bool:
        """Whether the target runs it. Raises when that cannot be known."""

    def gone_from_target(self) -> bool:
        """Whether what was restored there is there no more, and did not end well by itself.

        Raises when that cannot be known.
        """

    def on_source(self) -> bool:
        """Whether the source runs it, as it did before the run."""

    def frozen_on_source(self) -> bool:
        """Whether it is still there, stopped, and needs no image to go on."""

    def discard_target(self) -> None:
        """When this returns, the target does not run it and will not."""

    def resume_source(self) -> None:
        """Let it go on on the source, from where it was frozen."""

    def address(self) -> str | None:
        """Where it serves, if it has an address that goes along with it."""

    def settle_on(self, side: Side) -> None:
        """When it is known where it runs: only there may it be started again by itself."""

    def check_files(self) -> None:
        """Look again, on the target, at the files that came along."""

    def release_source(self) -> None:
        """After a success: remove what is left of it on the source."""

    def output_before(self, lines: int) -> list[str]:
        """The last lines that it wrote before it was frozen, raw."""

    def output_after(self, lines: int, *, first: bool = False) -> list[str]:
        """What it has written since, raw; when that is more than `lines` the last, or first, of it.

        Raises StepFailed with code `output-cut` where its first lines are there no more.
        """

    def ask_for_check(self) -> None:
        """Have it check its own memory on the target, and print what it found."""

    def after(self, side: Side) -> WorkloadRef:
        """What it is called on that side."""


def start_clock_ms(run: Run, side: Side, seen: dict[str, Any]) -> tuple[float, float]:
    """Start and end of a step on the run's scale."""
    return run.timeline.at_ms(side, seen["start_ns"]), run.timeline.at_ms(side, seen["end_ns"])


def record_dump(run: Run, seen: dict[str, Any]) -> None:
    """Phases freeze and dump, and the figures, of a watched dump on the source."""
    start_ms, end_ms = start_clock_ms(run, Side.SOURCE, seen)
    frozen_ns = seen["frozen_ns"]
    frozen_ms = start_ms if frozen_ns is None else run.timeline.at_ms(Side.SOURCE, frozen_ns)
    if frozen_ns is None:
        run.warnings.append("freeze-not-seen")  # so the stop time is counted from the call
    run.frozen_ms = frozen_ms
    run.output_size = seen.get("output_size")
    run.timeline.add(Phase(PhaseName.FREEZE, Side.SOURCE, start_ms, frozen_ms - start_ms))
    run.timeline.add(Phase(PhaseName.DUMP, Side.SOURCE, frozen_ms, end_ms - frozen_ms))
    run.metrics["dump_time_ms"] = end_ms - start_ms
    run.metrics["image_bytes"] = seen["image_bytes"]
    record_stats(run, seen["stats"])
    keep_log(run, Side.SOURCE, "dump.log", seen)


def record_restore(run: Run, seen: dict[str, Any]) -> None:
    """Phases restore and resume, and the figures, of a watched restore on the target."""
    start_ms, end_ms = start_clock_ms(run, Side.TARGET, seen)
    resumed_ns = seen["resumed_ns"]
    runs_ms = end_ms if resumed_ns is None else run.timeline.at_ms(Side.TARGET, resumed_ns)
    if resumed_ns is None:
        run.warnings.append("resume-not-seen")  # so the stop time is counted to the return
    run.timeline.add(Phase(PhaseName.RESTORE, Side.TARGET, start_ms, runs_ms - start_ms))
    run.timeline.add(Phase(PhaseName.RESUME, Side.TARGET, runs_ms, end_ms - runs_ms))
    run.metrics["restore_time_ms"] = end_ms - start_ms
    if run.frozen_ms is not None:
        run.metrics["stop_time_ms"] = runs_ms - run.frozen_ms
        run.middle_ms = (runs_ms + run.frozen_ms) / 2
    record_stats(run, seen["stats"])
    keep_log(run, Side.TARGET, "restore.log", seen)


_STATS = {
    "frozen_time_us": "criu_frozen_time_ms",
    "memdump_time_us": "criu_memdump_time_ms",
    "memwrite_time_us": "criu_memwrite_time_ms",
    "restore_time_us": "criu_restore_time_ms",
}


def record_stats(run: Run, stats: Mapping[str, int]) -> None:
    """CRIU's own figures."""
    for name, metric in _STATS.items():
        if name in stats:
            run.metrics[metric] = stats[name] / 1000
    if "pages_written" in stats:
        run.metrics["pages_written"] = stats["pages_written"]


def keep_log(run: Run, side: Side, name: str, seen: dict[str, Any]) -> None:
    text = seen["log"]
    if text:
        cut = seen["log_truncated"] or len(text) > MOST_LOG_CHARACTERS
        run.logs.append(LogFile(side, name, text[-MOST_LOG_CHARACTERS:], cut))


def count_sent(run: Run, sent: int) -> None:
    run.metrics["bytes_sent"] = run.metrics.get("bytes_sent", 0) + sent


MARGIN_BYTES = 64 << 20


def refuse_memory(run: Run, memory_bytes: int) -> None:
    """Images lie in memory on both hosts. Raises NotPossible with code `tmpfs-too-small`."""
    run.memory_bytes = memory_bytes
    copies = {Side.SOURCE: 0 if run.plan.strategy is Strategy.POST_COPY else 1, Side.TARGET: 1}
    if run.plan.strategy.in_rounds:  # by content: the last whole dump, and the one to compare
        copies = {Side.SOURCE: 3, Side.TARGET: 2}
    if run.plan.strategy is Strategy.POST_COPY:
        copies[Side.TARGET] = 0
    for side, count in copies.items():
        free = run.facts[side]["shm_free_mib"] << 20
        if free < count * memory_bytes + MARGIN_BYTES:
            needed = (count * memory_bytes + MARGIN_BYTES) >> 20
            message = f"{run.hosts[side].name} has {free >> 20} MiB free in /dev/shm, not {needed}"
            raise NotPossible(message, code="tmpfs-too-small")
