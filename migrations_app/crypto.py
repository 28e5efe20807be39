"""Keys to hosts, encrypted at rest with a key that is not in the database."""

from __future__ import annotations

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from labsite.keyfiles import read_or_make


def _cipher() -> MultiFernet:
    """One key per line; the first encrypts, all decrypt: put a new one on top to rotate."""
    keys = read_or_make(settings.CREDENTIALS_KEY_FILE, lambda: Fernet.generate_key().decode())
    return MultiFernet([Fernet(line) for line in keys.splitlines()])


def encrypt(secret: str) -> bytes:
    return _cipher().encrypt(secret.encode())


def decrypt(sealed: bytes | memoryview) -> str:
    """For the worker only. Raises cryptography.fernet.InvalidToken when no key fits."""
    return _cipher().decrypt(bytes(sealed)).decode()
