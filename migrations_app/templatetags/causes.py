"""What pages on failures need."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from migrations_app.markdown import rendered
from migrations_app.words import KNOWABLE
from migrations_app.words.base import Text

register = template.Library()


@register.simple_tag
def knowable(where: str) -> Text:
    """Where it can be known before anything is frozen."""
    return KNOWABLE[where]


@register.filter
def markdown(text: str) -> SafeString:
    return rendered(text)
