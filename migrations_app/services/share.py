"""Links to results: made, and taken back. The only place that knows how a token is made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from migrations_app.exports.shape import Document
from migrations_app.models import Experiment, MigrationJob, Share

from . import audit
from .codes import Code, Refused

DAYS = (1, 7, 30, 365)  # how long a link may last
MOST_OPEN = 100  # links of one person at a time
_SALT = "migrations_app.share"


class ShareRefused(Refused):
    """A link was not made, or not taken back."""


def share_job(*, job: MigrationJob, owner: User, days: int, snapshot: Document | None) -> Share:
    """A link to one job. `snapshot` is what it shows (redacted); None: the job as it then is.

    Raises ShareRefused. Whether the owner may see the job has been asked before.
    """
    if snapshot is not None and not job.is_finished:
        raise ShareRefused(Code.SHARE_NOT_FINISHED, job=str(job.pk))
    return _make(kind=Share.Kind.JOB, owner=owner, days=days, job=job, document=snapshot)


def share_comparison(*, query: str, owner: User, days: int, snapshot: Document | None) -> Share:
    """A link to the runs that the history's filters choose. Raises ShareRefused."""
    if snapshot is not None and not snapshot["runs"]:
        raise ShareRefused(Code.SHARE_EMPTY)
    kind = Share.Kind.COMPARISON
    return _make(kind=kind, owner=owner, days=days, query=query, document=snapshot)


def share_experiment(
    *, experiment: Experiment, owner: User, days: int, snapshot: Document | None
) -> Share:
    """A link to one experiment; a snapshot may be made before its end, and tells what waits.

    Raises ShareRefused. Whether the owner may see the experiment has been asked before.
    """
    told = snapshot["experiment"] if snapshot else None
    if told and not any(trial["outcome"] for trial in told["trials"]):
        raise ShareRefused(Code.SHARE_NO_TRIAL)
    kind = Share.Kind.EXPERIMENT
    return _make(kind=kind, owner=owner, days=days, experiment=experiment, document=snapshot)


def _make(*, owner: User, days: int, document: Document | None, **fields: Any) -> Share:
    if days not in DAYS:
        raise ShareRefused(Code.SHARE_BAD_DAYS)
    now = timezone.now()
    open_now = Share.objects.filter(owner=owner, revoked_at__isnull=True, expires_at__gt=now)
    if open_now.count() >= MOST_OPEN:
        raise ShareRefused(Code.SHARE_TOO_MANY, most=str(MOST_OPEN))
    seed = secrets.token_urlsafe(32)
    share = Share.objects.create(
        owner=owner,
        seed=seed,
        token_hash=hash_of(_token(seed)),
        expires_at=now + timedelta(days=days),
        document=document,
        **fields,
    )
    kind, live = str(share.kind), document is None
    audit.note(who=owner, what="share-made", target=share, kind=kind, days=days, live=live)
    return share


def revoke_share(*, share: Share, user: User) -> None:
    """From now on the link leads nowhere. Its owner may do that, and staff. Done once for all."""
    if share.owner_id != user.pk and not user.is_staff:
        refused = audit.Outcome.REFUSED
        audit.note(who=user, what="share-revoked", target=share, outcome=refused)
        raise ShareRefused(Code.SHARE_NOT_YOURS)
    if Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.note(who=user, what="share-revoked", target=share, number=share.pk)


def count_opening(share: Share) -> None:
    Share.objects.filter(pk=share.pk).update(opened=F("opened") + 1, opened_at=timezone.now())


# --- tokens -------------------------------------------------------------------------------------
def _token(seed: str) -> str:
    """43 signs (256 bits) that only this site can make of a seed: its SECRET_KEY goes in."""
    made = salted_hmac(_SALT, seed, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    """What is looked up; looking takes as long for a near miss as for any other."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(share: Share) -> str | None:
    """The link's secret part, for its owner; None when SECRET_KEY has changed since."""
    token = _token(share.seed)
    return token if hmac.compare_digest(hash_of(token), share.token_hash) else None
