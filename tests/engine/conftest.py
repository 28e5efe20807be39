"""The engine's tests need nothing of the site: no settings, no database, no files but their own."""

import pytest


@pytest.fixture(autouse=True)
def _quick_and_alone() -> None:
    """Instead of what tests/conftest.py prepares for the site's tests."""
