"""The exercise by hand: checkpoint to disk, create the clone, copy, start from the checkpoint."""

from __future__ import annotations

from ..plan import Operation
from ..run import Run
from ..workloads.base import Subject


def cold(run: Run, subject: Subject) -> None:
    """Steps one after another, the workload standing still from the first to the last."""
    subject.dump()
    if run.plan.operation is not Operation.RESTORE_IN_PLACE:
        subject.create()
        subject.transfer()
    subject.restore()
