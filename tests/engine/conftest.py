"""The engine's tests need nothing of the site: no settings, no database, no files but their own."""

from collections.abc import Iterator

import pytest

from migrations_app.engine.hostside import jobs, runtime


@pytest.fixture(autouse=True)
def _quick_and_alone() -> None:
    """Instead of what tests/conftest.py prepares for the site's tests."""


@pytest.fixture(autouse=True, scope="session")
def _nothing_of_the_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The host's own places, of which some tests run verbs that would write there."""
    place = tmp_path_factory.mktemp("host")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "MEMORY", place / "memory")
        patch.setattr(runtime, "ARMED", place / "armed")
        patch.setattr(runtime, "PROGRAM", place / "lib" / "runtime")
        patch.setattr(runtime, "DAEMON_JSON", place / "etc" / "daemon.json")
        patch.setattr(runtime, "DOCKER_PID", place / "docker.pid")
        yield
