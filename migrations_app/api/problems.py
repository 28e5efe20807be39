"""Errors as application/problem+json (RFC 9457), each with a stable code."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from migrations_app.services.codes import Code, Forbidden, Refused
from migrations_app.views.common import refusal
from migrations_app.words import API_ERRORS, explain

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
QUOTA = {
    Code.TOO_MANY_JOBS,
    Code.TOO_MANY_JOBS_TODAY,
    Code.TOO_MANY_TRIALS_TODAY,
    Code.TOO_MANY_WORKLOADS,
}
# Refused because of how things are now; the same request may be fine later. All others: 422.
CONFLICTS = {
    Code.WORKLOAD_EXISTS,
    Code.WORKLOAD_BUSY,
    Code.WORKLOAD_NOT_RUNNING,
    Code.HOST_EXISTS,
    Code.HOST_NOT_CHECKED,
    Code.HOST_UNREACHABLE,
    Code.HOST_QUARANTINED,
    Code.HOST_IN_USE,
    Code.HOST_HAS_HISTORY,
    Code.HOST_PROBLEM,
    Code.NOT_SHOWN,
    Code.KEY_CHANGED,
    Code.PLAN_CHANGED,
    Code.BEING_PREPARED,
    Code.JOB_FINISHED,
    Code.JOB_NOT_FINISHED,
    Code.IDEMPOTENCY_KEY_USED,
    Code.EXPERIMENT_OVER,
    Code.EXPERIMENT_NOT_RUNNING,
    Code.EXPERIMENT_NOT_PAUSED,
    Code.NOTHING_FAILED,
    Code.SHARE_NOT_FINISHED,
    Code.SHARE_NO_TRIAL,
    Code.SHARE_TOO_MANY,
}


class Problem(Exception):
    """Ends a call with this status; `code` is worded in words/api_errors.py."""

    def __init__(self, status: int, code: str, values: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.values = values or {}


def status_of(error: Refused) -> int:
    if error.code in QUOTA:
        return 429
    if isinstance(error, Forbidden):
        return 403
    return 409 if error.code in CONFLICTS else 422


def document(status: int, code: str, **more: Any) -> HttpResponse:
    """`title`, `detail` and `todo` are in the caller's language; all else is for programs."""
    values = more.pop("values", {})
    said = more.pop("said", None) or explain(API_ERRORS, code, values)
    body = {
        "type": f"urn:migration-lab:problem:{code}",
        "title": said.title,
        "status": status,
        "detail": said.why,
        "code": code,
        "values": dict(values),
        "todo": said.todo,
        **more,
    }
    text = json.dumps(body, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE)


def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    response = document(error.status, error.code, values=error.values)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return document(status_of(error), error.code, values=error.values, said=refusal(error))


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return document(404, "not-found")


def _no_login(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _problem(request, Problem(401, "no-login"))


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Which fields, and what is wrong with them (in English, as pydantic says it)."""
    errors = [
        {"where": [str(part) for part in one.get("loc", ())], "message": str(one.get("msg", ""))}
        for one in error.errors
    ]
    return document(422, "invalid-request", errors=errors)


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the framework says by itself: a body that is no JSON, for instance."""
    return document(error.status_code, "bad-request")


def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """The outermost edge: a fault of ours is logged and told without its insides."""
    logger.error("fault in %s", request.path, exc_info=error)
    return document(500, "internal-error")


# The framework's own type wants handlers that take classes as well.
HANDLERS: dict[type[Exception], Any] = {
    Problem: _problem,
    Refused: _refused,
    Http404: _not_found,
    AuthenticationError: _no_login,
    ValidationError: _invalid,
    HttpError: _http_error,
    Exception: _fault,
}


def add_handlers(api: NinjaAPI) -> None:
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)
