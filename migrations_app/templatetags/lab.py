"""What templates need to show figures, states, times and icons in one way everywhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from migrations_app import words
from migrations_app.metrics import METRICS
from migrations_app.models import MigrationJob
from migrations_app.quantities import UNKNOWN, Quantity, Unit, quantity, shown, three_digits

register = template.Library()
MOST_KEPT = 512  # pieces of pages, by language
ICONS = Path(settings.BASE_DIR) / "static" / "vendor" / "bootstrap-icons"
SIGNS = {
    "job": words.JOB_SIGNS,
    "host": words.HOST_SIGNS,
    "workload": words.WORKLOAD_SIGNS,
    "proof": words.PROOF_SIGNS,
    "experiment": words.EXPERIMENT_SIGNS,
    "trial": words.TRIAL_SIGNS,
    "severity": words.SEVERITY_SIGNS,
    "check": words.CHECK_SIGNS,
    "host check": words.HOST_CHECK_SIGNS,
    "outcome": words.OUTCOMES,
    "step": words.STEP_SIGNS,
}
PHRASES = {
    "phase": words.PHASES,
    "operation": words.OPERATIONS,
    "strategy": words.STRATEGIES,
    "kind": words.KINDS,
    "side": words.SIDES,
    "option": words.OPTIONS,
    "compression": words.COMPRESSIONS,
    "round method": words.ROUND_METHODS,
    "rounds ended by": words.ROUNDS_ENDED_BY,
    "stop part": words.STOP_PARTS,
    "parameter": words.PARAMETERS,
    "role": words.ROLES,
    "proof": words.PROOFS,
    "scope": words.SCOPES,
    "host check": words.HOST_CHECKS,
    "audit": words.AUDIT,
    "preparing": words.PREPARING,
    "obstacle": words.OBSTACLES,
    "format": words.FORMATS,
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the vendored set, inline and silent for screen readers."""
    return _icon(name)


@cache
def _icon(name: str) -> SafeString:
    svg = (ICONS / f"{name}.svg").read_text()
    opened = re.sub(
        r"<svg[^>]*>",
        '<svg class="icon" viewBox="0 0 16 16" fill="currentColor" '
        'aria-hidden="true" focusable="false">',
        svg,
    )
    return mark_safe(opened.strip())  # noqa: S308  files of our own, held by a lock


@register.simple_tag
def sign(kind: str, state: str) -> SafeString:
    """A state as icon, word and colour; kinds are job, host, workload, proof, severity."""
    return _sign(get_language(), kind, state)


@lru_cache(maxsize=MOST_KEPT)
def _sign(_language: str | None, kind: str, state: str) -> SafeString:
    """Kept by language: a long table shows the same few states in every row."""
    found = words.sign_of(SIGNS[kind], state)
    return format_html(
        '<span class="status tone-{}" data-state="{}">{}<span>{}</span></span>',
        found.tone,
        state,
        _icon(found.icon),
        found.title,
    )


@register.filter
def proof_state(passed: bool | None) -> str:
    """The three ways a proof can end, as a code of PROOF_SIGNS."""
    return {True: "passed", False: "failed", None: "none"}[passed]


@register.simple_tag
def say(kind: str, code: str) -> words.base.Text:
    """What a phase, operation, strategy, kind, side or parameter is called."""
    return words.title_of(PHRASES[kind], code)


@register.simple_tag
def figure(metric_name: str, value: float | None) -> SafeString:
    """A metric's value with its unit, or a dash that says why it is not known."""
    metric = METRICS[metric_name]
    if value is None:
        return unknown(metric.why_unknown)
    shown_value = f'<span class="num">{quantity(value, metric.unit)}</span>'
    return mark_safe(shown_value)  # noqa: S308  digits and a unit of ours


@register.simple_tag
def interval(metric_name: str, low: float, high: float) -> str:
    """Both ends of an interval with their units."""
    unit = METRICS[metric_name].unit
    return _("%(low)s to %(high)s") % {"low": shown(low, unit), "high": shown(high, unit)}


@register.simple_tag
def unknown(reason: object = "") -> SafeString:
    """A dash; the reason is its tooltip, and read aloud."""
    return _unknown(get_language(), str(reason))


@lru_cache(maxsize=MOST_KEPT)
def _unknown(_language: str | None, reason: str) -> SafeString:
    return format_html(
        '<span class="unknown" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        reason,
        UNKNOWN,
        _("unknown: %(reason)s") % {"reason": reason},
    )


@register.simple_tag
def parts(metric_name: str, value: float | None) -> Quantity | None:
    """Number and unit apart, for the big figures."""
    return None if value is None else quantity(value, METRICS[metric_name].unit)


@register.filter
def ms(value: float | None) -> str:
    return shown(value, Unit.MS)


@register.filter
def count(value: float | None) -> str:
    return shown(value, Unit.COUNT)


@register.filter
def in_minutes(seconds: float) -> int:
    """Whole minutes, one at least: an estimate knows no seconds."""
    return max(1, round(seconds / 60))


@register.filter
def fact(value: object) -> str:
    """A host's fact: a text, a number, yes or no, or a dash where it is not known."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return UNKNOWN if value is None else str(value)


@register.filter
def ratio(value: float) -> str:
    """How many times as much."""
    return f"× {three_digits(value)}"


@register.filter
def size(value: float | None) -> str:
    return shown(value, Unit.BYTES)


@register.simple_tag
def when(moment: datetime | None, reason: object = "") -> SafeString:
    """How long ago, with the exact time on hover; the page's script keeps it current."""
    if moment is None:
        return unknown(reason)
    exact = f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"
    told = f'<time datetime="{moment.isoformat()}" title="{exact}" data-ago>'
    return mark_safe(f"{told}{escape(ago(moment))}</time>")  # noqa: S308  digits, and escaped words


@register.simple_tag
def route(job: MigrationJob) -> SafeString:
    """From host to host; of an operation on one host, that host."""
    if job.source_id == job.target_id:
        return format_html('<span class="route">{}</span>', job.source.name)
    return format_html(
        '<span class="route">{} {}<span class="visually-hidden">{}</span> {}</span>',
        job.source.name,
        _icon("arrow-right"),
        pgettext("from host to host", "to"),
        job.target.name,
    )


@register.simple_tag
def swatch(strategy: str) -> SafeString:
    """The colour that a strategy has everywhere (static/css/charts.css)."""
    return format_html(
        '<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true" focusable="false">'
        '<rect class="strategy-{}" width="12" height="12" rx="2"/></svg>',
        strategy,
    )


def ago(moment: datetime) -> str:
    """A past moment in words, to one unit."""
    if (timezone.now() - moment).total_seconds() < 60:
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, depth=1)}


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: object) -> str:
    """The page's own query string with some values changed; None takes one out."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def get(mapping: dict[str, Any] | None, key: str) -> Any:
    """A value by a key that is not a constant."""
    return None if mapping is None else mapping.get(key)


@register.simple_tag
def explain(kind: str, code: str) -> words.base.Text:
    """The sentence to what `say` says."""
    phrases = PHRASES[kind]
    return phrases[code].text if code in phrases else ""


@register.simple_tag
def explain_proof(code: str) -> words.base.Text:
    return words.PROOFS[code].text if code in words.PROOFS else ""


@register.filter
def shell(argv: Sequence[str]) -> str:
    """A command as it could be typed; for reading only, nothing is ever run from it."""
    return shlex.join(argv)


@register.simple_tag
def explain_problem(problem: dict[str, Any]) -> words.Explanation:
    """A host's problem in words, with its values."""
    return words.explain(words.PROBLEMS, problem["code"], problem.get("values"))


@register.simple_tag
def explain_check(problem: dict[str, Any]) -> words.Explanation:
    """What spoils a row of a host's check list: a problem, or why there was no contact."""
    return words.explain(words.ERRORS, problem["code"], problem.get("values"))


@register.simple_tag
def concern(problem: dict[str, Any]) -> dict[str, Any]:
    """What it stands in the way of, where that is not everything: strategies, and a side."""
    strategies, sides = problem.get("strategies", []), problem.get("sides", [])
    return {
        "strategies": strategies if len(strategies) < len(words.STRATEGIES) else [],
        "side": sides[0] if len(sides) == 1 else None,
    }


@register.simple_tag
def explain_error(code: str, host: str) -> words.Explanation:
    return words.explain(words.ERRORS, code, {"host": host})


@register.simple_tag
def type_words(type_name: str) -> words.catalogue.TypeWords | None:
    """The card of a workload type."""
    return words.WORKLOAD_TYPES.get(type_name)


@register.simple_tag
def type_title(type_name: str) -> words.base.Text:
    known = words.WORKLOAD_TYPES.get(type_name)
    return known.title if known else type_name


@register.simple_tag
def chart_id(metric_name: str) -> str:
    """The id of the script element that holds a chart's figure."""
    return f"chart-{metric_name}"
