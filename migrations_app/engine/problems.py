"""What stands in the way of a migration, as data: a code with values.

The words for it are the site's. Severity `fail` refuses before anything is touched, `warn` is told
and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .plan import Strategy, WorkloadKind
from .report import Side

Facts = Mapping[str, Any]
BOTH = (WorkloadKind.PROCESS, WorkloadKind.CONTAINER)
CONTAINERS = (WorkloadKind.CONTAINER,)
BOTH_SIDES = (Side.SOURCE, Side.TARGET)
BY_HAND_OVER = tuple(strategy for strategy in Strategy if strategy.by_hand_over)
LAZY = tuple(strategy for strategy in Strategy if strategy.lazy)


class Severity(StrEnum):
    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Problem:
    code: str
    severity: Severity = Severity.FAIL
    kinds: tuple[WorkloadKind, ...] = BOTH
    strategies: tuple[Strategy, ...] = tuple(Strategy)  # which it stands in the way of
    sides: tuple[Side, ...] = BOTH_SIDES  # as what the host cannot be used because of it
    values: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""  # English, for logs and the command line
