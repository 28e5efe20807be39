"""The workloads that fail on purpose, in words; what each teaches is its cause's own reason."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.catalogue import TROUBLES

from .base import Text
from .causes import CAUSES

_SHOWN: dict[str, tuple[Text, Text]] = {
    "terminal": (
        _("Trouble: terminal"),
        _(
            "A counter whose input is a terminal that somebody outside holds (as a process; in a container both ends go along)."
        ),
    ),
    "file-lock": (
        _("Trouble: file lock"),
        _(
            "A counter that holds a lock on a file; the run takes it along where CRIU can be told to."
        ),
    ),
    "ghost-file": (
        _("Trouble: ghost file"),
        _(
            "A counter with 2 MiB in an open file that has no name any more; the run raises CRIU's limit where it can."
        ),
    ),
    "hard-link": (
        _("Trouble: hard link"),
        _("A counter with an open file whose name is gone, but that has another."),
    ),
    "outside-socket": (
        _("Trouble: outside socket"),
        _(
            "A counter that is connected by a unix socket to a process which is not one of its own (as a process; in a container both ends go along)."
        ),
    ),
    "tcp-connection": (
        _("Trouble: TCP connection"),
        _("A counter with an open TCP connection to itself."),
    ),
    "mptcp": (
        _("Trouble: multipath TCP"),
        _("A counter that listens on a socket for multipath TCP, as Go programs do."),
    ),
    "io-uring": (_("Trouble: io_uring"), _("A counter with a ring of io_uring.")),
    "userfaultfd": (
        _("Trouble: userfaultfd"),
        _("A counter with a descriptor that handles page faults."),
    ),
    "debugger": (_("Trouble: debugger"), _("A counter with a child that it traces.")),
    "own-address": (
        _("Trouble: address"),
        _("A counter that listens at an address which only its host has."),
    ),
    "vfork": (
        _("Trouble: waiting child"),
        _(
            "A counter with a child that waits for a child of its own in a way that nothing can interrupt (vfork): CRIU gives up after ten seconds."
        ),
    ),
}
# By type: title, what it does, why that is trouble.
TROUBLE_WORDS: dict[str, tuple[Text, Text, Text]] = {
    f"trouble-{name}": (*_SHOWN[name], CAUSES[cause].why) for name, cause in TROUBLES.items()
}
