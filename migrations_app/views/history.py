"""History: what former runs measured, as charts, a table and a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from migrations_app import selectors
from migrations_app.analysis import history as past
from migrations_app.analysis.labels import whole_label
from migrations_app.analysis.standings import since_of, standings_of
from migrations_app.charts import Point, history_chart, runs_chart
from migrations_app.exports import delimited
from migrations_app.filters import HistoryFilter, misread
from migrations_app.metrics import METRICS
from migrations_app.models import MigrationJob
from migrations_app.option_words import short_options
from migrations_app.roles import teaches
from migrations_app.selectors import HistoryRow
from migrations_app.services.options import RULES

from .common import person

CHARTED = MigrationJob.METRICS
PERIODS = {"30": _("30 days"), "90": _("90 days"), "365": _("one year"), "all": _("all")}
USUAL = "90"
LISTED = 25  # runs in the table; the list of jobs has the others
DOTS = 200  # runs in the chart of every run
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


def history(request: HttpRequest) -> HttpResponse:
    """`?metric=&days=&c=…` and the filters: `c` are configurations that are drawn."""
    chosen = HistoryFilter(request.GET, queryset=selectors.jobs(person(request)), request=request)
    metric = _one_of(request, "metric", CHARTED, CHARTED[0])
    period = _one_of(request, "days", PERIODS, USUAL)
    since = since_of(None if period == "all" else int(period))
    jobs = chosen.qs
    # Kept sums are of everybody's runs.
    sums = past.sums_for(chosen.form.cleaned_data) if teaches(person(request)) else None
    standings = standings_of(jobs, metric, since=since, sums=sums)
    rows = selectors.history_rows(MigrationJob.objects.filter(pk__in=standings.newest[:DOTS]))
    drawn = past.drawn(standings, _numbers(request, "c"))
    marks = (
        past.marks_since(jobs, since, set(selectors.host_names(person(request)))) if rows else []
    )
    context: dict[str, Any] = {
        "filter": chosen,
        "misread": misread(chosen),
        "kept": [(name, value) for name in ("metric", "days") if (value := request.GET.get(name))],
        "metric": METRICS[metric],
        "metrics": [METRICS[name] for name in CHARTED],
        "period": period,
        "periods": PERIODS.items(),
        "standings": standings,
        "groups": [(row, whole_label(row.configuration), row in drawn) for row in standings.rows],
        "news": past.news_of(standings, metric),
        "rows": [(row, short_options(row.options)) for row in rows[: -LISTED - 1 : -1]],
        "charts": [
            history_chart(past.lines_of(drawn, standings), metric, marks=marks),
            runs_chart(_points(rows, metric), metric, notes=_left_out(rows)),
        ],
    }
    return render(request, "history.html", context)


def _one_of(request: HttpRequest, name: str, known: Any, otherwise: str) -> str:
    given = request.GET.get(name, otherwise)
    return given if given in known else otherwise


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(text) for text in request.GET.getlist(name) if text.isascii() and text.isdigit()]


def _left_out(rows: Sequence[HistoryRow]) -> tuple[str, ...]:
    """What the chart of every run says of those that it does not draw."""
    if len(rows) < DOTS:
        return ()
    return (gettext("Of the runs that have ended, the newest %(n)s are looked at.") % {"n": DOTS},)


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
    """The same runs as a file; `?bom=1` for Excel. Unknown is empty, times are ISO 8601."""
    chosen = HistoryFilter(request.GET, queryset=selectors.jobs(person(request)), request=request)
    rows = selectors.history_rows(chosen.qs)
    names = ["job" if name == "pk" else name for name in COLUMNS]
    header = [*names, *(f"pre_copy_{name}" for name in RULE_COLUMNS)]
    text = delimited.lines(header, map(_line, rows), bom=bool(request.GET.get("bom")))
    headers = {"Content-Disposition": 'attachment; filename="migration-lab-history.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _line(row: HistoryRow) -> list[object]:
    rules = row.pre_copy or {}
    values = [getattr(row, name) for name in COLUMNS]
    return [*values, *(rules.get(name) for name in RULE_COLUMNS)]
