"""What a shared link shows to whoever has it: read-only, without a login, in the reader's language.

A token that was guessed, has expired or was revoked gets one and the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from migrations_app import selectors_sharing as selectors
from migrations_app import throttle
from migrations_app.exports.document_sheet import DocumentSheet
from migrations_app.exports.formats import FORMATS
from migrations_app.exports.shape import Document
from migrations_app.models import Share
from migrations_app.services.share import count_opening

from .exports import as_file, report_page
from .language import asked_language

ABOUT = "share"
HEADERS = {
    "Cache-Control": "no-store",  # what was revoked must not come back out of a cache
    "Referrer-Policy": "no-referrer",  # or every link followed from here would tell the token
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
Shown = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Page:
    """What a token stands for, and the address of its page."""

    share: Share
    document: Document
    address: str


def _shared(view: Shown) -> Shown:
    """Finds what the token stands for, speaks the language asked for, and sets the headers."""

    @login_not_required
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, token: str, **more: str) -> HttpResponse:
        language = asked_language(request)
        with translation.override(language):
            share = _share(request, token)
            document = selectors.document_of(share) if share else None
            if share is None or document is None:
                response = render(request, "shares/nothing.html", status=404)
            else:
                page = Page(share, document, reverse("shared", args=[token]))
                response = view(request, page, **more)
        for name, value in {**HEADERS, "Content-Language": language}.items():
            response[name] = value
        return response

    return answer


def _share(request: HttpRequest, token: str) -> Share | None:
    """None also for those who have guessed too often of late."""
    if throttle.is_held_back(request, ABOUT):
        return None
    share = selectors.share_known_by(token)
    if share is None:
        throttle.count_miss(request, ABOUT)
    return share


@_shared
def shared(request: HttpRequest, page: Page) -> HttpResponse:
    count_opening(page.share)
    context = {
        "share": page.share,
        "sheet": DocumentSheet(page.document),
        "here": page.address,
        "formats": FORMATS,
    }
    return render(request, "shares/shared.html", context)


@_shared
def shared_report(request: HttpRequest, page: Page) -> HttpResponse:
    return report_page(request, page.document, back=page.address)


@_shared
def shared_export(request: HttpRequest, page: Page, name: str) -> HttpResponse:
    return as_file(request, page.document, name)
