"""Notes in a job's log, and the reasons for its changes of state."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Text

NOTES: dict[str, Text] = {
    "by-hand-source": _("{who} decided that it goes on on the source: {reason}"),
    "by-hand-nowhere": _("{who} decided to give the workload up: {reason}"),
}
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
    "address-not-announced": _(
        "The network was not told where the container's address is now; its neighbours learn it by themselves, later."
    ),
    "client-unseen": _("The client outside could not look, so its gap is not known."),
    "client-unchecked": _(
        "The client outside could not look at all keys after the run, so it is not known whether they are right."
    ),
    "client-not-ended": _("The client outside may still be running on its host."),
    "target-not-cleaned": _("Something was left behind on the target host."),
    "source-not-cleaned": _("Something was left behind on the source host."),
    "source-link-not-restored": _(
        "On the source the link could not be set back at once; the clean-up does that."
    ),
    "target-link-not-restored": _(
        "On the target the link could not be set back at once; the clean-up does that."
    ),
    "rollback-failed": _("The way back failed too."),
    "answer-lost": _("The target's answer was lost; both hosts were asked what is true."),
    "source-not-released": _("The frozen original on the source could not be removed."),
    "kept-image-without-pages": _(
        "The image was kept, but the pages that followed later are not in it: nothing can be restored from it alone."
    ),
    "images-not-kept": _("The images that were to be kept could not be kept on the target."),
    "log-not-carried": _(
        "What the container wrote before is not in its log on the target: its log driver keeps it somewhere else."
    ),
    "log-cut": _("Of the container's log only the newest 32 MiB came along."),
    "log-incomplete": _(
        "The last lines that the container wrote on the source may be missing in its log on the target."
    ),
    "restart-policy-unknown": _(
        "It is not sure whether Docker would start the container again by itself, and where: look at its restart policy on both hosts."
    ),
    "files-not-checked": _(
        "The files that came along were not read again on the target: the connection to it was lost meanwhile."
    ),
    "source-volumes-kept": _(
        "Volumes of the container were left on the source, too: in use there, or not proven to have come along."
    ),
    "observer-failed": _("The progress of this run could not be shown or recorded in full."),
}
REASONS: dict[str, Text] = {
    "claimed": _("a worker took it"),
    "completed": _("the run ended"),
    "cancelled": _("somebody cancelled it"),
    "worker-lost": _("its worker vanished; the hosts were asked what is true"),
    "given-up": _("a person gave it up"),
    "hosts-silent": _("its worker vanished, and the hosts could not be asked"),
    "internal-error": _("a fault of this program"),
}
