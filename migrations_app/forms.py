"""Forms. Ranges come from the catalogue; whether something is possible the services know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from migrations_app.engine.catalogue import Parameter, WorkloadType
from migrations_app.engine.plan import (
    CONTAINER_NAME,
    LINK,
    RANGES,
    Compression,
    Strategy,
    WorkloadKind,
)
from migrations_app.models import Host
from migrations_app.quantities import Unit, shown
from migrations_app.services.codes import Refused
from migrations_app.services.options import DEFAULTS, RULES, SHARES
from migrations_app.words import (
    COMPRESSIONS,
    ERRORS,
    KINDS,
    OPTIONS,
    PARAMETERS,
    STRATEGIES,
    Explanation,
    explain,
    title_of,
)

PARAMETER_PREFIX = "parameter-"


class RefusableForm(forms.Form):
    """A form whose service can say no; the reason stands on top of it."""

    def refuse(self, error: Refused) -> None:
        self.say(explain(ERRORS, error.code, error.values))

    def say(self, said: Explanation) -> None:
        """Puts what went wrong on top of the form."""
        self.add_error(None, forms.ValidationError([said.title, said.why, said.todo]))


class WorkloadForm(RefusableForm):
    """A new workload of one catalogue type."""

    name = forms.CharField(
        label=_("Name"),
        max_length=40,
        validators=[
            RegexValidator(
                f"^{CONTAINER_NAME.pattern}$",
                _("Letters, digits, dots, dashes and underscores; a letter or digit first."),
            )
        ],
        help_text=_("What the container will be called on the host, for instance “cr”."),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, title_of(KINDS, kind)) for kind in WorkloadKind],
        initial=WorkloadKind.CONTAINER.value,
    )
    host = forms.ChoiceField(label=_("Host"))

    def __init__(self, workload_type: WorkloadType, hosts: Iterable[Host], *args: Any) -> None:
        super().__init__(*args)
        self._type = workload_type
        self._hosts = {str(host.pk): host for host in hosts}
        self.fields["host"].choices = [  # type: ignore[attr-defined]
            (pk, host.name) for pk, host in self._hosts.items()
        ]
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind.value, title_of(KINDS, kind)) for kind in workload_type.kinds
        ]
        for parameter in workload_type.parameters:
            self.fields[PARAMETER_PREFIX + parameter.name] = _parameter_field(parameter)
        for field in self.fields.values():
            select = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    def wanted(self) -> dict[str, Any]:
        """The arguments of inventory.create_workload, but who asks."""
        cleaned = self.cleaned_data
        return {
            "name": cleaned["name"],
            "type_name": self._type.name,
            "kind": cleaned["kind"],
            "host": self._hosts[cleaned["host"]],
            "parameters": {
                parameter.name: cleaned[PARAMETER_PREFIX + parameter.name]
                for parameter in self._type.parameters
            },
        }


def _parameter_field(parameter: Parameter) -> forms.IntegerField:
    return forms.IntegerField(
        label=str(title_of(PARAMETERS, parameter.name)),
        min_value=parameter.minimum,
        max_value=parameter.maximum,
        initial=parameter.default,
        help_text=_("%(minimum)s to %(maximum)s %(unit)s")
        % {
            "minimum": parameter.minimum,
            "maximum": parameter.maximum,
            "unit": parameter.unit,
        },
    )


def _said(name: str, part: str) -> Any:
    """Title or text of an option, not translated before it is shown."""
    return getattr(OPTIONS[name], part)


def _number(name: str) -> forms.Field:
    """An option that is a number; left empty it is by default."""
    low, high = RANGES[name]
    default = DEFAULTS[name]
    ends = {"low": shown(low, Unit.COUNT), "high": shown(high, Unit.COUNT)}
    hint = format_lazy(_("{low} to {high}"), **ends)
    field = forms.FloatField if name in SHARES else forms.IntegerField
    return field(
        label=_said(name, "title"),
        min_value=low,  # type: ignore[arg-type]  # of a whole number they are whole
        max_value=high,  # type: ignore[arg-type]
        required=False,
        initial=default,
        help_text=format_lazy("{} ({})", _said(name, "text"), hint),
        widget=forms.NumberInput(attrs={"class": "form-control", "data-default": default}),
    )


def _tick(name: str) -> forms.BooleanField:
    return forms.BooleanField(
        label=_said(name, "title"),
        required=False,
        initial=DEFAULTS[name],
        help_text=_said(name, "text"),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


class LaunchForm(RefusableForm):
    """A job for one workload. `step` is an operation and a target's pk: "migrate:2"."""

    step = forms.ChoiceField()
    strategy = forms.ChoiceField(
        choices=[(strategy.value, title_of(STRATEGIES, strategy)) for strategy in Strategy],
    )
    encrypted = forms.TypedChoiceField(
        choices=[("yes", _("Encrypted")), ("no", _("Plain"))],
        coerce=lambda value: value == "yes",
        initial="yes",
    )
    compression = forms.ChoiceField(
        label=_said("compression", "title"),
        choices=[(name.value, title_of(COMPRESSIONS, name)) for name in Compression],
        initial=DEFAULTS["compression"],
        help_text=_said("compression", "text"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    bandwidth_limit_mbit_s = _number("bandwidth_limit_mbit_s")
    tcp_established = _tick("tcp_established")
    link_rate_mbit_s = _number("link_rate_mbit_s")
    link_delay_ms = _number("link_delay_ms")
    link_loss_percent = _number("link_loss_percent")
    keep_images = _tick("keep_images")
    leave_running = _tick("leave_running")
    most_rounds = _number("most_rounds")
    pages_left = _number("pages_left")
    growth_percent = _number("growth_percent")
    stop_time_ms = _number("stop_time_ms")

    def __init__(self, steps: Iterable[str], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["step"].choices = [(step, step) for step in steps]  # type: ignore[attr-defined]
        for name in ("encrypted", "compression"):  # who does not ask for another gets the default
            self.fields[name].required = False

    def clean_encrypted(self) -> bool:
        return self.cleaned_data["encrypted"] is not False

    def clean_compression(self) -> str:
        return str(self.cleaned_data["compression"] or DEFAULTS["compression"])

    def options(self) -> dict[str, Any]:
        """Those of services.options that were chosen."""
        chosen = {name: self.cleaned_data.get(name) for name in DEFAULTS}
        return {name: value for name, value in chosen.items() if value is not None}

    @property
    def transport(self) -> list[forms.BoundField]:
        return [self["compression"], self["bandwidth_limit_mbit_s"]]

    @property
    def link(self) -> list[forms.BoundField]:
        return [self[name] for name in LINK]

    @property
    def ticks(self) -> list[forms.BoundField]:
        return [self["tcp_established"], self["keep_images"], self["leave_running"]]

    @property
    def rules(self) -> list[forms.BoundField]:
        return [self[name] for name in RULES]

    @property
    def is_touched(self) -> bool:
        """Whether an option is not by default, or wrong: the page shows the options then."""
        shown = (*self.transport, *self.link, *self.ticks, *self.rules, self["encrypted"])
        return any(
            field.errors or (self.is_bound and field.field.has_changed(field.initial, field.data))
            for field in shown
        )
