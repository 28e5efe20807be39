"""People, for administrators: who there is, a new one, one's role and quota, a new password."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.forms_people import NewUserForm, UserForm
from migrations_app.roles import Role, administers, role_of
from migrations_app.services import people
from migrations_app.services.codes import Refused
from migrations_app.words import PERSON_ROLES

from .common import found, person, tell


def user_list(request: HttpRequest) -> HttpResponse:
    """Everybody; what is sent makes a new one, whose password is on the answer alone."""
    _administrators_only(request)
    form = NewUserForm(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = people.create_user(
                name=form.cleaned_data["name"],
                role=Role(form.cleaned_data["role"]),
                by=person(request),
            )
        except Refused as error:
            form.refuse(error)
    users = [(user, PERSON_ROLES[role_of(user)].title) for user in selectors.users()]
    context = {"users": users, "form": NewUserForm() if made else form, "made": made}
    return _unstored(render(request, "people/list.html", context))


def user_detail(request: HttpRequest, pk: int) -> HttpResponse:
    _administrators_only(request)
    user = found(selectors.user(pk))
    form = UserForm(user, selectors.account_of(user), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.change_user(user=user, by=person(request), **form.wanted())
        except Refused as error:
            form.refuse(error)
        else:
            tell(request, _("Saved."))
            return redirect("user-detail", pk)
    return render(request, "people/detail.html", {"somebody": user, "form": form})


@require_POST
def user_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password, which is on this answer alone."""
    _administrators_only(request)
    user = found(selectors.user(pk))
    password = people.reset_password(user=user, by=person(request))
    form = UserForm(user, selectors.account_of(user))
    context = {"somebody": user, "form": form, "made": (user, password)}
    return _unstored(render(request, "people/detail.html", context))


def _administrators_only(request: HttpRequest) -> None:
    if not administers(person(request)):
        raise PermissionDenied


def _unstored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
