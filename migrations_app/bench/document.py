"""The results as JSON: a list with one object for each line of the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from .environment import Environment
from .results import Result, Trial
from .spread import Spread

DIGITS = 3  # a microsecond


def document(results: Sequence[Result], environment: Environment) -> list[dict[str, Any]]:
    """Times in milliseconds; what was not measured is null, never 0.

    Every object carries the environment of its run, so that objects of several runs can be put
    together into one list.
    """
    return [_object(result, dataclasses.asdict(environment)) for result in results]


def _object(result: Result, environment: dict[str, Any]) -> dict[str, Any]:
    entry = result.entry
    return {
        "contender": str(entry.contender),
        "kind": str(entry.kind),
        "memory_mib": entry.cell.memory_mib,
        "dirty_pages_per_s": entry.cell.dirty_pages_per_s,
        "link": entry.cell.link,
        "docker": str(entry.cell.docker),
        "n": len(result.counted),
        "failed": len(result.failed),
        "cannot": not entry.possible,
        "stop_time_ms": _spread(result.stop),
        "longest_gap_ms": _spread(result.of(lambda trial: trial.longest_gap_ms)),
        "reported_stop_time_ms": _spread(result.of(lambda trial: trial.reported_stop_ms)),
        "criu_dump_and_restore_ms": _spread(result.of(lambda trial: trial.criu_ms)),
        "remainder_ms": _spread(result.of(lambda trial: trial.remainder_ms)),
        "total_time_ms": _spread(result.of(lambda trial: trial.total_ms)),
        "trials": [_trial(trial) for trial in result.trials],
        "run": environment,
    }


def _spread(spread: Spread | None) -> dict[str, float | None]:
    if spread is None:
        return {"median": None, "low": None, "high": None, "coverage": None}
    return {name: _rounded(value) for name, value in dataclasses.asdict(spread).items()}


def _trial(trial: Trial) -> dict[str, Any]:
    return {name: _rounded(value) for name, value in dataclasses.asdict(trial).items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value
