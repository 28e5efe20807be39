"""Filters of the lists of jobs; the URL holds them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from migrations_app import selectors
from migrations_app.engine.plan import Compression, Operation, Strategy, WorkloadKind
from migrations_app.models import MigrationJob
from migrations_app.words import COMPRESSIONS, KINDS, OPERATIONS, STRATEGIES, title_of


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select form-select-sm", "data-send": ""})


def _choice(label: Any, choices: Any, field_name: str | None = None) -> Any:
    return django_filters.ChoiceFilter(
        label=label, choices=choices, field_name=field_name, empty_label=_("all"), widget=_select()
    )


def _workload_names() -> list[tuple[str, str]]:
    return [(name, name) for name in selectors.workload_names()]


class JobFilter(django_filters.FilterSet):  # type: ignore[misc]  # it brings no types
    """By state, operation, strategy, kind and workload."""

    status = _choice(_("State"), MigrationJob.Status.choices)
    operation = _choice(_("Operation"), [(o.value, title_of(OPERATIONS, o)) for o in Operation])
    strategy = _choice(_("Strategy"), [(s.value, title_of(STRATEGIES, s)) for s in Strategy])
    kind = _choice(
        _("Kind"), [(k.value, title_of(KINDS, k)) for k in WorkloadKind], "workload__kind"
    )
    compression = _choice(
        _("Compression"), [(c.value, title_of(COMPRESSIONS, c)) for c in Compression]
    )
    encrypted = _choice(_("Encryption"), [("True", _("encrypted")), ("False", _("plain"))])
    workload = _choice(_("Workload"), _workload_names, "workload__name")

    class Meta:
        model = MigrationJob
        fields = [
            "status",
            "operation",
            "strategy",
            "kind",
            "compression",
            "encrypted",
            "workload",
        ]


class HistoryFilter(JobFilter):
    """Only runs that ended well are charted, so there is no choosing by state."""

    status = None

    class Meta:
        model = MigrationJob
        fields = ["operation", "strategy", "kind", "compression", "encrypted", "workload"]
