"""What came out: one trial, and all trials of an entry together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .cells import Entry
from .spread import Spread, spread


@dataclass(frozen=True)
class Trial:
    number: int
    place: int  # in the order of the run, from 1
    failure: str | None = None  # why it does not count
    stop_ms: float | None = None  # all times as the workload's output shows them …
    longest_gap_ms: float | None = None
    reported_stop_ms: float | None = None  # … but for these: what our engine's report says
    criu_ms: float | None = None  # CRIU's own: frozen time of the dump and time of the restore
    remainder_ms: float | None = None  # of the stop time, explained by no part of it
    parts_ms: dict[str, float | None] = field(default_factory=dict)  # of the stop time
    steps_ms: dict[str, float] = field(default_factory=dict)  # by hand: how long each command took
    total_ms: float | None = None  # the whole job, or the whole script
    notes: tuple[str, ...] = ()  # warnings, and what was left behind

    @property
    def counts(self) -> bool:
        return self.failure is None and self.stop_ms is not None


@dataclass
class Result:
    entry: Entry
    trials: list[Trial] = field(default_factory=list)

    @property
    def counted(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.counts]

    @property
    def failed(self) -> list[Trial]:
        return [trial for trial in self.trials if not trial.counts]

    @property
    def stop(self) -> Spread | None:
        return self.of(lambda trial: trial.stop_ms)

    def of(self, value: Callable[[Trial], float | None]) -> Spread | None:
        """Spread of one figure over the trials that count and have it."""
        found = [value(trial) for trial in self.counted]
        return spread([one for one in found if one is not None])


def find(results: Sequence[Result], entry: Entry) -> Result | None:
    return next((one for one in results if one.entry == entry), None)


def ratio(over: Spread | None, under: Spread | None) -> float | None:
    """Of two medians; None where one is missing."""
    return over.median / under.median if over and under and under.median > 0 else None
