"""A request with a key makes something once, however often it arrives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from migrations_app.models import IdempotencyKey

from .codes import Code, SubmitRefused

KEPT = timedelta(days=7)


def once(
    *, user: User, key: str | None, asked: Mapping[str, Any], make: Callable[[], int]
) -> tuple[int, bool]:
    """The id of what `make` made, and whether that was now. Without a key it is made each time.

    Raises SubmitRefused when the key came with another request before, and what `make` raises:
    then the key is free again.
    """
    if key is None:
        return make(), True
    fingerprint = _fingerprint(asked)
    _forget_old(user)
    try:
        return _first_or_again(user, key, fingerprint, make)
    except IntegrityError:  # the same request was quicker on another connection: its answer counts
        return _first_or_again(user, key, fingerprint, make)


def _first_or_again(
    user: User, key: str, fingerprint: str, make: Callable[[], int]
) -> tuple[int, bool]:
    with transaction.atomic():
        before = IdempotencyKey.objects.filter(user=user, key=key).first()
        if before is None:
            made = make()
            IdempotencyKey.objects.create(user=user, key=key, fingerprint=fingerprint, made=made)
            return made, True
    if before.fingerprint != fingerprint:
        raise SubmitRefused(Code.IDEMPOTENCY_KEY_USED)
    return before.made, False


def _fingerprint(asked: Mapping[str, Any]) -> str:
    text = json.dumps(asked, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _forget_old(user: User) -> None:
    IdempotencyKey.objects.filter(user=user, created_at__lt=timezone.now() - KEPT).delete()
