"""Accounts: made and changed by administrators; everybody has habits of their own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from migrations_app.models import Account
from migrations_app.roles import FLAGS, Person, Role, administers, role_of

from . import audit
from .codes import Code, InventoryRefused
from .permissions import require_administrator

PASSWORD_BYTES = 12  # sixteen letters, to be changed at the first sign-in
NAME_LENGTH = 150


def create_user(*, name: str, role: Role, by: Person) -> tuple[User, str]:
    """A new account and its first password, which is kept nowhere. Raises Refused."""
    _require(by, "account-made", name)
    _check_name(name)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    with transaction.atomic():
        if User.objects.filter(username__iexact=name).exists():
            raise InventoryRefused(Code.USER_EXISTS, name=name)
        user = User(username=name, **FLAGS[role])
        user.set_password(password)
        user.save()
        audit.note(who=by, what="account-made", target=user, role=str(role))
    return user, password


def change_user(
    *, user: User, role: Role, is_active: bool, quota: Mapping[str, int | None], by: Person
) -> None:
    """`quota`: the columns of Account that are one's own; None is the site's. Raises Refused."""
    _require(by, "role-changed", user)
    with transaction.atomic():
        before = User.objects.select_for_update().get(pk=user.pk)
        User.objects.filter(pk=user.pk).update(is_active=is_active, **FLAGS[role])
        _note_changes(before, role, is_active, by)
        if not User.objects.filter(is_superuser=True, is_active=True).exists():
            raise InventoryRefused(Code.LAST_ADMINISTRATOR)
        Account.objects.update_or_create(user=user, defaults=dict(quota))


def _note_changes(before: User, role: Role, is_active: bool, by: Person) -> None:
    """Rows of the audit log; none where somebody saved what was so already."""
    former = role_of(before)
    if former is not role:
        audit.note(who=by, what="role-changed", target=before, role=str(role), before=str(former))
    if before.is_active and not is_active:
        audit.note(who=by, what="account-closed", target=before)
    elif is_active and not before.is_active:
        audit.note(who=by, what="account-opened", target=before)


def _require(by: Person, what: str, target: object) -> None:
    """Raises Forbidden for one who is no administrator; the audit log has the attempt."""
    if not administers(by):
        audit.note(who=by, what=what, target=target, outcome=audit.Outcome.REFUSED)
    require_administrator(by)


def reset_password(*, user: User, by: Person) -> str:
    """A new password, kept nowhere; it ends the person's sessions."""
    _require(by, "password-reset", user)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.note(who=by, what="password-reset", target=user)
    return password


def save_habits(*, user: User, language: str, theme: str) -> None:
    """What their browsers get at each sign-in."""
    Account.objects.update_or_create(user=user, defaults={"language": language, "theme": theme})


def _check_name(name: str) -> None:
    try:
        UnicodeUsernameValidator()(name)
    except ValidationError as error:
        raise InventoryRefused(Code.BAD_USER_NAME, name=name) from error
    if len(name) > NAME_LENGTH:
        raise InventoryRefused(Code.BAD_USER_NAME, name=name[:NAME_LENGTH])
