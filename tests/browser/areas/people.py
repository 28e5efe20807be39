"""Account, people, hosts and jobs as students get to see them."""

from __future__ import annotations

from django.contrib.auth.models import User

from migrations_app.models import ApiToken
from migrations_app.services.tokens import create_token, revoke_token


def seed() -> dict[str, str]:
    head = User.objects.get(username="teacher")
    student = User.objects.create_user("student")
    scopes = [ApiToken.Scope.READ, ApiToken.Scope.LAUNCH]
    create_token(user=head, name="notebook", scopes=scopes, days=90)
    old, _text = create_token(user=head, name="old laptop", scopes=scopes, days=None)
    revoke_token(token=old)
    return {
        "account": "/account/",
        "password": "/account/password/",
        "people": "/users/",
        "person": f"/users/{student.pk}/",
    }
