"""The rows of a host's check list, and the acts that the audit log tells of."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Phrase, Sign

HOST_CHECKS: dict[str, Phrase] = {
    "answers": Phrase(_("It answers"), _("An SSH server greets at this address and port.")),
    "key": Phrase(
        _("It shows the key that was confirmed"), _("So it is the same machine as before.")
    ),
    "lets-in": Phrase(
        _("It lets us in"), _("The site's key stands in the user's authorized_keys.")
    ),
    "program": Phrase(
        _("Our program runs there as root"), _("Directly, or by way of sudo for another user.")
    ),
    "machine": Phrase(_("It is a machine that CRIU can work on"), _("Linux of its own, not WSL.")),
    "python": Phrase(_("Python is new enough"), _("Our program on the host needs 3.10 or newer.")),
    "criu": Phrase(_("CRIU is there and fits the kernel"), _("It takes the checkpoints.")),
    "criu-check": Phrase(
        _("“criu check” finds nothing missing"), _("The kernel offers what CRIU needs.")
    ),
    "lazy-pages": Phrase(
        _("Pages can follow on demand"),
        _("The kernel has userfaultfd: post-copy and hybrid can come here."),
    ),
    "docker": Phrase(_("Docker is there and answers"), _("Needed for containers only.")),
    "experimental": Phrase(
        _("Docker's experimental mode is on"), _("Needed for the cold strategy only.")
    ),
    "docker-restore": Phrase(
        _("Docker can start containers from checkpoints"), _("Needed for the cold strategy only.")
    ),
    "runtime": Phrase(
        _("Docker knows our runtime"),
        _("Needed on the target of a container by all strategies but cold."),
    ),
}

HOST_CHECK_SIGNS: dict[str, Sign] = {
    "ok": Sign(_("fine"), "check-circle-fill", "ok"),
    "warn": Sign(_("with a warning"), "exclamation-triangle-fill", "warn"),
    "fail": Sign(_("not yet"), "x-octagon-fill", "bad"),
    "unknown": Sign(_("not known yet"), "question-circle", "idle"),
    "looking": Sign(_("being looked at"), "hourglass-split", "run"),
}

AUDIT: dict[str, Phrase] = {
    "host-begun": Phrase(_("Began to add a host"), _("Its key is looked at, nothing else.")),
    "host-added": Phrase(_("Added a host"), _("The key that it shows was confirmed and pinned.")),
    "host-key-trusted": Phrase(_("Trusted another host key"), _("A quarantine ended with it.")),
    "host-quarantined": Phrase(
        _("A host showed another key"), _("It is in quarantine: no more contact.")
    ),
    "host-removed": Phrase(_("Removed a host"), _("Its keys were forgotten.")),
    "key-installed": Phrase(
        _("Signed in with a password to install the key"),
        _("The password was used once and kept nowhere."),
    ),
    "preparing-agreed": Phrase(
        _("Said yes to preparing a host"), _("The commands had been shown before.")
    ),
    "preparing-undone": Phrase(_("Had a step of preparing taken back"), _("Packages stay.")),
    "prepared": Phrase(_("A step of preparing ended"), _("A worker ran its commands.")),
    "leftover-removed": Phrase(
        _("What a job had left on a host was removed"),
        _("The host had not answered at the job's end. The site tried again by itself."),
    ),
    "by-hand-source": Phrase(
        _("Settled a job in doubt: it goes on on the source"),
        _("Its target is not waited for; what it has is removed when it answers."),
    ),
    "by-hand-nowhere": Phrase(
        _("Gave the workload of a job in doubt up"),
        _("What is left of it is removed from each host when that answers."),
    ),
    "account-made": Phrase(_("Made an account"), _("Its first password was shown once.")),
    "role-changed": Phrase(_("Changed somebody's role"), _("What they may do changed with it.")),
    "account-closed": Phrase(_("Closed an account"), _("Its sessions and tokens ended with it.")),
    "account-opened": Phrase(_("Opened an account again"), _("Its owner can sign in again.")),
    "password-reset": Phrase(
        _("Gave somebody a new password"), _("It was shown once and ended their sessions.")
    ),
    "share-made": Phrase(_("Made a link to results"), _("Who has the link sees what it shows.")),
    "share-revoked": Phrase(_("Took a link back"), _("It leads nowhere from then on.")),
    "shared-with-class": Phrase(
        _("Shared a run with the class"), _("Every student sees it, with the name of its owner.")
    ),
    "unshared-with-class": Phrase(
        _("Took a run back from the class"), _("Students other than its owner see it no more.")
    ),
    "experiment-shared": Phrase(
        _("Shared an experiment with the class"),
        _("Every student sees it with all its runs, and the name of its owner."),
    ),
    "experiment-unshared": Phrase(
        _("Took an experiment back from the class"),
        _("Students other than its owner see it no more."),
    ),
    "host-opened": Phrase(_("Opened a host to students"), _("They may run things there.")),
    "host-closed": Phrase(
        _("Closed a host to students"), _("What is queued there keeps its place.")
    ),
    "runtime-wanted": Phrase(
        _("Had our runtime installed"), _("A file of ours and an entry in Docker's configuration.")
    ),
}
OUTCOMES: dict[str, Sign] = {
    "done": Sign(_("done"), "check-circle-fill", "ok"),
    "refused": Sign(_("refused"), "slash-circle", "warn"),
    "failed": Sign(_("failed"), "x-octagon-fill", "bad"),
}
