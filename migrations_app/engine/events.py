"""What the engine tells while it works: phases begin and end, commands run, notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .report import Command, PhaseName, Side


@dataclass(frozen=True)
class PhaseStarted:
    name: PhaseName
    host: Side
    start_ms: float
    round: int | None = None


@dataclass(frozen=True)
class PhaseEnded:
    """Ends the latest PhaseStarted of the same name; its start may be known better by now."""

    name: PhaseName
    host: Side
    start_ms: float
    duration_ms: float
    bytes: int | None = None
    failed: bool = False
    round: int | None = None


@dataclass(frozen=True)
class CommandRan:
    command: Command


@dataclass(frozen=True)
class PagesArrived:
    """While pages follow (post-copy): what has been sent so far."""

    bytes: int


@dataclass(frozen=True)
class Note:
    """A sentence for the log of the job, as a code the site can translate, with its values."""

    code: str
    values: tuple[tuple[str, str], ...] = ()


Event = PhaseStarted | PhaseEnded | CommandRan | PagesArrived | Note
Observer = Callable[[Event], None]
