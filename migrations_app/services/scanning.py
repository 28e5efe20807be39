"""The worker side of adding a host: which key does it show?"""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from migrations_app.adapters import scan_host_key
from migrations_app.engine.errors import HostError
from migrations_app.models import HostDraft

from .addresses import checked_address
from .codes import InventoryRefused

State = HostDraft.State


def look_at_draft(*, draft_id: int) -> None:
    """Writes the key that the address shows, or that nothing answered. Of many sent one goes."""
    now = timezone.now()
    free = Q(taken_at=None) | Q(taken_at__lt=now - HostDraft.LOOK_WITHIN)
    waiting = HostDraft.objects.filter(free, pk=draft_id, state=State.LOOKING)
    if not waiting.update(taken_at=now):
        return
    draft = HostDraft.objects.get(pk=draft_id)
    # Only where nobody has asked anew meanwhile.
    HostDraft.objects.filter(pk=draft_id, state=State.LOOKING, taken_at=now).update(**_seen(draft))


def _seen(draft: HostDraft) -> dict[str, str]:
    """One answer for a closed port, a silent one and a machine that is off: who adds hosts
    shall not learn from here what else listens in the network."""
    try:
        key = scan_host_key(checked_address(draft.address), draft.port)
    except (HostError, InventoryRefused):
        return {"state": State.SILENT, "host_key": ""}
    return {"state": State.SHOWN, "host_key": key}
