"""Forms of the account page and of the administrators' pages of people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from migrations_app.forms import RefusableForm
from migrations_app.models import Account, ApiToken
from migrations_app.roles import Role, role_of
from migrations_app.words import PERSON_ROLES, QUOTAS, SCOPES, title_of

LONGEST_DAYS = 366
MOST = 100_000  # of anything that a quota counts


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select"})


def _text(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", **attributes})


class HabitsForm(forms.Form):
    """What a person's browsers get when they sign in."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("As the browser says")), *settings.LANGUAGES],
        required=False,
        widget=_select(),
    )
    theme = forms.ChoiceField(
        label=_("Light or dark"), choices=Account.Theme.choices, widget=_select()
    )


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("What is it for?"), max_length=60, widget=_text(autocomplete="off")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(scope.value, format_lazy("{}", SCOPES[scope].text)) for scope in ApiToken.Scope],
        initial=[ApiToken.Scope.READ.value, ApiToken.Scope.LAUNCH.value],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    days = forms.IntegerField(
        label=_("Days until it expires"),
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=90,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


def _role() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, title_of(PERSON_ROLES, role)) for role in Role],
        initial=Role.STUDENT.value,
        widget=_select(),
    )


class NewUserForm(RefusableForm):
    name = forms.CharField(
        label=_("Name"), max_length=150, widget=_text(autocomplete="off", autocapitalize="none")
    )
    role = _role()


class UserForm(RefusableForm):
    """Role, quota, and whether they may sign in."""

    role = _role()
    is_active = forms.BooleanField(
        label=_("May sign in"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, user: User, account: Account, *args: Any) -> None:
        super().__init__(*args)
        self.fields["role"].initial = role_of(user).value
        self.fields["is_active"].initial = user.is_active
        for name, usual in settings.STUDENT_QUOTA.items():
            self.fields[name] = _quota(name, usual)
            self.fields[name].initial = getattr(account, name)

    def wanted(self) -> dict[str, Any]:
        """The arguments of people.change_user, but who asks."""
        cleaned = self.cleaned_data
        return {
            "role": Role(cleaned["role"]),
            "is_active": cleaned["is_active"],
            "quota": {name: cleaned[name] for name in settings.STUDENT_QUOTA},
        }

    @property
    def quotas(self) -> list[forms.BoundField]:
        return [self[name] for name in settings.STUDENT_QUOTA]


def _quota(name: str, usual: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=str(title_of(QUOTAS, name)),
        min_value=0,
        max_value=MOST,
        required=False,
        help_text=format_lazy(
            _("Of students only. Empty: {number}, as for everybody."), number=usual
        ),
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
