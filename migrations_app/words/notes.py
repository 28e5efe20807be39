"""Notes in a job's log, and the reasons for its changes of state."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Text

NOTES: dict[str, Text] = {}
# Warnings of a run: a code, and after a colon what a tool said.
WARNINGS: dict[str, Text] = {
    "docker-start-tried-again": _(
        "Docker refused the restore at first and did it when asked again."
    ),
    "freeze-not-seen": _(
        "The moment of the freeze was not seen; the stop time is counted from the call of CRIU, so it is a little too long."
    ),
    "resume-not-seen": _(
        "The moment of going on was not seen; the stop time is counted to the return of the command, so it is a little too long."
    ),
    "target-not-cleaned": _("Something was left behind on the target host."),
    "source-not-cleaned": _("Something was left behind on the source host."),
    "rollback-failed": _("The way back failed too."),
    "answer-lost": _("The target's answer was lost; both hosts were asked what is true."),
    "source-not-released": _("The frozen original on the source could not be removed."),
    "kept-image-without-pages": _(
        "The image was kept, but the pages that followed later are not in it: nothing can be restored from it alone."
    ),
    "images-not-kept": _("The images that were to be kept could not be kept on the target."),
    "observer-failed": _("The progress of this run could not be shown or recorded in full."),
}
REASONS: dict[str, Text] = {
    "claimed": _("a worker took it"),
    "completed": _("the run ended"),
    "cancelled": _("somebody cancelled it"),
    "worker-lost": _("its worker vanished; the hosts were asked what is true"),
    "hosts-silent": _("its worker vanished, and the hosts could not be asked"),
    "internal-error": _("a fault of this program"),
}
