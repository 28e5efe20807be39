"""The first page, the glossary, the style page, and the strip of running jobs."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from migrations_app import selectors, words
from migrations_app.metrics import METRICS
from migrations_app.roles import teaches

from .common import person
from .samples import samples


def home(request: HttpRequest) -> HttpResponse:
    context = {"home": selectors.home(person(request)), "queue": selectors.queue_health()}
    return render(request, "home.html", context)


def strip(request: HttpRequest) -> HttpResponse:
    return render(request, "parts/strip.html")


def learn(request: HttpRequest) -> HttpResponse:
    context = {
        "glossary": words.GLOSSARY,
        "phases": words.PHASES,
        "metrics": METRICS,
        "strategies": words.STRATEGIES,
        "operations": words.OPERATIONS,
        "options": words.OPTIONS,
        "round_methods": words.ROUND_METHODS,
        "rounds_ended_by": words.ROUNDS_ENDED_BY,
        "stop_parts": words.STOP_PARTS,
        "errors": words.ERRORS,
    }
    return render(request, "learn.html", context)


def components(request: HttpRequest) -> HttpResponse:
    if not teaches(person(request)):
        raise PermissionDenied
    return render(request, "components.html", samples())
