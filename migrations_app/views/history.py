"""History: what former runs measured, as charts, a table and a file."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from migrations_app import selectors
from migrations_app.charts import Point, runs_chart
from migrations_app.filters import HistoryFilter
from migrations_app.metrics import METRICS
from migrations_app.models import MigrationJob
from migrations_app.selectors import HistoryRow
from migrations_app.services.options import RULES

from .history_groups import groups_of
from .option_words import short_options

CHARTED = ("stop_time_ms", "transfer_time_ms")
COLUMNS = (
    "pk",
    "finished_at",
    "status",
    "workload",
    "type_name",
    "kind",
    "operation",
    "strategy",
    *MigrationJob.OPTIONS,
    "source",
    "target",
    "proof_passed",
    *MigrationJob.METRICS,
)
RULE_COLUMNS = tuple(RULES)  # of pre-copy rounds; empty where there were none
BYTE_ORDER_MARK = "\ufeff"  # Chinese Excel takes a file without it for GBK
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def history(request: HttpRequest) -> HttpResponse:
    chosen = HistoryFilter(request.GET, queryset=selectors.jobs())
    rows = selectors.history_rows(chosen.qs)
    charts = [
        {"metric": METRICS[name], "figure": runs_chart(_points(rows, name), name)}
        for name in CHARTED
    ]
    context = {
        "filter": chosen,
        "rows": [(row, short_options(row.options)) for row in rows[::-1]],
        "groups": groups_of(rows),
        "charts": charts if rows else [],
    }
    return render(request, "history.html", context)


def _points(rows: Sequence[HistoryRow], metric_name: str) -> list[Point]:
    """The runs in which the metric is known."""
    return [
        Point(
            job=row.pk,
            workload=row.workload,
            operation=row.operation,
            strategy=row.strategy,
            at=timezone.localtime(row.finished_at).strftime("%Y-%m-%d %H:%M"),
            value=getattr(row, metric_name),
            options=short_options(row.options),
        )
        for row in rows
        if row.status == MigrationJob.Status.SUCCEEDED and getattr(row, metric_name) is not None
    ]


def history_csv(request: HttpRequest) -> HttpResponse:
    """The same rows as a file; `?bom=1` for Excel. Unknown is empty, times are ISO 8601."""
    rows = selectors.history_rows(HistoryFilter(request.GET, queryset=selectors.jobs()).qs)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="migration-lab-history.csv"'
    if request.GET.get("bom"):
        response.write(BYTE_ORDER_MARK)
    writer = csv.writer(response)
    names = ["job" if name == "pk" else name for name in COLUMNS]
    writer.writerow([*names, *(f"pre_copy_{name}" for name in RULE_COLUMNS)])
    writer.writerows(_line(row) for row in rows)
    return response


def _line(row: HistoryRow) -> list[object]:
    rules = row.pre_copy or {}
    values = [getattr(row, name) for name in COLUMNS]
    return [_cell(value) for value in (*values, *(rules.get(name) for name in RULE_COLUMNS))]


def _cell(value: object) -> object:
    """A value that a spreadsheet takes as it is, never as a formula."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
