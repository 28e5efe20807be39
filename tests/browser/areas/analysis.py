"""Comparison, annotated runs, a history over several days."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.models import MigrationJob, Workload
from migrations_app.services.annotations import set_favourite, tag_job, write_remark
from migrations_app.services.figures import keep_left_behind
from tests.app.makers import make_host, make_job, make_workload
from tests.app.runs import FACTS

MEDIANS = {"cold": 2900.0, "stop-and-copy": 920.0, "pre-copy": 410.0, "hybrid": 240.0}
NOTE = "Cables *swapped* before this run.\n\n| port | speed |\n|---|---|\n| `eth1` | 10 Gbit/s |"


def seed() -> dict[str, str]:
    """Runs of a class over three weeks; CRIU is newer in the last one."""
    hosts = (make_host("rack-1"), make_host("rack-2"))
    workload = make_workload(
        hosts[0],
        name="redis-like-workload-with-a-long-name",
        type_name="memory",
        parameters={"memory_mib": 256, "dirty_pages_per_s": 2000, "interval_ms": 1},
        state=Workload.State.REMOVED,
    )
    groups = {s: [_run(workload, hosts, s, n) for n in range(12)] for s in MEDIANS}
    while keep_left_behind():
        pass
    job, teacher = groups["pre-copy"][-1], User.objects.get(username="teacher")
    tag_job(job=job, name="week 3")
    write_remark(job=job, text=NOTE, user=teacher)
    set_favourite(job=job, user=teacher, wanted=True)
    specs = "&".join("g=" + ",".join(str(run.pk) for run in runs) for runs in groups.values())
    return {
        "comparison": f"/compare/?{specs}&published=1",
        "comparison with holes": f"/compare/?{specs}&g=999999&g=strategy%3Dwarp&g=nonsense",
        "no comparison": "/compare/",
        "annotated": f"/jobs/{job.pk}/",
        "history of transfer times": "/history/?metric=transfer_time_ms&days=all&stategy=x",
        "jobs for a group": "/jobs/?with=1,2&strategy=cold",
    }


def _run(workload: Workload, hosts: tuple, strategy: str, place: int) -> MigrationJob:
    newer = {**FACTS, "criu": {**FACTS["criu"], "version": "4.3"}} if place > 7 else FACTS
    rounds = strategy in ("pre-copy", "hybrid")
    stop = MEDIANS[strategy] * (1 + 0.03 * (place % 5)) * (0.8 if place > 7 else 1)
    return make_job(
        workload,
        source=hosts[0],
        target=hosts[1],
        strategy=strategy,
        status="succeeded",
        finished_at=timezone.now() - timedelta(days=20 - place * 1.6, minutes=place),
        report={"environment": {"source": newer, "target": FACTS, "engine_version": "0.1.0"}},
        stop_time_ms=stop,
        transfer_time_ms=80.0 + place,
        total_time_ms=3 * stop,
        stop_window={"freeze_ms": 2.0, "dump_ms": stop / 3, "restore_ms": stop / 2},
        round_bytes=[268_435_456, 21_000_000, 4_000_000 + place * 9000] if rounds else None,
        proof_passed=True,
    )
