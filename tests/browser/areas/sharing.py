"""Exports and shared links."""

from __future__ import annotations

from django.contrib.auth.models import User

from migrations_app import selectors_sharing
from migrations_app.models import MigrationJob
from migrations_app.services import share as services


def seed() -> dict[str, str]:
    owner = User.objects.filter(is_superuser=True).first()
    rounds = MigrationJob.objects.filter(strategy="hybrid").order_by("pk").first()
    failed = MigrationJob.objects.filter(status="failed").order_by("pk").first()
    assert owner and rounds and failed
    links = [_link(owner, job) for job in (rounds, failed)]
    side_by_side = services.share_comparison(
        query="workload=mem",
        owner=owner,
        days=7,
        snapshot=selectors_sharing.snapshot_of_comparison(owner, "workload=mem"),
    )
    return {
        "share a job": f"/jobs/{rounds.pk}/share/",
        "share the history": "/history/share/?workload=mem",
        "links": "/shares/",
        "link": f"/shares/{side_by_side.pk}/",
        "shared job": links[0],
        "shared failure": links[1],
        "shared comparison": f"/s/{services.token_of(side_by_side)}/",
        "shared lab report": f"{links[0]}lab-report/",
        "lab report": f"/jobs/{rounds.pk}/lab-report/",
        "no such link": "/s/guessed/",
    }


def _link(owner: User, job: MigrationJob) -> str:
    snapshot = selectors_sharing.snapshot_of_job(job)
    share = services.share_job(job=job, owner=owner, days=30, snapshot=snapshot)
    return f"/s/{services.token_of(share)}/"
