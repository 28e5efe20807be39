"""`manage.py first_login`: somebody who can sign in, on a site that has nobody yet."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from labsite.keyfiles import read_or_make

NAME = "teacher"
PASSWORD_BYTES = 9  # twelve characters to type


class Command(BaseCommand):
    help = "Makes the first account (once) and prints how to sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        # Kept in a file of the data directory (0600), so that it can be said again.
        password = read_or_make(
            settings.DATA_DIR / "first-login", lambda: secrets.token_urlsafe(PASSWORD_BYTES)
        )
        user = User.objects.filter(username=NAME).first() or _create(password)
        if user.check_password(password):
            text = _("Sign in at %(url)s as %(name)s with the password %(password)s")
        else:
            text = _("Sign in at %(url)s as %(name)s with the password that you have set")
        self.stdout.write(text % {"url": settings.SITE_URL, "name": NAME, "password": password})


def _create(password: str) -> User:
    return User.objects.create_superuser(username=NAME, password=password)
