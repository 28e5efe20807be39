"""Forms for adding hosts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .forms import RefusableForm


class HostForm(RefusableForm):
    """Where a new host is. What may be there the service knows."""

    name = forms.CharField(
        label=_("Name"),
        max_length=50,
        help_text=_("What the host is called on these pages: small letters, digits and dashes."),
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=253,
        help_text=_("Its IP address, or a name that stands for one. On the host: ip address"),
    )
    port = forms.IntegerField(
        label=_("Port"), min_value=1, max_value=65535, initial=22, help_text=_("SSH's port.")
    )
    user = forms.CharField(
        label=_("User"),
        max_length=32,
        initial="root",
        help_text=_("Who the site signs in as: root, or a user for whom sudo works."),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


class PasswordForm(RefusableForm):
    """Given once, used at once, kept nowhere: it is not even shown again."""

    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(
            render_value=False, attrs={"class": "form-control", "autocomplete": "off"}
        ),
        help_text=_("Used once, to add the site's key. It is neither stored nor logged."),
    )
