"""System checks: a wrong environment is named, with what to do, by `manage.py check`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from redis.exceptions import RedisError

from migrations_app.live import connect_redis

MAX_SOCKET_PATH = 107  # bytes of a unix socket's path: sun_path, unix(7)
VENDOR_DIR = "static/vendor"
VENDOR_LOCK = "lock.json"

Apps = Sequence[AppConfig] | None


@register
def credentials_key_is_private(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Nobody but the site may read the key that opens the hosts' keys."""
    path: Path = settings.CREDENTIALS_KEY_FILE
    if not path.exists() or not path.stat().st_mode & 0o077:
        return []
    return [
        Error(f"{path} can be read by others.", hint=f"chmod 600 {path}", id="migrations_app.E001")
    ]


@register
def redis_socket_path_fits(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    path = settings.REDIS_URL.removeprefix("unix://")
    if path == settings.REDIS_URL or len(path.encode()) <= MAX_SOCKET_PATH:
        return []
    hint = "Put the data elsewhere (MIGRATION_LAB_DATA), or set REDIS_URL."
    return [Error(f"{path} is too long for a socket.", hint=hint, id="migrations_app.E002")]


@register
def vendored_files_are_there(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Every file that the lock of the front end's libraries names."""
    folder = settings.BASE_DIR / VENDOR_DIR
    lock = folder / VENDOR_LOCK
    if not lock.exists():
        return []
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    files = [file["path"] for package in packages for file in package["files"]]
    missing = [name for name in files if not (folder / name).exists()]
    hint = "They belong to the repository: git checkout -- static/vendor"
    return [
        Error(f"{VENDOR_DIR}/{name} is missing.", hint=hint, id="migrations_app.E003")
        for name in missing
    ]


@register(Tags.database)  # only with `check --database default`: it opens a connection
def broker_answers(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    try:
        with connect_redis() as client:
            client.ping()
    except (RedisError, ValueError) as error:
        hint = "Start it with scripts/up, or set REDIS_URL. Jobs wait in the queue until then."
        return [Warning(f"Redis does not answer: {error}", hint=hint, id="migrations_app.W001")]
    return []
