"""Forms. Ranges come from the catalogue; whether something is possible the services know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from migrations_app.engine.catalogue import Parameter, WorkloadType
from migrations_app.engine.plan import CONTAINER_NAME, Strategy, WorkloadKind
from migrations_app.models import Host
from migrations_app.services.codes import Refused
from migrations_app.words import ERRORS, KINDS, PARAMETERS, STRATEGIES, explain, title_of

PARAMETER_PREFIX = "parameter-"


class RefusableForm(forms.Form):
    """A form whose service can say no; the reason stands on top of it."""

    def refuse(self, error: Refused) -> None:
        said = explain(ERRORS, error.code, error.values)
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


class LaunchForm(RefusableForm):
    """A job for one workload. `step` is an operation and a target's pk: "migrate:2"."""

    step = forms.ChoiceField()
    strategy = forms.ChoiceField(
        choices=[(strategy.value, title_of(STRATEGIES, strategy)) for strategy in Strategy],
        initial=Strategy.COLD.value,
    )
    encrypted = forms.TypedChoiceField(
        choices=[("yes", _("Encrypted")), ("no", _("Plain"))],
        coerce=lambda value: value == "yes",
        initial="yes",
    )

    def __init__(self, steps: Iterable[str], *args: Any) -> None:
        super().__init__(*args)
        self.fields["step"].choices = [(step, step) for step in steps]  # type: ignore[attr-defined]
