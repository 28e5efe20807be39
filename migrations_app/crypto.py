"""Keys to hosts, encrypted at rest with a key that is not in the database."""

from __future__ import annotations

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
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


def new_private_key() -> str:
    """An ed25519 key pair's private half, OpenSSH PEM."""
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        .decode()
    )


def public_line(private_key: str) -> str:
    """The line of an authorized_keys file that lets the key in."""
    key = serialization.load_ssh_private_key(private_key.encode(), password=None)
    line = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return f"{line.decode()} migration-lab"
