"""Every link leads somewhere, every page can be reached, the READMEs say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import DOCS, FENCE, HEADING, PAGES, ROOT, links, prose, text

SCREENSHOTS = DOCS / "screenshots"
PICTURE = re.compile(r"[a-z-]+-(wide|360)-(en|zh)(-dark)?\.png")


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    words = heading.lstrip("# ").strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def leads_somewhere(page: Path, link: str) -> bool:
    name, _, fragment = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if target.parent == SCREENSHOTS and not SCREENSHOTS.exists():
        return bool(PICTURE.fullmatch(target.name))  # scripts/screenshots has yet to be run
    if not target.exists():
        return False
    return not fragment or fragment in map(anchor, HEADING.findall(target.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_the_repository_resolves(page: Path) -> None:
    inside = [link for link in links(page) if not re.match(r"\w+:", link)]
    assert [link for link in inside if not leads_somewhere(page, link)] == []


def test_the_readmes_have_the_same_headings() -> None:
    levels = [
        [heading.split()[0] for heading in HEADING.findall(prose(name))]
        for name in ("README.md", "README.zh.md")
    ]
    assert levels[0] == levels[1]


def test_the_readmes_have_the_same_links_and_pictures_in_their_own_language() -> None:
    english = [link.replace("-en.png", "-zh.png") for link in links(ROOT / "README.md")]
    english = [link.replace("how-it-works.svg", "how-it-works-zh.svg") for link in english]
    chinese = links(ROOT / "README.zh.md")
    assert english[0] == "README.zh.md" and chinese[0] == "README.md"
    assert english[1:] == chinese[1:]


def test_the_readmes_have_the_same_commands_and_figures() -> None:
    blocks = [FENCE.findall(text(name)) for name in ("README.md", "README.zh.md")]
    assert blocks[0] == blocks[1]
    figures = [
        re.findall(r"\d+(?:\.\d+)? ms", text(name)) for name in ("README.md", "README.zh.md")
    ]
    assert figures[0] == figures[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_can_be_reached_from_the_readme(page: Path) -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        here = ahead.pop()
        seen.add(here)
        found = {(here.parent / link.partition("#")[0]).resolve() for link in links(here)}
        ahead += [path for path in found - seen if path.suffix == ".md" and path.exists()]
    assert page in seen


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_folder_of_one_machine(page: Path) -> None:
    assert re.findall(r"/(?:work|home)/\w+", page.read_text()) == []
