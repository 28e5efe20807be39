"""The API as a whole: routers, errors, its documentation."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from ninja import NinjaAPI, Swagger

from . import experiments, hosts, inventory, jobs, shares
from .problems import add_handlers

DESCRIPTION = (
    "What the pages do, for programs. Tokens are made on the account page. "
    "Errors are problem documents (RFC 9457) with a stable `code`."
)

api = NinjaAPI(
    title="Migration Lab",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs=Swagger({"persistAuthorization": False, "tryItOutEnabled": False}),
)
add_handlers(api)
api.add_router("", inventory.router)
api.add_router("", hosts.router)
api.add_router("", jobs.router)
api.add_router("", experiments.router)
api.add_router("", shares.router)


def urls() -> tuple[list[Any], str, str]:
    """Its patterns. All but the documentation's page look for a token or a session themselves."""
    made: Any = api.urls  # typed as if a pattern of its own could be a resolver
    patterns, app_name, namespace = made
    for pattern in patterns:
        if pattern.name != "openapi-view":
            pattern.callback = login_not_required(pattern.callback)
    return patterns, app_name, namespace
