"""What can be wrong with a host, in words."""

from __future__ import annotations

from .base import Word

PROBLEMS: dict[str, Word] = {}
