"""A row of the table of causes: what it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Knowable(StrEnum):
    """Where it can be known before anything is frozen."""

    HOST = "host"  # from one host: versions, kernel, configuration
    PAIR = "pair"  # from the two hosts together
    WORKLOAD = "workload"  # from the processes themselves, as they run
    TARGET = "target"  # from the workload together with the target
    NEVER = "never"  # only from what has happened


class Told(StrEnum):
    """Who says it."""

    DUMP = "dump.log"
    RESTORE = "restore.log"
    LAZY = "lazy-pages.log"
    CHECK = "criu check"
    TOOL = "answer"  # Docker's or runc's own words
    PROOF = "proof"  # nobody: only the workload's output shows it


@dataclass(frozen=True)
class Cause:
    number: int
    key: str
    message: str  # as people meet it, to recognise and to search for
    patterns: tuple[str, ...]  # for one line; empty: no tool says it
    knowable: Knowable
    told: tuple[Told, ...]
    codes: tuple[str, ...] = ()  # refusals and failures that are this row by themselves
