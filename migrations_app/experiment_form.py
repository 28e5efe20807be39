"""The form that spans a grid. Whether it can be run the services know."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from migrations_app.engine.catalogue import CATALOGUE, Parameter
from migrations_app.engine.plan import LINK, RANGES, Compression, Strategy
from migrations_app.forms import RefusableForm
from migrations_app.grids import MOST_COOL_DOWN_S, MOST_REPETITIONS, UNSHAPED
from migrations_app.models import Host
from migrations_app.models.experiment import NAME_LENGTH
from migrations_app.services.experiments import MOST_SEED
from migrations_app.services.options import SHARES
from migrations_app.words import (
    COMPRESSIONS,
    KINDS,
    OPTIONS,
    PARAMETERS,
    STRATEGIES,
    WORKLOAD_TYPES,
    title_of,
)

MOST_TEXT = 2000  # characters of a list of values
# Those that are migrated; others are in the catalogue to show what goes wrong.
TYPES = {name: one for name, one in CATALOGUE.items() if not one.shows}


class NumbersField(forms.CharField):
    """Whole numbers with commas between them, as a list; nothing where it is left empty."""

    def __init__(self, low: float, high: float, **more: Any) -> None:
        super().__init__(required=False, max_length=MOST_TEXT, **more)
        self._low, self._high = low, high

    def clean(self, value: Any) -> Any:
        parts = super().clean(value).replace("，", ",").replace("、", ",").split(",")
        return [self._number(part.strip()) for part in parts if part.strip()]

    def _number(self, text: str) -> float:
        value = self._read(text)
        if value is None or not self._low <= value <= self._high:
            ends = {"low": self._low, "high": self._high, "value": text}
            raise forms.ValidationError(self._wrong() % ends)
        return value

    def _read(self, text: str) -> float | None:
        return int(text) if text.isascii() and text.isdigit() else None

    def _wrong(self) -> str:
        return gettext("“%(value)s” is no whole number from %(low)s to %(high)s.")


class SharesField(NumbersField):
    """The same for numbers that need not be whole."""

    def _read(self, text: str) -> float | None:
        return float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) else None

    def _wrong(self) -> str:
        return gettext("“%(value)s” is no number from %(low)s to %(high)s.")


def _numbers(
    label: Any,
    low: float,
    high: float,
    help_text: Any,
    initial: str = "",
    of: type[NumbersField] = NumbersField,
) -> NumbersField:
    return of(
        low,
        high,
        label=label,
        help_text=help_text,
        initial=initial,
        widget=forms.TextInput(attrs={"class": "form-control", "inputmode": "numeric"}),
    )


def _parameter(parameter: Parameter) -> NumbersField:
    ends = {"low": parameter.minimum, "high": parameter.maximum, "unit": parameter.unit}
    return _numbers(
        title_of(PARAMETERS, parameter.name),
        parameter.minimum,
        parameter.maximum,
        _("%(low)s to %(high)s %(unit)s, several with commas") % ends,
        str(parameter.default),
    )


def _link(name: str) -> NumbersField:
    """One part of a link's setting, several values with commas."""
    of = SharesField if name in SHARES else NumbersField
    return _numbers(OPTIONS[name].title, *RANGES[name], OPTIONS[name].text, of=of)


def _number(label: Any, low: int, high: int, initial: int | None, help_text: Any) -> Any:
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        initial=initial,
        required=initial is not None,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


def _boxes(label: Any, choices: Iterable[tuple[str, Any]], initial: list[str]) -> Any:
    return forms.MultipleChoiceField(
        label=label,
        choices=list(choices),
        initial=initial,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )


class ExperimentForm(RefusableForm):
    """A grid of factors, by boxes and lists of numbers."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=20_000,
        help_text=_("What the experiment is to find out."),
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
    )
    trials = _number(
        _("Trials of each cell"), 1, MOST_REPETITIONS, 5, _("From five on there are intervals.")
    )
    warm_ups = _number(
        _("Warm-up trials"),
        0,
        MOST_REPETITIONS,
        1,
        _("Of each workload and strategy, before all others; kept, but left out of the figures."),
    )
    controls = _number(
        _("Control runs"),
        0,
        MOST_REPETITIONS,
        1,
        _("Of each workload: nothing is migrated, its output is watched. That is the floor."),
    )
    cool_down_s = _number(
        _("Cool-down (s)"), 0, MOST_COOL_DOWN_S, 0, _("A host rests so long between two trials.")
    )
    seed = _number(
        _("Seed"), 0, MOST_SEED, None, _("Of the random order. Empty: one is drawn, and kept.")
    )
    bandwidth_limit_mbit_s = _numbers(
        OPTIONS["bandwidth_limit_mbit_s"].title,
        1,
        100_000,
        _("Several with commas. Empty: as fast as the link lets it."),
    )
    link_rate_mbit_s = _link("link_rate_mbit_s")
    link_delay_ms = _link("link_delay_ms")
    link_loss_percent = _link("link_loss_percent")
    unshaped = forms.BooleanField(
        label=_("Also with the link as it is"),
        required=False,
        help_text=_("One more setting beside those above."),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, hosts: Iterable[Host], *args: Any) -> None:
        super().__init__(*args)
        self._add_workloads()
        ways = [(str(s), title_of(STRATEGIES, s)) for s in Strategy]
        self.fields["strategies"] = _boxes(_("Strategies"), ways, [])
        self.fields["pairs"] = _boxes(_("From host to host"), _pairs(list(hosts)), [])
        packed = [(str(c), title_of(COMPRESSIONS, c)) for c in Compression]
        self.fields["compression"] = _boxes(
            OPTIONS["compression"].title, packed, [str(Compression.NONE)]
        )
        secret = [("yes", _("Encrypted")), ("no", _("Plain"))]
        self.fields["encrypted"] = _boxes(OPTIONS["encrypted"].title, secret, ["yes"])

    def _add_workloads(self) -> None:
        kinds = [
            (f"{name}:{kind}", f"{WORKLOAD_TYPES[name].title} · {title_of(KINDS, kind)}")
            for name in TYPES
            for kind in TYPES[name].kinds
        ]
        self.fields["workloads"] = _boxes(_("Workloads"), kinds, [])
        for name, one in TYPES.items():
            for parameter in one.parameters:
                self.fields[f"{name}.{parameter.name}"] = _parameter(parameter)

    def grid(self) -> dict[str, Any]:
        """As services.experiments takes it; of a form that is valid but for its name."""
        chosen = self.cleaned_data
        options: dict[str, list[Any]] = {
            "compression": chosen["compression"],
            "encrypted": [value == "yes" for value in chosen["encrypted"]],
        }
        if chosen["bandwidth_limit_mbit_s"]:
            options["bandwidth_limit_mbit_s"] = chosen["bandwidth_limit_mbit_s"]
        return {
            "workloads": [self._axis(*one.split(":")) for one in chosen["workloads"]],
            "strategies": chosen["strategies"],
            "options": options,
            "links": self._links(),
            "pairs": [[int(pk) for pk in pair.split(":")] for pair in chosen["pairs"]],
            **{name: chosen[name] for name in ("trials", "warm_ups", "controls")},
        }

    def _links(self) -> list[dict[str, float | None]]:
        """Every combination of what is given of rate, delay and loss."""
        values = [self.cleaned_data[name] or [None] for name in LINK]
        links = [dict(zip(LINK, one, strict=True)) for one in itertools.product(*values)]
        if self.cleaned_data["unshaped"] and dict(UNSHAPED) not in links:
            links.append(dict(UNSHAPED))
        return links

    def _axis(self, type_name: str, kind: str) -> dict[str, Any]:
        parameters = TYPES[type_name].parameters
        values = {one.name: self.cleaned_data[f"{type_name}.{one.name}"] for one in parameters}
        given = {name: value for name, value in values.items() if value}
        return {"type": type_name, "kind": kind, "parameters": given}

    # --- for the template ------------------------------------------------------------------------
    @property
    def parameter_groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [
            (WORKLOAD_TYPES[name].title, [self[f"{name}.{p.name}"] for p in one.parameters])
            for name, one in TYPES.items()
        ]

    @property
    def link(self) -> list[forms.BoundField]:
        return [self[name] for name in LINK]

    @property
    def numbers(self) -> list[forms.BoundField]:
        return [self[n] for n in ("trials", "warm_ups", "controls", "cool_down_s", "seed")]


def _pairs(hosts: list[Host]) -> list[tuple[str, str]]:
    """Every ordered pair of different hosts on which jobs may run."""
    hosts = [host for host in hosts if host.is_usable]
    return [
        (f"{a.pk}:{b.pk}", f"{a.name} → {b.name}") for a in hosts for b in hosts if a.pk != b.pk
    ]
