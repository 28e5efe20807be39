"""Rows as the API shows them."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from migrations_app.engine.catalogue import WorkloadType
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.templatetags.frame import visible_to
from migrations_app.views.common import person
from migrations_app.words import WORKLOAD_TYPES

Row = TypeVar("Row", bound=Model)


def page_of(rows: QuerySet[Row], before: int | None, limit: int) -> tuple[list[Row], int | None]:
    """The next `limit` rows below id `before`, newest first, and where to go on."""
    chosen = rows.order_by("-pk")
    if before is not None:
        chosen = chosen.filter(pk__lt=before)
    found = list(chosen[: limit + 1])
    more = len(found) > limit
    shown = found[:limit]
    return shown, shown[-1].pk if more else None


def host_out(request: HttpRequest, host: Host) -> dict[str, Any]:
    job = host.leased_by
    return {
        "id": host.pk,
        "name": host.name,
        "state": host.state,
        "open_to_students": host.open_to_students,
        "is_lab": host.is_lab,
        "checked_at": host.checked_at,
        "busy_with": job.pk if job and visible_to(job, person(request)) else None,
        "problems": host.problems,
        "facts": host.facts,
    }


def type_out(known: WorkloadType) -> dict[str, Any]:
    words = WORKLOAD_TYPES.get(known.name)
    return {
        "name": known.name,
        "title": str(words.title) if words else known.name,
        "does": str(words.does) if words else "",
        "parameters": [
            {name: getattr(one, name) for name in ("name", "minimum", "maximum", "default", "unit")}
            for one in known.parameters
        ],
    }


def workload_out(workload: Workload) -> dict[str, Any]:
    copied = ("name", "kind", "parameters", "state", "last_line", "created_at", "last_error_code")
    return {
        "id": workload.pk,
        "type": workload.type_name,
        "host": workload.host.name,
        "host_id": workload.host_id,
        "created_by": _name(workload.created_by),
        **{name: getattr(workload, name) for name in copied},
    }


JOB_COLUMNS = (
    "status",
    "operation",
    "strategy",
    "source_id",
    "target_id",
    "workload_id",
    "options",
    "created_at",
    "started_at",
    "finished_at",
    "shared_with_class",
    "cancel_requested",
    "error_code",
    "error_message",
    "workload_is_on",
    "proof_passed",
)


def job_out(job: MigrationJob, jobs_ahead: int | None = None) -> dict[str, Any]:
    return {
        "id": job.pk,
        "workload": job.workload.name,
        "kind": job.workload.kind,
        "source": job.source.name,
        "target": job.target.name,
        "created_by": _name(job.created_by),
        "metrics": {name: getattr(job, name) for name in MigrationJob.METRICS},
        "jobs_ahead": jobs_ahead,
        **{name: getattr(job, name) for name in JOB_COLUMNS},
    }


EXPERIMENT_COLUMNS = (
    *("name", "notes", "status", "reason", "seed", "cool_down_s", "grid"),
    *("created_at", "finished_at", "shared_with_class"),
)


def experiment_out(experiment: Any) -> dict[str, Any]:
    """A row of experiment_selectors.experiments, with its counts."""
    counts = {name: getattr(experiment, name) for name in ("total", "done", "failed")}
    copied = {name: getattr(experiment, name) for name in EXPERIMENT_COLUMNS}
    return {"id": experiment.pk, "created_by": _name(experiment.created_by), **counts, **copied}


def _name(user: Any) -> str | None:
    return user.username if user else None
