"""The run: all trials in their order, each told as it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from migrations_app.lab import DockerKind
from migrations_app.lab.config import Say

from .cells import Entry, in_order
from .results import Result, Trial
from .stage import Stage
from .trial import run_trial


def run(
    entries: Sequence[Entry],
    stages: Mapping[DockerKind, Stage],
    say: Say,
    *,
    trials: int,
    seed: int,
) -> tuple[list[Result], bool]:
    """Results of all entries, and whether it came to the end: Ctrl-C leaves what there is."""
    results = {entry: Result(entry) for entry in entries}
    order = in_order(entries, trials, seed)
    began = time.monotonic()
    try:
        for place, (number, entry) in enumerate(order, start=1):
            trial = run_trial(stages[entry.cell.docker], entry, number, place)
            results[entry].trials.append(trial)
            say(f"{_at(place, len(order), began)} {entry}, trial {number}: {_outcome(trial)}")
    except KeyboardInterrupt:
        return list(results.values()), False
    return list(results.values()), True


def _at(place: int, of: int, began: float) -> str:
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    return f"[{place}/{of} {minutes}:{seconds:02}]"


def _outcome(trial: Trial) -> str:
    figure = f"failed: {trial.failure}" if trial.failure else f"{trial.stop_ms:.0f} ms"
    return "; ".join([figure, *trial.notes])
