"""Long lists and rows of long tables, made at once: a template's loop takes several times as long.

Every text that somebody typed goes through `escape`; the pieces of lab.py are safe already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from migrations_app.analysis.standings import Standing
from migrations_app.models import MigrationJob
from migrations_app.selectors import HistoryRow
from migrations_app.statistics import Summary

from .lab import figure, icon, ms, proof_state, ratio, route, say, sign, swatch, unknown, when

register = template.Library()
Address = Callable[[object], str]


def address_of(name: str) -> Address:
    """The addresses of one page by number: its pattern is looked up once for a whole table."""
    before, after = reverse(name, args=[0]).rsplit("0", 1)
    return lambda pk: f"{before}{pk}{after}"


def _joined(rows: Iterable[list[str]]) -> SafeString:
    return mark_safe("".join(f"<tr>{''.join(row)}</tr>" for row in rows))  # noqa: S308  see above


def _link(address: Address, pk: object) -> str:
    return f'<td><a class="row-link" href="{address(pk)}">#{pk}</a></td>'


def _said(kind: str, code: str) -> str:
    return escape(str(say(kind, code)))


def _number(metric_name: str, value: float | None) -> str:
    return f'<td class="num">{figure(metric_name, value)}</td>'


# --- jobs ---------------------------------------------------------------------------------------
@register.simple_tag
def job_rows(jobs: Iterable[MigrationJob], choose: bool = False, short: bool = False) -> SafeString:
    """Of jobs/table.html. `choose`: with boxes; `short`: without what needs the room of a list."""
    address = address_of("job-detail")
    return _joined(_job(job, address, bool(choose), bool(short)) for job in jobs)


def _job(job: MigrationJob, address: Address, choose: bool, short: bool) -> list[str]:
    return [
        *([_choice(job)] if choose else ()),
        _link(address, job.pk),
        f"<td>{sign('job', job.status)}</td>",
        _what(job),
        f"<td>{route(job)}</td>",
        _number("stop_time_ms", job.stop_time_ms),
        *(() if short else _wide(job)),
        f'<td class="text-nowrap">{when(job.created_at)}</td>',
    ]


def _choice(job: MigrationJob) -> str:
    if not job.is_finished:
        return "<td></td>"
    label = escape(_("Choose job #%(number)s") % {"number": job.pk})
    box = f'type="checkbox" name="job" value="{job.pk}" aria-label="{label}"'
    return f'<td><input class="form-check-input" {box}></td>'


def _what(job: MigrationJob) -> str:
    how = f"{_said('operation', job.operation)} · {_said('strategy', job.strategy)}"
    return (
        f'<td><span class="fw-semibold">{escape(job.workload.name)}</span><br>'
        f'<span class="muted small text-nowrap">{how}</span></td>'
    )


def _wide(job: MigrationJob) -> list[str]:
    proof = sign("proof", proof_state(job.proof_passed)) if job.is_finished else ""
    name = job.created_by.username if job.created_by else ""
    return [
        _number("transfer_time_ms", job.transfer_time_ms),
        f"<td>{proof}</td>",
        f"<td>{escape(name)}</td>",
    ]


# --- history ------------------------------------------------------------------------------------
@register.simple_tag
def history_rows(rows: Iterable[tuple[HistoryRow, str]]) -> SafeString:
    """Of parts/history_table.html: runs, each with its options in words."""
    address = address_of("job-detail")
    return _joined(_run(row, options, address) for row, options in rows)


def _run(row: HistoryRow, options: str, address: Address) -> list[str]:
    told = f'<br><span class="muted small">{escape(options)}</span>' if options else ""
    strategy = f"{swatch(row.strategy)}{_said('strategy', row.strategy)}{told}"
    return [
        _link(address, row.pk),
        f"<td>{sign('job', row.status)}</td>",
        f'<td><span class="fw-semibold">{escape(row.workload)}</span> '
        f'<span class="muted small">{_said("kind", row.kind)}</span><br>'
        f'<span class="muted small text-nowrap">{_said("operation", row.operation)}</span></td>',
        f'<td class="strategy">{strategy}</td>',
        f'<td class="text-nowrap">{_way(row)}</td>',
        *(_number(name, getattr(row, name)) for name in _SHOWN),
        f"<td>{sign('proof', proof_state(row.proof_passed))}</td>",
        f'<td class="text-nowrap">{when(row.finished_at)}</td>',
    ]


_SHOWN = ("stop_time_ms", "transfer_time_ms", "total_time_ms")


def _way(row: HistoryRow) -> str:
    if row.source == row.target:
        return escape(row.source)
    return f"{escape(row.source)} {icon('arrow-right')} {escape(row.target)}"


# --- configurations -----------------------------------------------------------------------------
NOT_COMPARED = gettext_lazy(
    "There is no cold run of the same workload without options to compare with, or this is it."
)


@register.simple_tag(takes_context=True)
def group_rows(context: dict[str, Any], groups: Iterable[tuple[Standing, str, bool]]) -> SafeString:
    """Of parts/history_groups.html: a configuration, its label, whether the chart has its line."""
    query: QueryDict = context["request"].GET.copy()
    query.pop("c", None)
    start = escape(f"?{query.urlencode()}&c=" if query else "?c=")
    rows = (_group(standing, escape(label), drawn, start) for standing, label, drawn in groups)
    return _joined(rows)


def _group(standing: Standing, label: str, drawn: bool, start: str) -> list[str]:
    summaries, cold = standing.summaries, standing.against_cold
    return [
        f"<td>{_box(standing.configuration.pk, label)}</td>",
        _name(standing, label, drawn, start),
        f'<td class="num">{standing.n}</td>',
        f'<td class="num">{_median("stop_time_ms", summaries["stop_time_ms"])}</td>',
        f'<td class="num">{unknown(NOT_COMPARED) if cold is None else ratio(cold)}</td>',
        _number("transfer_time_ms", summaries["transfer_time_ms"].median),
        _number("total_time_ms", summaries["total_time_ms"].median),
        f'<td class="num">{standing.failed}</td>',
        f'<td class="text-nowrap">{when(standing.newest_at)}</td>',
    ]


def _box(pk: int, label: str) -> str:
    """Not for one that is not counted yet: it has no number."""
    if pk <= 0:
        return ""
    box = f'type="checkbox" name="g" value="configuration={pk}" aria-label="{label}"'
    return f'<input class="form-check-input" {box}>'


def _name(standing: Standing, label: str, drawn: bool, start: str) -> str:
    here = ' aria-current="true"' if drawn else ""
    link = f'<a class="row-link" href="{start}{standing.configuration.pk}"{here}>{label}</a>'
    return f'<th scope="row">{swatch(standing.strategy)}{link}</th>'


def _median(metric_name: str, summary: Summary) -> str:
    shown = figure(metric_name, summary.median)
    if summary.low is None:
        return shown
    reach = _("%(low)s to %(high)s") % {"low": ms(summary.low), "high": ms(summary.high)}
    return f'{shown}<br><span class="muted small">{escape(reach)}</span>'


# --- choices ------------------------------------------------------------------------------------
@register.simple_tag
def name_options(names: Iterable[str]) -> SafeString:
    """What a field to type in offers; there may be hundreds."""
    options = (f'<option value="{escape(name)}"></option>' for name in names)
    return mark_safe("".join(options))  # noqa: S308  see above
