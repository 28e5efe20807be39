"""The documents as text: pages, prose, links, headings."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ .*", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text()


def prose(name: str) -> str:
    """A page without its code blocks, where `#` begins a comment."""
    return FENCE.sub("", text(name))


def links(path: Path) -> list[str]:
    return LINK.findall(FENCE.sub("", path.read_text()))
