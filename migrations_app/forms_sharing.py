"""What is asked before results are shared."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from migrations_app.services.share import DAYS

SNAPSHOT, LIVE = "snapshot", "live"
_LASTS = {1: _("1 day"), 7: _("1 week"), 30: _("30 days"), 365: _("1 year")}


class ShareForm(forms.Form):
    shows = forms.ChoiceField(
        label=_("What the link shows"),
        choices=[
            (SNAPSHOT, _("A snapshot: always as it is now")),
            (LIVE, _("Live: as it is when somebody looks")),
        ],
        initial=SNAPSHOT,
        widget=forms.RadioSelect,
    )
    lasts = forms.TypedChoiceField(
        label=_("How long it works"),
        choices=[(days, _LASTS[days]) for days in DAYS],
        coerce=int,
        initial=30,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, can_snapshot: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.can_snapshot = can_snapshot
        if not can_snapshot:
            self.fields["shows"].initial = LIVE

    @property
    def is_live(self) -> bool:
        return bool(self.cleaned_data["shows"] == LIVE)

    @property
    def days(self) -> int:
        return int(self.cleaned_data["lasts"])
