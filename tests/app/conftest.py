"""A signed-in client for tests of pages: an instructor, who sees everything."""

import pytest


@pytest.fixture
def browser(client, teacher, sent):
    client.force_login(teacher)
    return client
