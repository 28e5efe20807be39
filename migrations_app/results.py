"""Results of jobs as a document (exports/shape.py): reads only.

What may be exported is what may be seen; who calls this has asked for jobs by `visible_jobs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from migrations_app.engine import VERSION
from migrations_app.exports.redaction import Names
from migrations_app.exports.shape import (
    SCHEMA,
    SCHEMA_VERSION,
    Document,
    Environment,
    Experiment,
    Failure,
    Phase,
    Run,
)
from migrations_app.metrics import METRICS
from migrations_app.models import Host, JobPhase, MigrationJob

MOST_RUNS = 1000  # in one document; it is held in memory
AT_ONCE = 50  # jobs read together: reports are large
Json = Mapping[str, Any]


def visible_jobs(user: User) -> QuerySet[MigrationJob]:
    """Those that somebody may see, with all that a document needs."""
    related = MigrationJob.objects.visible_to(user).select_related("workload", "source", "target")
    return related.prefetch_related("phases")


def visible_job(user: User, pk: int) -> MigrationJob | None:
    return visible_jobs(user).filter(pk=pk).first()


def document_of_job(job: MigrationJob) -> Document:
    """Everything that is known of one run, its commands and logs as well."""
    return _document("job", [_run(job, whole=True)])


def document_of_experiment(
    told: Experiment, title: str, jobs: QuerySet[MigrationJob], *, most: int | None = None
) -> Document:
    """`told` with the runs of its trials that have ended: all, or the newest so many."""
    finished = jobs.filter(finished_at__isnull=False).order_by("-pk")
    newest = (finished if most is None else finished[:most]).iterator(chunk_size=AT_ONCE)
    runs = [_run(job, whole=False) for job in newest]
    left_out = finished.count() - len(runs)
    return {
        **_document("experiment", runs[::-1], title=title, left_out=left_out),
        "experiment": told,
    }


def document_of_jobs(jobs: QuerySet[MigrationJob], *, most: int = MOST_RUNS) -> Document:
    """Finished runs to compare, oldest first: the newest of them, where there are too many."""
    finished = jobs.filter(finished_at__isnull=False)
    newest = finished.order_by("-pk")[:most].iterator(chunk_size=AT_ONCE)
    runs = [_run(job, whole=False) for job in newest]
    left_out = finished.count() - most if len(runs) == most else 0
    return _document("comparison", runs[::-1], left_out=left_out)


def _document(
    kind: str, runs: list[Run], *, title: str | None = None, left_out: int = 0
) -> Document:
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "program_version": VERSION,
        "made_at": moment(timezone.now()) or "",
        "kind": kind,
        "redacted": False,
        "title": title,
        "left_out": left_out,
        "groups": None,
        "experiment": None,
        "runs": runs,
    }


def _run(job: MigrationJob, *, whole: bool) -> Run:
    report: Json = job.report or {}
    return {
        "job": job.pk,
        "status": job.status,
        "operation": job.operation,
        "strategy": job.strategy,
        "workload": {
            "name": job.workload.name,
            "type": job.workload.type_name,
            "kind": job.workload.kind,
            "parameters": job.workload.parameters,
        },
        "source": job.source.name,
        "target": job.target.name,
        "created_at": moment(job.created_at) or "",
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "options": job.options,
        "metrics": _metrics(job, report),
        "proof": report.get("proof"),
        "workload_is_on": _is_on(job),
        "phases": [_phase(row) for row in job.phases.all()],
        "rounds": report.get("rounds") or [],
        "rounds_ended_by": report.get("rounds_ended_by"),
        "stop_window": report.get("stop_window"),
        "clock": report.get("clock"),
        "environment": _environment(report),
        "warnings": list(report.get("warnings") or ()),
        "error": _error(job, report),
        "commands": list(report.get("commands") or ()) if whole else None,
        "logs": list(report.get("logs") or ()) if whole else None,
    }


def moment(at: datetime | None) -> str | None:
    """As documents write it."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds")


def _metrics(job: MigrationJob, report: Json) -> dict[str, float | None]:
    """Every figure there is, null where it is not known; without a report those of the row."""
    known: Json = report.get("metrics") or {
        name: getattr(job, name) for name in MigrationJob.METRICS
    }
    return {name: known.get(name) for name in METRICS}


def _is_on(job: MigrationJob) -> str | None:
    if job.status == MigrationJob.Status.SUCCEEDED:
        return "target"
    return job.workload_is_on or None


def _phase(row: JobPhase) -> Phase:
    return {
        "name": row.name,
        "side": row.side,
        "start_ms": row.start_ms,
        "duration_ms": row.duration_ms,
        "bytes": row.bytes,
        "round": row.round,
        "failed": row.failed,
    }


def _error(job: MigrationJob, report: Json) -> Failure | None:
    if not job.error_code:
        return None
    told: Json = report.get("error") or {}
    excerpt = told.get("log_excerpt")
    return {"code": job.error_code, "message": job.error_message, "log_excerpt": excerpt}


def _environment(report: Json) -> dict[str, Environment] | None:
    known: Json = report.get("environment") or {}
    sides = {side: known[side] for side in ("source", "target") if known.get(side)}
    return {side: _facts(facts) for side, facts in sides.items()} or None


def _facts(facts: Json) -> Environment:
    criu, docker = facts.get("criu") or {}, facts.get("docker") or {}
    return {
        "distribution": facts.get("distribution"),
        "kernel": facts.get("kernel"),
        "architecture": facts.get("architecture"),
        "cpu_model": facts.get("cpu_model"),
        "cpus": facts.get("cpus"),
        "memory_mib": facts.get("memory_mib"),
        "cgroup_version": facts.get("cgroup_version"),
        "criu_version": criu.get("version"),
        "docker_version": docker.get("version"),
        "docker_experimental": docker.get("experimental"),
        "docker_storage_driver": docker.get("storage_driver"),
        "runc_version": facts.get("runc"),
    }


# --- what has to go before others see it --------------------------------------------------------
def names() -> Names:
    """Everything that names a host or a person on this site, for redaction."""
    hosts = Host.objects.values_list("name", "address", "facts")
    people = User.objects.values_list("username", "first_name", "last_name", "email")
    return Names(
        hosts=[_of_host(*host) for host in hosts],
        people=[name for person in people for name in person if name],
    )


def _of_host(name: str, address: str, facts: Json | None) -> list[str]:
    """Its names and address; the one it gives itself may be another."""
    hostname = (facts or {}).get("hostname")
    return [name, address, *([hostname] if isinstance(hostname, str) else [])]
