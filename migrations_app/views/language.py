"""A page that can be asked for in a language by its address."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation


def asked_language(request: HttpRequest) -> str:
    """`?lang=`, so that a link can be sent in a language; else the cookie's or browser's."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else translation.get_language() or "en"
