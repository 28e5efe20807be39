"""The controller's part of a hand-over: arms, lets rounds run, says go once, writes down.

The same for every kind; what differs is what the hosts are told of the workload.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import EngineError, HostSessionLost, NotPossible
from ..events import PagesArrived
from ..hosts.base import Answer
from ..plan import Strategy
from ..report import LogFile, Phase, PhaseName, Round, RoundMethod, Side, StopWindow
from ..run import Run
from .base import count_sent, keep_log, record_stats
from .channel import Channel

LOOK_S = 0.5  # how often progress of pages is asked for
PAGE = 4096
MOST_HUGE = 0.25  # of the memory in huge pages, for rounds by tracking


@dataclass
class _Call:
    """A verb under way in a thread of its own: it lasts as long as the hand-over."""

    run: Run
    side: Side
    verb: str
    params: Mapping[str, Any]
    answer: Answer | None = None
    error: EngineError | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self) -> None:
        host, params = self.run.hosts[self.side], {"job": self.run.job, **self.params}
        try:
            self.answer = host.ask(self.verb, params, timeout_s=self.run.memory_limit_s())
        except EngineError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001  told in the caller's thread
            self.error = HostSessionLost(f"{type(error).__name__}: {error}")

    def result(self) -> dict[str, Any]:
        """Wait for it, and note what it ran. Raises its error."""
        self.thread.join()
        told = self.error or self.answer
        assert told is not None
        self.run.timeline.ran(self.side, PhaseName.RESTORE, told.commands)
        if self.error:
            if self.error.log:
                self.run.logs.append(LogFile(self.side, **self.error.log))
            raise self.error
        assert self.answer is not None
        return self.answer.result


@dataclass
class Mover:
    """One workload's hand-over; `told` is what a side has to know of it."""

    run: Run
    channel: Channel
    told: Callable[[Side], Mapping[str, Any]]
    network_ready: bool = False  # the target has one for it already

    def method(self) -> RoundMethod:
        """How rounds find what changed on this source.

        A kernel that tracks writes knows of a huge page as one: two MiB are sent for a byte. Where
        much of the memory lies in such pages, comparing it finds far less.
        """
        criu = self.run.facts[Side.SOURCE]["criu"]
        tracked = criu and criu["features"].get("mem_dirty_track")
        small = self.run.huge_bytes <= self.run.memory_bytes * MOST_HUGE
        return RoundMethod.PRE_DUMP if tracked and small else RoundMethod.CONTENT

    def arm(self) -> None:
        with self.run.timeline.phase(PhaseName.ARM, Side.TARGET) as phase:
            strategy = self.run.plan.strategy
            room = self.run.memory_bytes if strategy is Strategy.STOP_AND_COPY else 0
            params = {"lazy": strategy.lazy, "room": room, **self.told(Side.TARGET)}
            armed = self.run.ask(Side.TARGET, PhaseName.ARM, "hand_over_arm", **params)
            phase.between(self.run.timeline, armed)
        self.network_ready = bool(armed["network"])

    def round(self, number: int) -> Round:
        with self.run.timeline.phase(PhaseName.PRE_COPY, Side.SOURCE, round=number) as phase:
            params = {**self.told(Side.SOURCE), **self.channel.to_target()}
            seen = self.run.ask(
                Side.SOURCE,
                PhaseName.PRE_COPY,
                "hand_over_round",
                memory=True,
                number=number,
                method=str(self.method()),
                **params,
            )
            phase.between(self.run.timeline, seen)
            phase.bytes = seen["bytes"]
        count_sent(self.run, seen["bytes"])
        made = _round_of(self.run, number, self.method(), seen)
        self.run.rounds.append(made)
        frozen = self.run.metrics.get("rounds_frozen_ms", 0.0)
        self.run.metrics["rounds_frozen_ms"] = frozen + (made.frozen_ms or 0.0)
        return made

    def hand_over(self) -> Mapping[str, Any]:
        """Say go once. When this returns the workload runs on the target, with all its pages.

        What the source saw of it; see hostside/source.py.
        """
        lazy, count = self.run.plan.strategy.lazy, len(self.run.rounds)
        self.run.restore_asked, self.run.pages_pending = True, lazy
        receive = _Call(self.run, Side.TARGET, "hand_over_receive", {})
        params = {"lazy": lazy, **self.told(Side.SOURCE), **self.channel.to_target()}
        params["network_ready"] = self.network_ready
        if count:
            params |= {"method": str(self.method()), "rounds": count}
        give = _Call(self.run, Side.SOURCE, "hand_over", params)
        if lazy:
            self._follow_pages(give)
        seen = give.result()  # on its error the target's call is left to settlement
        self.run.pages_pending = False
        restored = seen["restored"]
        record(self.run, seen, restored)
        receive.result()
        return seen

    def _follow_pages(self, give: _Call) -> None:
        """Tell how pages arrive, while the workload runs on the target already."""
        try:
            while give.thread.is_alive():
                seen = self._look_at_pages()
                if seen["resumed"]:
                    self.run.timeline.tell(PagesArrived(seen["pages_bytes"]))
                if seen["resumed"] is not False:
                    give.thread.join(LOOK_S)
        except EngineError:
            return  # only the progress is not known; the call itself tells the end

    def _look_at_pages(self) -> dict[str, Any]:
        """`resumed` is None as long as the host has not begun: the two calls are concurrent."""
        params: dict[str, Any] = {"job": self.run.job}
        limit = self.run.plan.limits.step_s
        try:
            return self.run.hosts[Side.SOURCE].ask("hand_over_wait", params, timeout_s=limit).result
        except NotPossible:
            return {"resumed": None}


def _round_of(run: Run, number: int, method: RoundMethod, seen: Mapping[str, Any]) -> Round:
    at = run.timeline.at_ms
    start, end = at(Side.SOURCE, seen["start_ns"]), at(Side.SOURCE, seen["end_ns"])
    frozen_ms = (seen["thawed_ns"] - seen["frozen_ns"]) / 1e6
    compare = seen.get("compare")
    compare_ms = (compare["end_ns"] - compare["start_ns"]) / 1e6 if compare else None
    transfer_ms = (seen["end_ns"] - (compare or {"end_ns": seen["thawed_ns"]})["end_ns"]) / 1e6
    return Round(
        number=number,
        method=method,
        start_ms=start,
        duration_ms=end - start,
        frozen_ms=frozen_ms,
        dump_ms=frozen_ms,
        compare_ms=compare_ms,
        transfer_ms=transfer_ms,
        pages=seen["pages"],
        bytes=seen["bytes"],
        expected_stop_ms=expected_stop_ms(frozen_ms, compare_ms, transfer_ms, number),
    )


def expected_stop_ms(
    frozen_ms: float, compare_ms: float | None, transfer_ms: float, number: int
) -> float | None:
    """What the stop time would be if the workload were frozen right after this round.

    It would stand still for a dump, a comparison and the sending of about as many pages as this
    round sent; the restore is taken to be as long as the dump. Unknown after round 0, which sent
    everything.
    """
    if number == 0:
        return None
    return 2 * frozen_ms + (compare_ms or 0.0) + transfer_ms


def record(run: Run, seen: Mapping[str, Any], restored: Mapping[str, Any]) -> None:
    """Phases and figures of a hand-over, from what both hosts saw on their own clocks."""

    def here(ns: int) -> float:
        return run.timeline.at_ms(Side.SOURCE, ns)

    def there(ns: int) -> float:
        return run.timeline.at_ms(Side.TARGET, ns)

    frozen, complete, asked = (
        here(seen["frozen_ns"]),
        here(seen["complete_ns"]),
        there(restored["asked_ns"]),
    )
    resumed, first = there(restored["resumed_ns"]), here(seen["first_ns"])
    answered = there(restored["finished_ns"])
    freeze = here(seen["freeze_ns"])
    add = run.timeline.add
    add(Phase(PhaseName.FREEZE, Side.SOURCE, freeze, frozen - freeze))
    add(Phase(PhaseName.DUMP, Side.SOURCE, frozen, complete - frozen))
    add(Phase(PhaseName.TRANSFER, Side.SOURCE, first, asked - first, seen["bytes"]))
    add(Phase(PhaseName.HAND_OVER, Side.SOURCE, complete, asked - complete))
    add(Phase(PhaseName.RESTORE, Side.TARGET, asked, resumed - asked))
    add(Phase(PhaseName.RESUME, Side.TARGET, resumed, answered - resumed))
    run.frozen_ms, run.middle_ms = frozen, (frozen + resumed) / 2
    run.output_size = seen.get("output_size")
    run.metrics |= {
        "stop_time_ms": resumed - frozen,
        "transfer_time_ms": asked - first,
        "hand_over_time_ms": asked - complete,
        "dump_time_ms": (seen["complete_ns"] - seen["moments"]["go"]) / 1e6,
        "restore_time_ms": (restored["resumed_ns"] - restored["moments"]["go"]) / 1e6,
        "image_bytes": seen["image_bytes"],
    }
    count_sent(run, seen["bytes"])
    run.stop_window = stop_window(run.metrics["stop_time_ms"], seen, restored, asked - complete)
    _record_criu(run, seen, restored)
    if "pages" in seen:
        _record_pages(run, seen, resumed)


def _record_criu(run: Run, seen: Mapping[str, Any], restored: Mapping[str, Any]) -> None:
    stats = dict(seen["stats"])
    if run.plan.strategy.lazy:  # CRIU counts the whole service of pages into it
        stats.pop("frozen_time_us", None)
        if "pages_lazy" in stats:
            run.metrics["pages_lazy"] = stats["pages_lazy"]
    record_stats(run, stats)
    record_stats(run, restored["stats"])
    keep_log(run, Side.SOURCE, "dump.log", {"log": seen.get("log", ""), "log_truncated": False})
    keep_log(run, Side.TARGET, "restore.log", {"log": restored["log"], "log_truncated": False})


def _record_pages(run: Run, seen: Mapping[str, Any], resumed: float) -> None:
    end, size = run.timeline.at_ms(Side.SOURCE, seen["pages"]["end_ns"]), seen["pages"]["bytes"]
    run.timeline.add(Phase(PhaseName.PAGES, Side.SOURCE, resumed, end - resumed, size))
    run.metrics |= {"pages_time_ms": end - resumed, "pages_bytes": size}
    count_sent(run, size)


def stop_window(
    stop_ms: float, seen: Mapping[str, Any], restored: Mapping[str, Any], hand_over_ms: float
) -> StopWindow:
    """Where the stop time went, by CRIU's own notifications on either host.

    The remainder is what lies between a word to CRIU and its first sign, on both hosts: the start
    of a program, runc, Docker.
    """
    dump, restore = seen["moments"], restored["moments"]
    begins = max(seen["frozen_ns"], dump["pre-dump"])
    parts = {
        "freeze_ms": max(0.0, (dump["go"] - seen["frozen_ns"]) / 1e6),
        "dump_ms": (seen["complete_ns"] - begins) / 1e6,
        "hand_over_ms": hand_over_ms,
        "restore_ms": (restore["pre-resume"] - restore["pre-restore"]) / 1e6,
        "resume_ms": (restored["resumed_ns"] - restore["pre-resume"]) / 1e6,
    }
    return StopWindow(**parts, remainder_ms=stop_ms - sum(parts.values()))
