"""One trial: a fresh workload, moved once; what its output shows; nothing left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from migrations_app.engine import EngineError, Report
from migrations_app.lab import LabError

from .cells import Entry
from .errors import BenchError
from .lines import Crossing, NotProven, crossing, memory_is_whole
from .results import Trial
from .shell import script
from .stage import Stage
from .ways import Moved, Way, way_of

LINES_BEFORE = 1000  # one second of output before the move
KEEP_S = 60.0
CHECK_S = 30
READ_LINES = 400_000
READ = f'tail -n {READ_LINES} "$1"'


def run_trial(stage: Stage, entry: Entry, number: int, place: int) -> Trial:
    """Never raises for what a contender does, or a host: a failure is a result."""
    before: dict[str, frozenset[str]] = {}
    try:
        before = {station.host.name: station.look() for station in stage.stations}
        trial = _measured(stage, entry, number, place)
    except (BenchError, EngineError, LabError, NotProven) as error:
        trial = Trial(number, place, failure=_said(error))
    return replace(trial, notes=(*trial.notes, *_left(stage, before)))


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _measured(stage: Stage, entry: Entry, number: int, place: int) -> Trial:
    stage.set_up_for(entry)
    way = way_of(stage, entry)
    way.start()
    log, kept = way.source_log()
    stage.source.shell.run(script("keep"), log, kept, str(LINES_BEFORE), timeout_s=KEEP_S)
    moved = way.move()
    written = _checked_output(stage, way)
    seen = crossing(stage.source.shell.run(READ, kept), written)
    if not memory_is_whole(written):
        raise NotProven("the workload found its memory changed")
    return _trial(number, place, seen, moved)


def _checked_output(stage: Stage, way: Way) -> str:
    """The output on the target, with the workload's word on its memory."""
    log, shell = way.target_log(), stage.target.shell
    arguments = [log, str(CHECK_S * 10), *way.signal_argv()]
    shell.run(script("check"), *arguments, timeout_s=CHECK_S * 2)
    return shell.run(READ, log)


def _trial(number: int, place: int, seen: Crossing, moved: Moved) -> Trial:
    report = moved.report
    window = report.stop_window if report else None
    parts = ("freeze", "dump", "hand_over", "restore", "resume")
    return Trial(
        number,
        place,
        stop_ms=seen.stop_ms,
        longest_gap_ms=seen.longest_ms,
        reported_stop_ms=report.metrics.stop_time_ms if report else None,
        criu_ms=_criu_ms(report) if report else None,
        remainder_ms=window.remainder_ms if window else None,
        parts_ms={part: getattr(window, f"{part}_ms") for part in parts} if window else {},
        steps_ms=moved.steps_ms,
        total_ms=report.metrics.total_time_ms if report else sum(moved.steps_ms.values()),
        notes=tuple(f"warning: {one}" for one in report.warnings) if report else (),
    )


def _criu_ms(report: Report) -> float | None:
    """Dump and restore as CRIU itself reports them, in its statistics."""
    frozen, restore = report.metrics.criu_frozen_time_ms, report.metrics.criu_restore_time_ms
    return None if frozen is None or restore is None else frozen + restore


def _left(stage: Stage, before: Mapping[str, frozenset[str]]) -> list[str]:
    """Sweeps, then says what is there that was not before."""
    notes = []
    for station in stage.stations:
        name = station.host.name
        try:
            station.sweep()
            new = station.look() - before.get(name, frozenset())
        except BenchError as error:
            notes.append(f"{name} could not be swept: {_said(error)}")
            continue
        notes += [f"left on {name}: {one}" for one in sorted(new)]
    return notes
