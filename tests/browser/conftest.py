"""Debian's chromium against Django's live server with made-up rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from . import areas, rows
from .chromium import launched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def addresses(transactional_db) -> dict[str, str]:
    return rows.seed() | areas.seed()


class Visitor:
    """A person with a browser: signs in, and keeps what the console complained about."""

    def __init__(self, page: Page, base: str, addresses: dict[str, str]) -> None:
        self.page = page
        self.base = base
        self.addresses = addresses
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message: Any) -> None:
        """Errors and refusals of the Content-Security-Policy; a 404 asked for is none."""
        if message.type in ("error", "warning") and "404 (Not Found)" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self) -> None:
        self.page.goto(f"{self.base}/login/")
        self.page.fill("#id_username", rows.NAME)
        self.page.fill("#id_password", rows.PASSWORD)
        self.page.click("[data-testid=login]")
        self.page.wait_for_selector("#strip", state="attached")

    def go(self, name: str) -> None:
        """To a page, until its charts are drawn."""
        self.page.goto(self.base + self.addresses[name])
        for box in self.page.query_selector_all("[data-chart]"):
            box.wait_for_selector(".main-svg", state="attached")
        if self.page.query_selector("[data-waterfall]"):
            self.page.wait_for_selector("[data-waterfall] svg")


@pytest.fixture
def visit(chromium, live_server, addresses, settings):
    """visit(language=, theme=, width=): a visitor who is signed in."""
    settings.SESSION_COOKIE_SECURE = False
    contexts = []

    def make(
        *,
        language: str = "en",
        theme: str = "light",
        width: int = 1280,
        java_script_enabled: bool = True,
    ) -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
            color_scheme="light",
            java_script_enabled=java_script_enabled,
        )
        contexts.append(context)
        wanted = {"django_language": language, "theme": theme}
        context.add_cookies(
            [
                {"name": name, "value": value, "url": live_server.url}
                for name, value in wanted.items()
            ]
        )
        visitor = Visitor(context.new_page(), live_server.url, addresses)
        visitor.sign_in()
        return visitor

    yield make
    for context in contexts:
        context.close()
