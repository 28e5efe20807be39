"""What belongs to others: rows whose names tell at once when somebody sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

from migrations_app.models import ApiToken, Experiment
from migrations_app.services.tokens import create_token

from .makers import make_host, make_workload
from .pages import REPORT, finished

MARK = "zzsecret"  # in every name; no page has a reason to say it to a stranger


@dataclass
class Strangers:
    """Another student's and an instructor's rows, and a host that is closed."""

    rows: list[Model] = field(default_factory=list)

    def state(self) -> list[dict[str, Any]]:
        """Every column of every row, as the database has it now."""
        return [type(row).objects.filter(pk=row.pk).values().get() for row in self.rows]

    @property
    def pks(self) -> list[int]:
        return sorted({row.pk for row in self.rows})


def make_strangers() -> Strangers:
    people = [
        User.objects.create_user(f"{MARK}-student"),
        User.objects.create_user(f"{MARK}-instructor", is_staff=True),
    ]
    closed = make_host(f"{MARK}-host", open_to_students=False)
    strangers = Strangers([*people, closed])
    for person in people:
        strangers.rows.extend(_rows_of(person, closed))
    return strangers


def _rows_of(person: User, closed: Any) -> list[Model]:
    here = make_workload(closed, name=f"{MARK}-{person.pk}", created_by=person)
    there = make_workload(closed, name=f"{MARK}-{person.pk}-idle", created_by=person)
    report = {**REPORT, "environment": {"source": {"hostname": MARK}, "target": {}}}
    run = finished(workload=here, target=closed, created_by=person, report=report)
    token, _text = create_token(user=person, name=MARK, scopes=[ApiToken.Scope.READ], days=None)
    plan = Experiment.objects.create(name=MARK, grid={}, seed=1, created_by=person)
    return [here, there, run, token, plan]


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    """(route, pattern) of every page of ours; Django's administration has rules of its own."""
    found: list[tuple[str, URLPattern]] = []
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            found.append((route, entry))
        elif entry.namespace != "admin":
            found.extend(patterns(entry, route))
    return found
