"""Strategies, one file each and a line here."""

from __future__ import annotations

from collections.abc import Callable

from ..plan import Strategy
from ..run import Run
from ..workloads.base import Subject
from .cold import cold
from .post_copy import post_copy
from .pre_copy import pre_copy
from .stop_and_copy import stop_and_copy

STRATEGIES: dict[Strategy, Callable[[Run, Subject], None]] = {
    Strategy.COLD: cold,
    Strategy.STOP_AND_COPY: stop_and_copy,
    Strategy.PRE_COPY: pre_copy,
    Strategy.POST_COPY: post_copy,
    Strategy.HYBRID: pre_copy,
}
