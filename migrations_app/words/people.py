"""Roles, quotas and what API tokens may do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Phrase

PERSON_ROLES: dict[str, Phrase] = {
    "administrator": Phrase(_("Administrator"), _("Everything, people and their roles as well.")),
    "instructor": Phrase(
        _("Instructor"),
        _("Sees everything, adds hosts and workloads, shares results with the class."),
    ),
    "student": Phrase(
        _("Student"),
        _("Launches on hosts that were opened to students, within a quota; sees own results."),
    ),
}

QUOTAS: dict[str, Phrase] = {
    "jobs_at_once": Phrase(_("Unfinished jobs at a time"), ""),
    "jobs_per_day": Phrase(_("Jobs in 24 hours"), ""),
    "workloads_at_once": Phrase(_("Workloads at a time"), ""),
}

SCOPES: dict[str, Phrase] = {
    "read": Phrase(_("read"), _("Read: see what you see on the pages.")),
    "launch": Phrase(_("launch"), _("Launch: start, cancel and repeat jobs and experiments.")),
    "manage": Phrase(_("manage"), _("Manage: workloads, host checks, sharing.")),
}
