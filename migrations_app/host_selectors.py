"""Reads for the pages of hosts that are added, checked and prepared, and of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from . import facts_history, host_checks
from .models import AuditEntry, Host, HostDraft, HostFacts


def host_drafts() -> QuerySet[HostDraft]:
    """Hosts that are being added, whose key nobody has confirmed yet."""
    return HostDraft.objects.select_related("created_by")


def host_draft(pk: int) -> HostDraft | None:
    return host_drafts().filter(pk=pk).first()


def is_looked_at(host: Host) -> bool:
    """Whether a check waits or is under way."""
    leased = host.lease_until is not None and host.lease_until > timezone.now()
    return host.check_requested_at is not None or (leased and host.leased_by_id is None)


def host_rows(host: Host) -> list[host_checks.Row]:
    """The check list, as far as the last check knows."""
    return host_checks.rows(
        facts=host.facts,
        problems=host.problems,
        error_code=host.last_error_code,
        looking=is_looked_at(host),
    )


def audit_entries() -> QuerySet[AuditEntry]:
    """Newest first."""
    return AuditEntry.objects.all()


@dataclass(frozen=True)
class VersionChange:
    """Another version of something that figures depend on, from this moment on."""

    at: datetime
    name: str  # of facts_history.VERSIONS
    before: str | None
    after: str | None


def version_changes(host: Host) -> list[VersionChange]:
    """Oldest first; for marks in charts."""
    rows = HostFacts.objects.filter(host=host).exclude(changes={}).order_by("pk")
    return [
        VersionChange(row.seen_at, name, before, after)
        for row in rows.only("seen_at", "changes")
        for name, (before, after) in facts_history.of_versions(row.changes).items()
    ]


def facts_changes(host: Host, limit: int = 20) -> list[HostFacts]:
    """The last looks that found something changed, newest first."""
    return list(HostFacts.objects.filter(host=host).exclude(changes={})[:limit])
