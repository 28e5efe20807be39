"""The states of a job and the moves between them; free of the database."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobStatus(models.TextChoices):
    """
    queued ──> running ──> succeeded
      │           ├──────> failed
      │           ├──────> cancelled
      │           └──────> in_doubt ──> succeeded | failed
      └──> cancelled
    """

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    IN_DOUBT = "in_doubt", _("in doubt")


class ByHand(models.TextChoices):
    """What a person decided about a job in doubt; carried out if the hosts still can't say."""

    SOURCE = "source", _("goes on on the source")
    NOWHERE = "nowhere", _("given up")


_S = JobStatus
MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    _S.QUEUED: frozenset({_S.RUNNING, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.IN_DOUBT}),
    _S.IN_DOUBT: frozenset({_S.SUCCEEDED, _S.FAILED}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}
TERMINAL = frozenset(status for status, moves in MOVES.items() if not moves)
# A job in doubt still says something about its workload: no second job may start on it.
UNSETTLED = frozenset(MOVES) - TERMINAL


class IllegalTransition(Exception):
    """A job can't go from `old` to `new`: the move does not exist, or another was faster."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"a job that is {old} can't become {new}")
        self.old = old
        self.new = new
