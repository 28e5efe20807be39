"""Notes of people in templates."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from migrations_app.markdown import rendered

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """A note as HTML, made harmless."""
    return rendered(text)
