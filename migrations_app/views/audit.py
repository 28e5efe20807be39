"""The audit log: who did what, for administrators."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from migrations_app import host_selectors

from .common import person

PER_PAGE = 50


def audit_log(request: HttpRequest) -> HttpResponse:
    if not person(request).is_superuser:
        raise PermissionDenied
    page = Paginator(host_selectors.audit_entries(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "audit.html", {"page": page})
