"""Hosts that are being added, and the audit log."""

from __future__ import annotations

from django.utils import timezone

from migrations_app.models import AuditEntry, HostDraft, HostFacts, PreparationStep
from tests.app.makers import HOST_KEY, make_host
from tests.app.runs import FACTS

BARE = {
    **FACTS,
    "kernel": "6.18.1",
    "criu": None,
    "docker": None,
    "packages": {"docker.io": "26.1.5", "docker-cli": "26.1.5", "criu": "4.1.1"},
    "kernel_settings": {},
}
PUBLIC_KEY = f"{HOST_KEY} migration-lab"


def seed() -> dict[str, str]:
    draft = HostDraft.objects.create(
        name="vm-1", asked="vm-1.example", address="192.168.56.11", state="shown", host_key=HOST_KEY
    )
    silent = HostDraft.objects.create(
        name="vm-2", asked="192.168.56.12", address="192.168.56.12", state="silent"
    )
    outside = make_host(
        "vm-3",
        user="student",
        state="unreachable",
        last_error_code="sudo-wants-password",
        public_key=PUBLIC_KEY,
    )
    bare = make_host("vm-4", facts=BARE, public_key=PUBLIC_KEY, state="limited")
    for place, (name, state) in enumerate((("docker", "done"), ("criu", "failed"))):
        PreparationStep.objects.create(
            host=bare,
            name=name,
            place=place,
            state=state,
            commands=[],
            output="$ apt-get install\nE: Could not get lock /var/lib/dpkg/lock-frontend.\n",
            error_code="apt-locked" if state == "failed" else "",
            asked_at=timezone.now(),
        )
    HostFacts.objects.create(host=bare, facts={}, changes={"kernel": ["6.1", "6.2"]})
    for outcome in AuditEntry.Outcome:
        AuditEntry.objects.create(
            who="teacher", what="host-added", target="vm-3", outcome=outcome, detail={"key": "x"}
        )
    return {
        "add a host": "/hosts/add/",
        "host to confirm": f"/hosts/add/{draft.pk}/",
        "silent host": f"/hosts/add/{silent.pk}/",
        "host to set up": f"/hosts/{outside.pk}/setup/",
        "host to prepare": f"/hosts/{bare.pk}/prepare/steps/",
        "host with a history": f"/hosts/{bare.pk}/",
        "audit log": "/audit/",
    }
