"""Pre-copy rounds and the parts of the stop window in words."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.report import RoundMethod, RoundsEndedBy

from .base import Phrase

ROUND_METHODS: dict[str, Phrase] = {
    RoundMethod.PRE_DUMP: Phrase(
        _("Pre-dump"),
        _("CRIU's own: the kernel keeps track of which pages change, so only those are written."),
    ),
    RoundMethod.CONTENT: Phrase(
        _("By content"),
        _(
            "The kernel keeps no track of changes: the whole memory is dumped and compared page by page with the round before."
        ),
    ),
}
ROUNDS_ENDED_BY: dict[str, Phrase] = {
    RoundsEndedBy.PAGES_LEFT: Phrase(
        _("Few pages left"),
        _("The last round found so few pages changed that another one would gain nothing."),
    ),
    RoundsEndedBy.GROWTH: Phrase(
        _("Growth"),
        _(
            "The last round found more changed than the one before: memory changes faster than it can be sent."
        ),
    ),
    RoundsEndedBy.MOST_ROUNDS: Phrase(
        _("Most rounds"), _("There had been as many rounds as this run allowed.")
    ),
    RoundsEndedBy.STOP_TIME: Phrase(
        _("Target stop time"),
        _("The stop time to be expected was no longer than the target of this run."),
    ),
}
# By the fields of engine.report.StopWindow, in the order in which they come.
STOP_PARTS: dict[str, Phrase] = {
    "freeze_ms": Phrase(_("Freeze"), _("From the tasks standing still until CRIU begins to dump.")),
    "dump_ms": Phrase(_("Dump"), _("From CRIU beginning to dump until its image is complete.")),
    "hand_over_ms": Phrase(
        _("Hand-over"),
        _("From the image being complete until CRIU on the target begins to restore."),
    ),
    "restore_ms": Phrase(
        _("Restore"), _("From CRIU beginning to restore until it says that all is restored.")
    ),
    "resume_ms": Phrase(_("Resume"), _("From all being restored until the tasks run.")),
    "remainder_ms": Phrase(
        _("Remainder"), _("The stop time less all parts above: what none of them explains.")
    ),
}
