"""`manage.py demo`: the demo migration through the real queue, with its result in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from migrations_app import selectors
from migrations_app.models import MigrationJob
from migrations_app.services.codes import Code, Refused
from migrations_app.services.demo import advance_demo
from migrations_app.words import ERRORS, explain

WORKER_S = 20  # a worker that was started a moment ago
READY_S = 90  # hosts checked, the counter started, some lines counted
MIGRATED_S = 180
LOOK_EVERY_S = 1.0
Found = TypeVar("Found")


class Command(BaseCommand):
    help = "Migrates a counter in a container to another lab host and prints what was measured."

    def handle(self, *args: Any, **options: Any) -> None:
        worker = _wait_for(lambda: selectors.queue_health().ok or None, WORKER_S)
        if worker is None:
            raise CommandError(_("No worker takes jobs: start Redis and a worker (scripts/up)."))
        self.stdout.write(_("A counter in a container is getting ready …"))
        job = _wait_for(_advance, READY_S)
        if job is None:
            raise CommandError(_("The counter did not start counting; see the workloads page."))
        self.stdout.write(_sentence(_("%(workload)s moves from %(source)s to %(target)s …"), job))
        ended = _wait_for(lambda: _ended(job.pk), MIGRATED_S)
        if ended is None:
            raise CommandError(_("The migration has not ended yet: %s") % _url(job))
        self._tell(ended)

    def _tell(self, job: MigrationJob) -> None:
        if job.status != MigrationJob.Status.SUCCEEDED:
            raise CommandError(_failure(job))
        for line in _result(job):
            self.stdout.write(line)


def _wait_for(look: Callable[[], Found | None], limit_s: float) -> Found | None:
    """What `look` finds, as soon as it does; None when the time is up."""
    deadline = time.monotonic() + limit_s
    while (found := look()) is None and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
    return found


def _advance() -> MigrationJob | None:
    try:
        return advance_demo(user=None)
    except Refused as refusal:
        if refusal.code in (Code.TOO_FEW_HOSTS, Code.WORKLOAD_BUSY):
            return None  # hosts are being checked, or a job of it is on its way
        said = explain(ERRORS, refusal.code, refusal.values)
        raise CommandError("\n".join((said.title, said.why, said.todo))) from refusal


def _ended(pk: int) -> MigrationJob | None:
    job = selectors.job(None, pk)
    return job if job and job.is_finished else None


def _result(job: MigrationJob) -> list[str]:
    proof = (job.report or {}).get("proof") or {}
    numbers = {"before": proof.get("last_before"), "after": proof.get("first_after")}
    return [
        _sentence(_("%(workload)s went on on %(target)s."), job),
        _("last line on the source: %(before)s, first line on the target: %(after)s") % numbers,
        _("stop time: %s") % _milliseconds(job.stop_time_ms),
        _("transfer time: %s") % _milliseconds(job.transfer_time_ms),
        _url(job),
    ]


def _failure(job: MigrationJob) -> str:
    said = explain(ERRORS, job.error_code)
    lines = [_sentence(_("The migration of %(workload)s ended: %(status)s."), job)]
    return "\n".join([*lines, said.title, said.why, said.todo, job.error_message, _url(job)])


def _sentence(text: str, job: MigrationJob) -> str:
    return text % {
        "workload": job.workload.name,
        "source": job.source.name,
        "target": job.target.name,
        "status": job.get_status_display(),
    }


def _milliseconds(value: float | None) -> str:
    return _("not known") if value is None else f"{value:.0f} ms"


def _url(job: MigrationJob) -> str:
    return settings.SITE_URL + reverse("job-detail", args=[job.pk])
