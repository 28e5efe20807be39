"""JSON: the document as it is."""

from __future__ import annotations

import json

from .shape import Document


def build(document: Document) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
