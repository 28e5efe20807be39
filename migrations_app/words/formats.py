"""The formats that results are taken away in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Phrase

FORMATS: dict[str, Phrase] = {
    "csv": Phrase("CSV", _("One line per run, for spreadsheets.")),
    "json": Phrase("JSON", _("Everything, for programs.")),
    "notebook": Phrase(_("Jupyter notebook"), _("The data, and code that draws its charts.")),
    "html": Phrase(_("HTML, one file"), _("Tables, charts and data in one page, without network.")),
}
