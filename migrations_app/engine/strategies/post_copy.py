"""The workload moves at once; its pages follow, each when it is asked for, the rest behind it.

That is the hand-over's own business (`Strategy.lazy`): the order is that of stop-and-copy.
"""

from __future__ import annotations

from ..run import Run
from ..workloads.base import Subject


def post_copy(_: Run, subject: Subject) -> None:
    subject.arm()
    subject.hand_over()
