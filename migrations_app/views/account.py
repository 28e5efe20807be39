"""One's own account: role, quota, habits, password, API tokens; and signing in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from migrations_app import selectors
from migrations_app.forms_people import HabitsForm, TokenForm
from migrations_app.models import Account
from migrations_app.roles import role_of, teaches
from migrations_app.services import people, quota, tokens
from migrations_app.words import PERSON_ROLES, QUOTAS

from .common import found, person, tell

THEME_COOKIE = "theme"  # static/js/theme.js writes it as well
YEAR_S = 365 * 24 * 3600


class SignIn(LoginView):
    """Whoever signs in brings language and theme along from their account."""

    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        account = selectors.account_of(form.get_user())
        if account.pk:
            _give_habits(response, account.language, account.theme)
        return response


class Password(PasswordChangeView):
    template_name = "account/password.html"
    success_url = reverse_lazy("account")

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        for field in form.fields.values():
            field.widget.attrs["class"] = "form-control"
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        tell(self.request, _("Your password was changed."))
        return super().form_valid(form)


def account(request: HttpRequest) -> HttpResponse:
    """Shows it; what is sent are the habits."""
    user = person(request)
    habits = HabitsForm(request.POST or None, initial=_habits_of(user))
    if request.method == "POST" and habits.is_valid():
        people.save_habits(user=user, **habits.cleaned_data)
        tell(request, _("Saved."))
        response = redirect("account")
        _give_habits(response, **habits.cleaned_data)
        return response
    return _page(request, habits=habits)


@require_POST
@sensitive_post_parameters()
def token_new(request: HttpRequest) -> HttpResponse:
    """Makes one; its text is on this answer and nowhere else."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form)
    token, text = tokens.create_token(user=person(request), **form.cleaned_data)
    response = _page(request, new_token=token, new_text=text)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = found(selectors.tokens_of(person(request)).filter(pk=pk).first())
    tokens.revoke_token(token=token)
    tell(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("account")


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    user = person(request)
    context = {
        "role": PERSON_ROLES[role_of(user)],
        "quotas": _quotas(user),
        "habits": HabitsForm(initial=_habits_of(user)),
        "tokens": selectors.tokens_of(user),
        "token_form": TokenForm(),
        **more,
    }
    return render(request, "account/page.html", context)


def _habits_of(user: User) -> dict[str, str]:
    account = selectors.account_of(user)
    return {"language": account.language, "theme": account.theme}


def _quotas(user: User) -> list[tuple[Any, int, int]]:
    """(title, used, limit); empty for those who have none."""
    if teaches(user):
        return []
    allowances = [*quota.job_allowances(user), quota.workload_allowance(user)]
    titles = [QUOTAS[name].title for name in settings.STUDENT_QUOTA]
    return [(title, one.used, one.limit) for title, one in zip(titles, allowances, strict=True)]


def _give_habits(response: HttpResponse, language: str, theme: str) -> None:
    """As cookies, for pages before the account is known, too."""
    secure = settings.LANGUAGE_COOKIE_SECURE
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, YEAR_S, samesite="Lax", secure=secure
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    if theme == Account.Theme.AUTO:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    else:
        response.set_cookie(THEME_COOKIE, theme, YEAR_S, samesite="Lax", secure=secure)
