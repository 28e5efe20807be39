"""The audit log: the one function that writes it."""

from __future__ import annotations

from django.contrib.auth.models import User

from migrations_app.models import AuditEntry

Outcome = AuditEntry.Outcome
LONGEST_TARGET = 120  # of its column


def note(
    *,
    who: User | None,
    what: str,
    target: object,
    outcome: str = Outcome.DONE,
    **detail: str | int | bool | None,
) -> None:
    """Adds a row. `who` None: the command line, or the site by itself. Never pass a secret."""
    AuditEntry.objects.create(
        who=who.get_username() if who else "",
        what=what,
        target=str(target)[:LONGEST_TARGET],
        outcome=outcome,
        detail=detail,
    )
