"""Who asks: a bearer token with the scope that the call needs, or the session of a page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from migrations_app.models import ApiToken
from migrations_app.services.tokens import token_of

from .problems import Problem

Scope = ApiToken.Scope


class Token(HttpBearer):
    """`Authorization: Bearer mlab_…`"""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> User | None:
        """None only where there is no such header: a bad token does not fall back on a cookie."""
        if "Authorization" not in request.headers:
            return None
        user: User | None = super().__call__(request)
        if user is None:
            raise Problem(401, "bad-token")
        return user

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        found = token_of(token)
        if found is None:
            return None
        if self.scope not in found.scopes:
            raise Problem(403, "scope-missing", values={"scope": str(self.scope)})
        request.user = found.user
        return found.user


class Session(APIKeyCookie):
    """The cookie of whoever is signed in; what changes something needs the CSRF token besides."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> User | None:
        user = request.user
        if not isinstance(user, User):
            return None
        if check_csrf(request):
            raise Problem(403, "csrf-failed")
        return user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        raise NotImplementedError  # __call__ asks the session, not the cookie


READ = [Token(Scope.READ), Session()]
LAUNCH = [Token(Scope.LAUNCH), Session()]
MANAGE = [Token(Scope.MANAGE), Session()]
