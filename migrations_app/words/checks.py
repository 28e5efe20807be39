"""What the very workload is looked at for before anything is frozen, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Sign, Text

# What is asked; the answer "no" is explained by the refusal's own words.
CHECKS: dict[str, Text] = {
    "container-terminal": _("Terminal"),
    "process-terminal": _("Terminal"),
    "workload-traced": _("Debugger"),
    "workload-io-uring": _("io_uring"),
    "workload-device": _("Devices and special descriptors"),
    "workload-outside-socket": _("Sockets to processes outside"),
    "workload-tcp": _("TCP connections"),
    "workload-mptcp": _("Multipath TCP"),
    "address-missing": _("Addresses"),
    "workload-file-locks": _("File locks"),
    "workload-ghost-file": _("Files without a name"),
    "workload-link-remap": _("Files under another name"),
    "workload-mount": _("Mounts"),
    "workload-profile": _("Security profile"),
    "cpu-differs": _("Processor"),
    "target-pid-taken": _("Process numbers"),
    "file-differs": _("Programs and libraries"),
}
ADAPTS: dict[str, Text] = {
    "file_locks": _("CRIU is told to take the locks along (--file-locks)."),
    "ghost_limit": _("CRIU's limit for files without a name is raised (--ghost-limit)."),
    "link_remap": _("CRIU may make a name for the file for a moment (--link-remap)."),
}
CHECK_SIGNS: dict[str, Sign] = {
    "pass": Sign(_("fine"), "check-circle-fill", "ok"),
    "warn": Sign(_("may fail"), "exclamation-triangle-fill", "warn"),
    "fail": Sign(_("stands in the way"), "x-octagon-fill", "bad"),
    "skipped": Sign(_("not heeded"), "dash-circle", "idle"),
}
