"""Link shaping: set on both hosts before anything of the workload is sent, gone when it is over.

Each host slows down what it sends to the other (hostside/shaping.py); together that is a slower
link. Both are done outside the stop window.
"""

from __future__ import annotations

from typing import Any

from .errors import EngineError
from .report import PhaseName, Side
from .run import Run

PLAN_NAMES = {  # of the plan's fields, those of the verb
    "link_rate_mbit_s": "rate_mbit_s",
    "link_delay_ms": "delay_ms",
    "link_loss_percent": "loss_percent",
}


def shape_link(run: Run) -> None:
    """As the plan asks for; what the hosts said of it is kept. Raises EngineError."""
    if not run.plan.shapes_link:
        return
    asked: dict[str, Any] = {
        PLAN_NAMES[name]: value for name, value in run.plan.link.items() if value is not None
    }
    for side in run.sides:
        peer = run.hosts[_other(side)].address
        run.link[side] = run.ask(side, PhaseName.PREPARE, "link_shape", address=peer, **asked)


def restore_link(run: Run) -> None:
    """As it was; where that can't be done now, a warning, and clean-up does it later."""
    if not run.plan.shapes_link:
        return
    for side in run.sides:
        try:
            run.ask(side, PhaseName.CLEAN_UP, "link_clear")
        except EngineError as error:
            run.warnings.append(f"{side}-link-not-restored: {error.message}")


def _other(side: Side) -> Side:
    return Side.TARGET if side is Side.SOURCE else Side.SOURCE
