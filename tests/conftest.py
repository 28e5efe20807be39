"""What all tests share: settings without Redis, a database file of their own, a fake engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import fakes

# How long one example takes says something of the machine, which others use as well, and nothing
# of the code; the same examples everywhere make a failure one that anybody can repeat.
hypothesis_settings.register_profile(
    "lab", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("lab")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long runs when asked for: `-m slow`, and the fault harness by `-m faults`."""
    asked = config.getoption("markexpr")
    if "faults" not in asked:
        left_out = [item for item in items if item.get_closest_marker("faults")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("faults")]
    for item in items:
        if item.get_closest_marker("slow") and "slow" not in asked:
            item.add_marker(pytest.mark.skip(reason="takes minutes: -m slow"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file: threads with connections of their own must see what others have committed."""
    for connection in connections.all(initialized_only=False):
        if connection.vendor == "sqlite":
            name = tmp_path_factory.mktemp("database") / "test.sqlite3"
            connection.settings_dict["TEST"]["NAME"] = str(name)
            options = connection.settings_dict["OPTIONS"]
            options["init_command"] += "PRAGMA synchronous=OFF;"  # no test survives a power cut


@pytest.fixture(autouse=True)
def _quick_and_alone(settings, tmp_path: Path) -> None:
    """No Redis, no argon2 rounds, no file outside the test's folder, nothing counted before."""
    cache.clear()  # a test that guesses addresses is held back for a minute, and the next with it
    settings.REDIS_URL = ""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DATA_DIR = tmp_path
    settings.CREDENTIALS_KEY_FILE = tmp_path / "credentials.key"
    settings.CREDENTIALS_KEY_FILE.touch(mode=0o600)
    settings.CREDENTIALS_KEY_FILE.write_text(Fernet.generate_key().decode())


@pytest.fixture
def engine(settings) -> fakes.FakeEngine:
    """The engine that the services reach in this test."""
    fakes.ENGINE.__init__()
    settings.MIGRATION_ENGINE = "tests.fakes.ENGINE"
    return fakes.ENGINE


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was put into the queue, instead of a broker."""
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "migrations_app.services.queue.deliver",
        lambda task, row_id: messages.append((task.name, row_id)),
    )
    return messages


@pytest.fixture
def teacher(db) -> User:
    return User.objects.create_user("teacher", is_staff=True)


@pytest.fixture
def student(db) -> User:
    return User.objects.create_user("student")
