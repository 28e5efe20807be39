"""Comparison of two to eight groups of runs; the URL holds all of it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from migrations_app import selectors
from migrations_app.analysis.comparison import compared
from migrations_app.analysis.comparison_charts import charts_of
from migrations_app.analysis.groups import (
    LEAST_GROUPS,
    MOST_GROUPS,
    MOST_RUNS,
    Asked,
    Group,
    read_groups,
)
from migrations_app.filters import JobFilter, misread
from migrations_app.metrics import METRICS
from migrations_app.models import MigrationJob

from .common import person

Jobs = QuerySet[MigrationJob]


def compare(request: HttpRequest) -> HttpResponse:
    """`?g=…&g=…` groups (see analysis/groups.py), `base` the baseline's number, `metric`,
    `published=1` for figures of others; `?job=…&job=…` as boxes of a list send them."""
    chosen = request.GET.getlist("job")
    if chosen:
        return redirect(f"{reverse('compare')}?{_grouped(request, chosen)}")
    asked = read_groups(
        request.GET.getlist("g"), selectors.jobs(person(request)), _filtered(request)
    )
    groups = [group for group in asked.groups if group.runs]
    context = {
        "asked": asked,
        "left_out": [group for group in asked.groups if not group.runs or group.missing],
        "metrics": [METRICS[name] for name in MigrationJob.METRICS],
        "most_groups": MOST_GROUPS,
        "most_runs": MOST_RUNS,
        "with_published": request.GET.get("published") == "1",
        "add": urlencode([("with", group.spec) for group in asked.groups]),
    }
    if len(groups) >= LEAST_GROUPS:
        metric = request.GET.get("metric", "")
        comparison = compared(
            groups,
            metric if metric in MigrationJob.METRICS else MigrationJob.METRICS[0],
            _baseline(request, asked, groups),
        )
        charts = charts_of(comparison, with_published=bool(context["with_published"]))
        context |= {"comparison": comparison, "charts": charts, "removals": _removals(asked)}
    return render(request, "compare.html", context)


def _filtered(request: HttpRequest):  # type: ignore[no-untyped-def]  # groups.JobsOf
    def read(query: QueryDict) -> tuple[Jobs, list[str]]:
        chosen = JobFilter(query, queryset=selectors.jobs(person(request)), request=request)
        return chosen.qs, [f"{one.name}={one.value}" for one in misread(chosen)]

    return read


def _baseline(request: HttpRequest, asked: Asked, groups: list[Group]) -> int:
    """Its place among the groups that have runs; the first, where the number means none."""
    letter = request.GET.get("base", "")
    letters = [group.letter for group in groups]
    return letters.index(letter) if letter in letters else 0


def _removals(asked: Asked) -> dict[str, str]:
    """By letter, the query of the groups without it."""
    return {
        group.letter: urlencode([("g", other.spec) for other in asked.groups if other is not group])
        for group in asked.groups
    }


def _grouped(request: HttpRequest, chosen: list[str]) -> str:
    """Jobs that were ticked: together where they did the same, each by itself if all did."""
    ids = list(dict.fromkeys(int(text) for text in chosen if text.isascii() and text.isdigit()))
    rows = (
        selectors.jobs(person(request)).filter(pk__in=ids[:500]).values_list("pk", "configuration")
    )
    known = dict(rows)
    alike: dict[object, list[int]] = {}
    for pk in ids:
        alike.setdefault(known.get(pk) or f"job {pk}", []).append(pk)
    groups = list(alike.values()) if len(alike) > 1 else [[pk] for pk in ids]
    specs = [*request.GET.getlist("g"), *(",".join(map(str, group)) for group in groups)]
    return urlencode([("g", spec) for spec in specs])
