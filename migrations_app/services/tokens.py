"""API tokens: made, checked, revoked. The token itself is shown once and kept nowhere."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.models import ApiToken

PREFIX = "mlab_"  # so that scanners for secrets, and people, know one when they see it
RANDOM_BYTES = 32
SHOWN = len(PREFIX) + 4
USED_EVERY = timedelta(minutes=1)  # how exact "last used" is: not one write for each request


def create_token(
    *, user: User, name: str, scopes: Iterable[str], days: int | None
) -> tuple[ApiToken, str]:
    """A token of this person, and its text. `days` None: it does not expire."""
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=digest_of(text),
        start=text[:SHOWN],
        scopes=sorted(ApiToken.Scope(scope).value for scope in scopes),
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )
    return token, text


def revoke_token(*, token: ApiToken) -> None:
    """From now on it opens nothing; the row is kept, it says what there was."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def token_of(text: str) -> ApiToken | None:
    """The good token with this text, its person active; None for all others alike."""
    found = ApiToken.objects.select_related("user").filter(digest=digest_of(text)).first()
    if found is None or not found.is_good or not found.user.is_active:
        return None
    _note_use(found)
    return found


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
