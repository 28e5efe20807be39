"""What hosts have installed, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Text

COMPONENTS: dict[str, Text] = {
    "program": "Migration Lab",
    "host": _("Host"),
    "kernel": _("Kernel"),
    "criu": "CRIU",
    "docker": "Docker",
    "runc": "runc",
    "cpu": _("Processor"),
}


def words_of_component(name: str) -> Text:
    return COMPONENTS.get(name, name)
