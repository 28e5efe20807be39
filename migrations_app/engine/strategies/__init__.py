"""Strategies, one file each and a line here."""

from __future__ import annotations

from collections.abc import Callable

from ..plan import Strategy
from ..run import Run
from ..workloads.base import Subject
from .cold import cold

STRATEGIES: dict[Strategy, Callable[[Run, Subject], None]] = {Strategy.COLD: cold}
