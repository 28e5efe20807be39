"""Every page in both languages, both themes and on a telephone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
UNFOLD = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"


def told(results) -> list[str]:
    """Each violation with the elements it was found on."""
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


LOOKS = [(language, theme) for language in ("en", "zh-hans") for theme in ("light", "dark")]


def violations_of(visitor, names: list[str]) -> dict[str, list[str]]:
    found = {}
    for name in names:
        visitor.go(name)
        visitor.page.evaluate(UNFOLD)
        found[name] = told(Axe().run(visitor.page, options=WCAG))
    return {name: violations for name, violations in found.items() if violations}


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_on_pages_that_take_turns_with_the_looks(visit, look):
    """Each page in one of the four looks; all of them in every look is a slow test."""
    visitor = visit(language=look[0], theme=look[1])
    assert violations_of(visitor, list(visitor.addresses)[LOOKS.index(look) :: 4]) == {}
    assert visitor.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_axe_finds_nothing_on_any_page_in_any_look(visit, look):
    visitor = visit(language=look[0], theme=look[1])
    assert violations_of(visitor, list(visitor.addresses)) == {}
    assert visitor.complaints == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_nothing_is_wider_than_a_telephone(visit, language):
    visitor = visit(language=language, width=360)
    too_wide = []
    for name in visitor.addresses:
        visitor.go(name)
        visitor.page.evaluate(UNFOLD)
        if visitor.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            too_wide.append(name)
    assert too_wide == []


def test_the_login_page_is_clean_too(visit):
    visitor = visit()
    visitor.page.context.clear_cookies()
    visitor.page.goto(f"{visitor.base}/login/")
    assert told(Axe().run(visitor.page, options=WCAG)) == []
