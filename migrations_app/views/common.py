"""What views share: finding or 404, and telling a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html

from migrations_app.engine.errors import EngineError
from migrations_app.roles import administers, teaches
from migrations_app.services.codes import Code, Refused
from migrations_app.words import ERRORS, PROBLEMS, Explanation, explain

Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., HttpResponse])


def found(row: Row | None) -> Row:
    """The row, or the 404 page."""
    if row is None:
        raise Http404
    return row


def person(request: HttpRequest) -> User:
    """Who is signed in; the login middleware lets nobody else through."""
    return cast(User, request.user)


def role(request: HttpRequest) -> dict[str, bool]:
    """For every template: whether whoever looks may do what only instructors, administrators do."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "teaches": signed_in and teaches(user),
        "administers": signed_in and administers(user),
    }


def staff_only(view: View) -> View:
    """For pages of those who may change hosts; anybody else gets the 403 page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not teaches(person(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast(View, guarded)


def explained(error: EngineError) -> Explanation:
    """What a host or a step on it failed with, in words."""
    return explain(ERRORS, error.code)


def refusal(error: Refused) -> Explanation:
    """A refusal in words, with the values it came with; a host's problem is told with it."""
    said = explain(ERRORS, error.code, error.values)
    if error.code != Code.HOST_PROBLEM:
        return said
    problem = explain(PROBLEMS, str(error.values.get("problem")))
    return Explanation(said.code, said.title, problem.title, problem.todo)


def by_reason(obstacles: Mapping[str, Refused | None]) -> list[tuple[list[str], Explanation]]:
    """The names that an obstacle stands in the way of, together where the reason is the same."""
    reasons: dict[Explanation, list[str]] = {}
    for name, obstacle in obstacles.items():
        if obstacle is not None:
            reasons.setdefault(refusal(obstacle), []).append(name)
    return [(names, said) for said, names in reasons.items()]


def tell_refusal(request: HttpRequest, error: Refused) -> None:
    """Shows on the next page what was refused, why, and what to do."""
    said = refusal(error)
    text = format_html(
        '<strong class="title">{}</strong><br>{} {}', said.title, said.why, said.todo
    )
    messages.error(request, text, extra_tags="bad")


def tell(request: HttpRequest, text: Any) -> None:
    messages.success(request, text, extra_tags="ok")
