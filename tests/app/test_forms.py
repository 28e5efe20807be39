"""Forms take what the catalogue takes, and say no in words."""

import pytest

from migrations_app.engine.catalogue import COUNTER, MEMORY
from migrations_app.forms import LaunchForm, WorkloadForm
from migrations_app.services.codes import Code, InventoryRefused

from .makers import make_host

pytestmark = pytest.mark.django_db


def filled(host, changes=None):
    data = {"name": "cr", "kind": "container", "host": str(host.pk), "parameter-interval_ms": "50"}
    return data | (changes or {})


def test_a_good_form_says_what_is_wanted():
    host = make_host()
    form = WorkloadForm(COUNTER, [host], filled(host))
    assert form.is_valid()
    assert form.wanted() == {
        "name": "cr",
        "type_name": "counter",
        "kind": "container",
        "host": host,
        "parameters": {"interval_ms": 50},
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "-rm"),
        ("name", "a b"),
        ("name", "$(reboot)"),
        ("name", ""),
        ("kind", "vm"),
        ("host", "999999"),
        ("parameter-interval_ms", "9"),
        ("parameter-interval_ms", "60001"),
        ("parameter-interval_ms", "1; rm"),
    ],
)
def test_a_bad_value_is_told_at_its_field(field, value):
    host = make_host()
    form = WorkloadForm(COUNTER, [host], filled(host, {field: value}))
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_every_parameter_has_a_field_with_its_range():
    form = WorkloadForm(MEMORY, [])
    field = form.fields["parameter-memory_mib"]
    assert (field.min_value, field.max_value, field.initial) == (1, 4096, 64)
    assert str(field.help_text) == "1 to 4096 MiB"


def test_a_refusal_says_what_why_and_what_to_do():
    host = make_host()
    form = WorkloadForm(COUNTER, [host], filled(host))
    assert form.is_valid()
    form.refuse(InventoryRefused(Code.WORKLOAD_EXISTS, workload="cr"))
    assert form.non_field_errors()[0] == "There is a workload called cr already"
    assert len(form.non_field_errors()) == 3


def test_a_launch_takes_offered_steps_only():
    good = {"step": "migrate:2", "strategy": "cold", "encrypted": "no"}
    assert LaunchForm(["migrate:2"], good).is_valid()
    assert not LaunchForm(["migrate:3"], good).is_valid()
    assert not LaunchForm(["migrate:2"], good | {"strategy": "magic"}).is_valid()
