"""A signed-in client for tests of pages."""

import pytest


@pytest.fixture
def browser(client, student, sent):
    client.force_login(student)
    return client
