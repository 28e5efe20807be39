"""Filters of the lists of jobs; the URL holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from migrations_app import selectors
from migrations_app.engine.plan import Compression, Operation, Strategy, WorkloadKind
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.words import COMPRESSIONS, KINDS, OPERATIONS, STRATEGIES, title_of

# What else stands in the URL of a list: nobody mistyped that.
NO_FILTERS = ("page", "metric", "days", "c", "bom", "with", "format")


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select form-select-sm", "data-send": ""})


def _choice(label: Any, choices: Any, field_name: str | None = None) -> Any:
    return django_filters.ChoiceFilter(
        label=label, choices=choices, field_name=field_name, empty_label=_("all"), widget=_select()
    )


class NameInput(forms.TextInput):
    """A field to type in; `names` reads those that there are to choose from, when it is shown."""

    names: Callable[[], list[str]] | None = None


def _name(label: Any, field_name: str | None = None, method: str | None = None) -> Any:
    widget = NameInput(attrs={"class": "form-control form-control-sm", "maxlength": 100})
    return django_filters.CharFilter(
        label=label, field_name=field_name, method=method, widget=widget
    )


class JobFilter(django_filters.FilterSet):  # type: ignore[misc]  # it brings no types
    """By state, operation, strategy, kind, options, workload, host, tag, and one's favourites."""

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
    workload = _name(_("Workload"), method="of_workload")
    host = _name(_("Host"), method="of_host")
    tag = _name(_("Tag"), "tags__name")
    favourite = django_filters.ChoiceFilter(
        label=_("Favourites"),
        choices=[("1", _("mine"))],
        method="of_mine",
        empty_label=_("all"),
        widget=_select(),
    )
    configuration = django_filters.NumberFilter(widget=forms.HiddenInput())

    class Meta:
        model = MigrationJob
        fields = ["status", "operation", "strategy", "kind", "compression", "encrypted"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        viewer = self.request.user if self.request else AnonymousUser()
        names = {
            "workload": selectors.workload_names,
            "host": selectors.host_names,
            "tag": selectors.tag_names,
        }
        for name, read in names.items():
            widget = self.form.fields[name].widget
            widget.names = partial(read, viewer)
            widget.attrs["list"] = f"names-{name}"

    def of_host(self, rows: QuerySet[MigrationJob], _name: str, value: str) -> Any:
        """By their ids, which have an index: joined by name every job would be read."""
        hosts = list(Host.objects.filter(name=value).values_list("pk", flat=True))
        return rows.filter(Q(source__in=hosts) | Q(target__in=hosts))

    def of_workload(self, rows: QuerySet[MigrationJob], _name: str, value: str) -> Any:
        return rows.filter(workload__in=Workload.objects.filter(name=value).values("pk"))

    def of_mine(self, rows: QuerySet[MigrationJob], _name: str, _value: str) -> Any:
        user = getattr(self.request, "user", None)
        return rows.filter(favourites__user=user) if user else rows.none()


class HistoryFilter(JobFilter):
    """Only runs that ended well are charted, so there is no choosing by state."""

    status = None

    class Meta:
        model = MigrationJob
        fields = ["operation", "strategy", "kind", "compression", "encrypted"]


@dataclass(frozen=True)
class Misread:
    """A filter of the URL that can't be understood, and was left out."""

    name: str
    value: str


def misread(chosen: JobFilter, extra: Iterable[str] = ()) -> list[Misread]:
    """What of the URL was left out: values that don't parse, and names that nobody knows."""
    data: Mapping[str, str] = chosen.data or {}
    wrong = [name for name in chosen.form.errors if name in data]
    known = {*chosen.filters, *NO_FILTERS, *extra}
    return [Misread(name, data[name]) for name in [*wrong, *(n for n in data if n not in known)]]
