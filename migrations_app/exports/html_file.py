"""One HTML file that opens from the disk: texts, tables, charts, data; no script, no network.

Its own Content-Security-Policy lets it load nothing, whatever stands in the data.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from .document_sheet import DocumentSheet
from .shape import Document

STYLES = Path(settings.BASE_DIR) / "static" / "css"


def build(document: Document) -> str:
    styles = (STYLES / "paper.css").read_text(encoding="utf-8")
    context = {
        "sheet": DocumentSheet(document),
        "document": document,
        "styles": mark_safe(styles),  # noqa: S308  a file of our own
    }
    return render_to_string("results/file.html", context)
