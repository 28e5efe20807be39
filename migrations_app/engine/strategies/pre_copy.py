"""Memory goes ahead in rounds while the workload runs; what changed since, while it stands still.

`hybrid` is the same with the pages of the last part following behind (`Strategy.lazy`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..plan import PreCopyRules
from ..report import Round, RoundsEndedBy
from ..run import Run
from ..workloads.base import Subject


def pre_copy(run: Run, subject: Subject) -> None:
    while run.rounds_ended_by is None:
        subject.round(len(run.rounds))
        run.refuse_if_cancelled()
        run.rounds_ended_by = reason_to_stop(run.rounds, run.plan.pre_copy)
    subject.arm()  # late: Docker holds its lock on the container as long as it is armed
    subject.hand_over()


def reason_to_stop(rounds: Sequence[Round], rules: PreCopyRules) -> RoundsEndedBy | None:
    """Which rule ends the rounds now; the order is that of go-criu's phaul (isLastIter)."""
    last = rounds[-1]
    if len(rounds) > 1 and last.pages <= rules.pages_left:
        return RoundsEndedBy.PAGES_LEFT
    expected = last.expected_stop_ms
    if rules.stop_time_ms is not None and expected is not None and expected <= rules.stop_time_ms:
        return RoundsEndedBy.STOP_TIME
    if len(rounds) > 2 and _growth_percent(rounds) > rules.growth_percent:
        return RoundsEndedBy.GROWTH
    if len(rounds) >= rules.most_rounds:
        return RoundsEndedBy.MOST_ROUNDS
    return None


def _growth_percent(rounds: Sequence[Round]) -> float:
    """Of the last round's pages over those of the one before; round 0 sent everything."""
    before, last = rounds[-2].pages, rounds[-1].pages
    return 100 * (last - before) / before if before else 0.0
