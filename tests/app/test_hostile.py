"""Hostile words in every field of every form and call whose values can reach a host.

Whatever a person sends, what stands in the rows that workers read afterwards has no line break and
no shell's word in it; where there is free text, it stays on the site.
"""

import itertools
import json

import pytest
from django.db import models
from django.urls import reverse

from migrations_app.models import (
    Experiment,
    Host,
    HostDraft,
    KeptImage,
    MigrationJob,
    PreparationStep,
    Workload,
)
from tests.engine.test_preflight import FACTS

from .makers import make_host, make_workload
from .test_api import Caller

pytestmark = pytest.mark.django_db
HOSTILE = (
    "$(touch /tmp/x)",
    "a\nreboot",
    "--privileged",
    "../../etc/passwd",
)
WORDS = set("$`;|&<>\n\r\0'\"\\ ")
# What workers read, and of it the columns that are for people and go to no host.
READ_BY_WORKERS = (Host, HostDraft, Workload, MigrationJob, PreparationStep, KeptImage, Experiment)
FREE = {
    "Experiment": {"name", "notes"},
    "Host": {"host_key", "private_key_encrypted", "public_key", "last_error", "facts", "problems"},
    "PreparationStep": {"commands", "output", "error"},
}


def words_of(value) -> set[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*map(words_of, [*value, *value.values()]), set())
    if isinstance(value, list | tuple):
        return set().union(*map(words_of, value), set())
    return set()


def stored() -> list[tuple[str, str, str]]:
    """(model, column, text) of all that workers read."""
    found = []
    for model in READ_BY_WORKERS:
        for field in model._meta.concrete_fields:
            text = isinstance(field, models.CharField | models.TextField | models.JSONField)
            if not text or field.name in FREE.get(model.__name__, ()):
                continue
            for value in model.objects.values_list(field.attname, flat=True):
                found += [(model.__name__, field.name, one) for one in words_of(value)]
    return found


def harmless() -> None:
    for model, column, text in stored():
        assert not set(text) & WORDS, (model, column, text)
        assert not text.startswith("-") and ".." not in text, (model, column, text)


@pytest.fixture
def hosts(teacher, sent):
    hosts = [make_host(name, facts=FACTS) for name in ("one", "two")]
    make_workload(hosts[0], name="cr", created_by=teacher)
    return hosts


def replaced(body, path, value):
    """`body` with `value` at `path`."""
    copy = json.loads(json.dumps(body))
    at = copy
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return copy


def places(body, before=()):
    """The path of every value in a body, and of every key that could be another."""
    items = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in items:
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from places(value, (*before, key))


CALLS = {
    "/host-drafts": {"name": "box", "address": "10.1.2.3", "port": 22, "user": "root"},
    "/host-drafts/1/confirm": {"fingerprint": "SHA256:x"},
    "/workloads": {
        "name": "w",
        "type": "counter",
        "kind": "process",
        "host": 1,
        "parameters": {"interval_ms": 100},
    },
    "/jobs": {
        "workload": 1,
        "target": 2,
        "operation": "migrate",
        "strategy": "pre-copy",
        "options": {"compression": "lz4", "most_rounds": 3, "keep_images": True},
    },
    "/hosts/1/plan": {"steps": [{"name": "kernel", "commands": [["sysctl"]]}]},
    "/hosts/1/plan/undo": {"step": "kernel"},
}


@pytest.mark.parametrize("path", CALLS)
def test_no_call_takes_a_hostile_word_to_a_host(path, hosts, teacher):
    call, body = Caller(teacher), CALLS[path]
    for place, word in itertools.product(places(body), HOSTILE):
        response = call("POST", path, replaced(body, place, word))
        assert response.status_code < 500, (place, word)
        harmless()


@pytest.mark.parametrize("path", CALLS)
def test_no_name_of_a_field_does_either(path, hosts, teacher):
    call, body = Caller(teacher), CALLS[path]
    for word in HOSTILE:
        response = call("POST", path, {**body, word: word})
        assert response.status_code in (404, 422), (path, word)
        harmless()


PAGES = ["host-add", "workload-new", "experiment-new"]


@pytest.mark.parametrize("page", PAGES)
def test_no_form_takes_a_hostile_word_to_a_host(page, hosts, teacher, client):
    client.force_login(teacher)
    url = reverse(page)
    form = client.get(url).context["form"]
    good = {name: given(form[name]) for name in form.fields}
    for name, word in itertools.product(form.fields, HOSTILE):
        response = client.post(url, {**good, name: word})
        assert response.status_code in (200, 302, 422), (page, name, word)
        harmless()


def given(bound):
    """What a person who takes everything as it stands would send."""
    choices = [value for value, _ in getattr(bound.field, "choices", ()) if value]
    value = bound.initial if bound.initial not in (None, "") else ""
    return value or (str(choices[0]) if choices else "x1")


def test_the_rows_are_really_looked_at(hosts):
    Workload.objects.update(ref_name="$(id)")
    with pytest.raises(AssertionError):
        harmless()
