"""Notes in a job's log, and the reasons for its changes of state."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Text

NOTES: dict[str, Text] = {}
REASONS: dict[str, Text] = {
    "claimed": _("a worker took it"),
    "completed": _("the run ended"),
    "cancelled": _("somebody cancelled it"),
    "worker-lost": _("its worker vanished; the hosts were asked what is true"),
    "hosts-silent": _("its worker vanished, and the hosts could not be asked"),
    "internal-error": _("a fault of this program"),
}
