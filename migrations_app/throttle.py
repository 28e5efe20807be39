"""A brake on guessing: so many misses from one address in a while, then nothing for the rest of it.

Counted per process in Django's cache; good enough for tokens that can't be guessed anyway.
"""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest

MOST_MISSES = 30
WINDOW_S = 60


def _key(request: HttpRequest, about: str) -> str:
    return f"misses:{about}:{request.META.get('REMOTE_ADDR', '')}"


def is_held_back(request: HttpRequest, about: str) -> bool:
    return int(cache.get(_key(request, about), 0)) >= MOST_MISSES


def count_miss(request: HttpRequest, about: str) -> None:
    key = _key(request, about)
    if not cache.add(key, 1, WINDOW_S):
        cache.incr(key)
