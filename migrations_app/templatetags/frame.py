"""What the frame around every page needs: theme, places, running jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from migrations_app import selectors
from migrations_app.models import MigrationJob
from migrations_app.roles import teaches

from .lab import icon

register = template.Library()
HERE = mark_safe(' aria-current="page"')
THEMES = ("light", "dark", "auto")
# Which place of the side bar a page belongs to, by the beginning of its URL's name.
PLACES = {
    "home": _("Home"),
    "launch": _("Launch"),
    "job-list": _("Jobs"),
    "experiment-list": _("Experiments"),
    "history": _("History"),
    "host-list": _("Hosts"),
    "workload-list": _("Workloads"),
    "learn": _("Learn"),
}


@register.simple_tag(takes_context=True)
def theme_choice(context: dict[str, Any]) -> str:
    """light, dark or auto, from the cookie."""
    request: HttpRequest | None = context.get("request")
    choice = request.COOKIES.get("theme", "") if request else ""
    return choice if choice in THEMES else "auto"


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """What the page starts with; for "auto" static/js/theme.js corrects it before painting."""
    return "dark" if theme_choice(context) == "dark" else "light"


@register.simple_tag(takes_context=True)
def side_link(context: dict[str, Any], name: str, icon_name: str) -> SafeString:
    """An entry of the side bar, marked when the page shown belongs to it."""
    match = context["request"].resolver_match
    here = match is not None and (match.url_name or "").split("-")[0] == name.split("-")[0]
    return format_html(
        '<a class="side-link" href="{}"{}>{}<span>{}</span></a>',
        reverse(name),
        HERE if here else "",
        icon(icon_name),
        PLACES[name],
    )


@register.filter
def visible_to(job: MigrationJob, viewer: User) -> bool:
    """Whether a link to it leads somewhere; no query, so none to runs of shared experiments."""
    return teaches(viewer) or job.shared_with_class or job.created_by_id == viewer.pk


@register.simple_tag(takes_context=True)
def running_jobs(context: dict[str, Any]) -> Iterable[MigrationJob]:
    """Those that have not ended, for the strip on top."""
    return list(selectors.unfinished_jobs(context["request"].user))
