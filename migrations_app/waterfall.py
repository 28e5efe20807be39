"""A run as a picture: each host a lane, each phase a bar, the workload a line that changes lanes.

Pure: phases and figures in, a dictionary out that static/js/waterfall.js draws. Times are
milliseconds from the start of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from migrations_app.engine.plan import Operation
from migrations_app.engine.report import PhaseName, Side

from .quantities import Unit, shown
from .words import PHASES, title_of

LEAST_GAP_MS, UNUSUAL = 50.0, 5  # shorter ones of a client would hide the one that matters


@dataclass(frozen=True)
class Bar:
    """A phase on a host; `duration_ms` is None while it runs."""

    name: str
    side: str
    start_ms: float
    duration_ms: float | None
    bytes: int | None = None
    failed: bool = False
    round: int | None = None  # of pre-copy, from 0

    @property
    def end_ms(self) -> float | None:
        return None if self.duration_ms is None else self.start_ms + self.duration_ms


@dataclass(frozen=True)
class Run:
    """What is drawn. `now_ms` is the run's age, None once it has ended."""

    bars: Sequence[Bar]
    operation: str
    workload: str
    source: str
    target: str
    now_ms: float | None
    stop_time_ms: float | None = None
    workload_is_on: str | None = None  # source, target, None: not known
    last_before: int | None = None
    first_after: int | None = None
    client: Mapping[str, Any] | None = None  # what a client outside saw, as the report has it

    @property
    def end_ms(self) -> float:
        """Where the picture ends: now, or the end of the last phase."""
        ends = [bar.start_ms + (bar.duration_ms or 0) for bar in self.bars]
        return max([*ends, self.now_ms or 0])


@dataclass(frozen=True)
class Window:
    """Where the workload stands still; `end_ms` is None while it does."""

    start_ms: float
    end_ms: float | None


def picture(run: Run) -> dict[str, Any]:
    """What the script needs, texts translated: lanes, the stop window, the workload's line."""
    window = stop_window(run)
    return {
        "lanes": [*(_lane(run, side) for side in _sides(run)), *_client_lane(run)],
        "stop": _stop(window, run),
        "line": _line(run, window),
        "end_ms": run.end_ms,
        "running": run.now_ms is not None,
        "texts": {
            "standing": _("standing still"),
            "summary": _summary(run, window),
        },
    }


def stop_window(run: Run) -> Window | None:
    """From all tasks standing still until they go on, on either host; None: they never stood."""
    start_ms = _stood_still(run.bars)
    return None if start_ms is None else Window(start_ms, _went_on(run, start_ms))


def _stood_still(bars: Sequence[Bar]) -> float | None:
    """The dump begins when the tasks stand still, which is where the freeze ends."""
    dump = _first(bars, PhaseName.DUMP)
    if dump is not None:
        return dump.start_ms
    freeze = _first(bars, PhaseName.FREEZE)
    return None if freeze is None else freeze.end_ms


def _went_on(run: Run, start_ms: float) -> float | None:
    if run.stop_time_ms is not None:
        return start_ms + run.stop_time_ms
    for name in (PhaseName.ROLLBACK, PhaseName.RESTORE):
        bar = _first(run.bars, name)
        if bar and not bar.failed and bar.end_ms is not None:
            return bar.end_ms
    # It ended without either: where the workload is known to be, it goes on at the latest now.
    return run.end_ms if run.now_ms is None and run.workload_is_on else None


def _first(bars: Sequence[Bar], name: PhaseName) -> Bar | None:
    return next((bar for bar in bars if bar.name == name), None)


def _sides(run: Run) -> list[Side]:
    """A restore in place has one lane: nothing goes anywhere."""
    one_lane = run.operation == Operation.RESTORE_IN_PLACE
    return [Side.SOURCE] if one_lane else [Side.SOURCE, Side.TARGET]


def _lane(run: Run, side: Side) -> dict[str, Any]:
    bars = [bar for bar in run.bars if bar.side == side or len(_sides(run)) == 1]
    names = dict.fromkeys(bar.name for bar in sorted(bars, key=lambda bar: bar.start_ms))
    return {
        "key": side.value,
        "title": run.source if side is Side.SOURCE else run.target,
        "role": _role(run, side),
        "rows": [_row(name, [bar for bar in bars if bar.name == name]) for name in names],
    }


def _client_lane(run: Run) -> list[dict[str, Any]]:
    """What a client outside had to wait for, under the phases and on their axis."""
    gaps = worth_drawing(run.client)
    if run.client is None or not gaps:
        return []
    longest = max(gaps, key=lambda gap: gap["duration_ms"])
    bars = [
        {
            "start": gap["start_ms"],
            "duration": gap["duration_ms"],
            "failed": False,
            "text": shown(gap["duration_ms"], Unit.MS),
            "labelled": gap is longest,
            "so_far": "",
        }
        for gap in gaps
    ]
    row = {"name": "client-gap", "title": _("without an answer"), "bars": bars}
    role = _("client outside")
    return [{"key": "client", "title": run.client["host"], "role": role, "rows": [row]}]


def worth_drawing(client: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The longest gap, and others that are not just what is usual between two answers."""
    gaps: list[Mapping[str, Any]] = list((client or {}).get("gaps") or ())
    if not gaps:
        return []
    usual = (client or {}).get("usual_gap_ms") or 0
    longest = max(gap["duration_ms"] for gap in gaps)
    least = min(longest, max(LEAST_GAP_MS, UNUSUAL * usual))
    return [gap for gap in gaps if gap["duration_ms"] >= least]


def _role(run: Run, side: Side) -> str:
    if run.operation == Operation.RESTORE_IN_PLACE:
        return _("source and target")
    if run.operation == Operation.LOCAL_CLONE:
        return _("original") if side is Side.SOURCE else _("clone")
    return _("source host") if side is Side.SOURCE else _("target host")


def _row(name: str, bars: list[Bar]) -> dict[str, Any]:
    texts = [""] * (len(bars) - 1) + [_rounds_text(bars) or _bar_text(bars[-1])]
    return {
        "name": name,
        "title": str(title_of(PHASES, name)),
        "bars": [
            {
                "start": bar.start_ms,
                "duration": bar.duration_ms,
                "failed": bar.failed,
                "text": text,
                "labelled": bar is bars[-1],
                "so_far": shown(bar.bytes, Unit.BYTES) if bar.bytes is not None else "",
            }
            for bar, text in zip(bars, texts, strict=True)
        ],
    }


def _rounds_text(bars: list[Bar]) -> str:
    """Of pre-copy rounds, which share a row: how many, and all together."""
    done = [bar for bar in bars if bar.round is not None and bar.duration_ms is not None]
    if len(done) < len(bars):
        return ""
    count = ngettext("%(count)s round", "%(count)s rounds", len(done)) % {"count": len(done)}
    time = shown(sum(bar.duration_ms or 0 for bar in done), Unit.MS)
    sent = [bar.bytes for bar in done if bar.bytes is not None]
    return " · ".join([count, time, *([shown(sum(sent), Unit.BYTES)] if sent else [])])


def _bar_text(bar: Bar) -> str:
    """What stands beside the bar; empty while it runs: the script counts there."""
    if bar.duration_ms is None:
        return ""
    parts = [shown(bar.duration_ms, Unit.MS)]
    if bar.bytes is not None:
        parts.append(shown(bar.bytes, Unit.BYTES))
    if bar.failed:
        parts.append(_("failed"))
    return " · ".join(parts)


def _stop(window: Window | None, run: Run) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"start": window.start_ms, "end": window.end_ms, "text": _stop_text(window, run)}


def _stop_text(window: Window, run: Run) -> str:
    """What stands over the window once it is over; empty where nothing is known to say."""
    if run.stop_time_ms is not None:
        return _("stop time %(time)s") % {"time": shown(run.stop_time_ms, Unit.MS)}
    if _first(run.bars, PhaseName.ROLLBACK):
        return _("rolled back")
    if window.end_ms is None:  # in doubt: how long it stands still nobody knows
        return "" if run.now_ms is not None else _("frozen; how long is not known")
    # Read off the phases, until the report says it exactly.
    return _("about %(time)s") % {"time": shown(window.end_ms - window.start_ms, Unit.MS)}


def _line(run: Run, window: Window | None) -> list[dict[str, Any]]:
    """The stretches in which the workload runs: lane, from, to (None: still), what it printed."""
    source = Side.SOURCE.value
    if window is None:
        return [_stretch(source, 0, None if run.now_ms is not None else run.end_ms)]
    before = _stretch(source, 0, window.start_ms, end_text=_number(run.last_before))
    if window.end_ms is None:
        return [before]
    after = _stretch(
        _lane_after(run),
        window.end_ms,
        None if run.now_ms is not None else run.end_ms,
        start_text=_number(run.first_after),
    )
    return [before, after]


def _lane_after(run: Run) -> str:
    """Where it goes on: as the run says; until it does, on the target unless it rolls back."""
    if len(_sides(run)) == 1:
        return Side.SOURCE.value
    if run.workload_is_on:
        return run.workload_is_on
    rolled_back = _first(run.bars, PhaseName.ROLLBACK) is not None
    return (Side.SOURCE if rolled_back else Side.TARGET).value


def _stretch(
    lane: str, start: float, end: float | None, *, start_text: str = "", end_text: str = ""
) -> dict[str, Any]:
    return {
        "lane": lane,
        "start": start,
        "end": end,
        "start_text": start_text,
        "end_text": end_text,
    }


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _summary(run: Run, window: Window | None) -> str:
    """The picture in a sentence, for those who do not see it."""
    values = {"workload": run.workload, "source": run.source, "target": run.target}
    if window is None:
        return _("%(workload)s runs on %(source)s; it has not been frozen.") % values
    if run.stop_time_ms is None:
        return _("%(workload)s was frozen on %(source)s; its stop time is not known.") % values
    values["time"] = shown(run.stop_time_ms, Unit.MS)
    return (
        _("%(workload)s ran on %(source)s, stood still for %(time)s and continued on %(target)s.")
        % values
    )
