"""A job in doubt, settled by a person: for when a host will not come back.

The decision is written down here and carried out by whoever settles the job next (reap.py), under
that lease: two at once would undo each other. What the hosts can say goes before it.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from migrations_app.models import ByHand, JobStatus, MigrationJob
from migrations_app.roles import Person

from . import audit, leases
from .codes import Code, SubmitRefused
from .permissions import require_instructor, require_own
from .queue import Task, send_on_commit

LONGEST_REASON = 500
NOTES = {ByHand.SOURCE: "by-hand-source", ByHand.NOWHERE: "by-hand-nowhere"}


def ask_now(*, job: MigrationJob, user: Person) -> None:
    """The hosts are asked now instead of in half a minute. Raises Refused."""
    require_own(user, job)
    with transaction.atomic():
        _wake(job)


def decide(*, job: MigrationJob, decision: str, reason: str, user: Person) -> None:
    """What becomes of it if the hosts still can't say. Raises Refused; for instructors.

    reason: what the person knows that the site doesn't; it stands in the job's log and the audit
    log. The last decision counts, as long as the job is in doubt.
    """
    require_instructor(user)
    if decision not in ByHand.values:
        raise SubmitRefused(Code.BAD_OPTION, option="decision")
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise SubmitRefused(Code.REASON_LENGTH, most=str(LONGEST_REASON))
    with transaction.atomic():
        _wake(job, by_hand=decision)
        who = user.get_username() if user else ""
        job.notes.create(code=NOTES[ByHand(decision)], values={"who": who, "reason": reason})
        audit.note(who=user, what=NOTES[ByHand(decision)], target=job, reason=reason)


def _wake(job: MigrationJob, by_hand: str | None = None) -> None:
    """Its next try is due; one that is under way is let end. Raises SubmitRefused."""
    rows = MigrationJob.objects.filter(pk=job.pk, status=JobStatus.IN_DOUBT)
    if not rows.update(by_hand=F("by_hand") if by_hand is None else by_hand):
        raise SubmitRefused(Code.JOB_SETTLED, job=str(job.pk))
    now = timezone.now()
    # A longer lease than this is that of somebody who asks the hosts right now.
    waiting = rows.filter(lease_until__lte=now + leases.ASK_AGAIN_AFTER)
    if waiting.update(lease_until=now):
        send_on_commit(task=Task.SETTLE_JOB, row_id=job.pk)
