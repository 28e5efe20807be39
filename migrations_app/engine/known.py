"""What the hosts say of a job that is in doubt: for whoever has to decide what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import EngineError, HostError
from .report import PhaseName, Side
from .run import Run
from .workloads.base import Subject

RUNS, STANDS_STILL, NOT_RUNNING = "runs", "stands-still", "not-running"


def known(run: Run, subject: Subject) -> dict[str, Mapping[str, Any]]:
    """By side: `answers`; `workload`: runs, stands-still, not-running, None: it could not say;
    `has_image`: whether a whole image lies there, None: not known; `message`: why it is not."""
    return {str(side): _told_by(side, run, subject) for side in run.sides}


def _told_by(side: Side, run: Run, subject: Subject) -> Mapping[str, Any]:
    told: dict[str, Any] = {"answers": True, "workload": None, "has_image": None, "message": None}
    try:
        journal = run.ask(side, PhaseName.ROLLBACK, "journal")
        told["has_image"] = bool(journal["has_image"])
        told["workload"] = _state(side, subject)
    except HostError as error:
        told |= {"answers": False, "message": error.message}
    except EngineError as error:
        told["message"] = error.message
    return told


def _state(side: Side, subject: Subject) -> str:
    runs: Callable[[], bool] = subject.on_source if side is Side.SOURCE else subject.on_target
    if runs():
        return RUNS
    if side is Side.SOURCE and subject.frozen_on_source():
        return STANDS_STILL
    return NOT_RUNNING
