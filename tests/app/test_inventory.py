"""Hosts and workloads: registered, asked for, removed."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.crypto import decrypt
from migrations_app.models import Host, Workload
from migrations_app.services import inventory
from migrations_app.services.addresses import checked_address
from migrations_app.services.codes import Code, InventoryRefused

from .makers import HOST_KEY, make_host, make_job, make_workload

PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n"


def lab_host(**changes):
    values = {"name": "lab-a", "address": "10.77.0.2", "port": 22, "user": "root"}
    keys = {"host_key": HOST_KEY, "private_key": PRIVATE}
    return SimpleNamespace(**(values | keys | changes))


def register(**changes):
    values = {"name": "box", "address": "10.1.2.3", "port": 22, "user": "root"}
    keys = {"host_key": HOST_KEY, "private_key": PRIVATE, "created_by": None}
    return inventory.register_host(**(values | keys | changes))


def create(host, **changes):
    values = {"name": "cr", "type_name": "counter", "kind": "container", "parameters": {}}
    return inventory.create_workload(host=host, created_by=None, **(values | changes))


def code_of(call, *args, **kwargs):
    with pytest.raises(InventoryRefused) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_lab_hosts_are_registered_once_and_checked(db, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        inventory.register_lab_hosts([lab_host(), lab_host(name="lab-b")])
        inventory.register_lab_hosts([lab_host(address="10.77.0.9")])
    host = Host.objects.get(name="lab-a")
    assert Host.objects.count() == 2
    assert (host.address, host.is_lab) == ("10.77.0.9", True)
    assert ("CHECK_HOST", host.pk) in sent


def test_a_private_key_is_sealed_at_rest(db, sent):
    host = register()
    assert b"secret" not in bytes(host.private_key_encrypted)
    assert decrypt(host.private_key_encrypted) == PRIVATE


def test_only_staff_registers_and_removes_hosts(student, sent):
    assert code_of(register, created_by=student) == Code.STAFF_ONLY
    assert code_of(inventory.remove_host, host=make_host(), user=student) == Code.STAFF_ONLY


def test_a_host_name_is_given_once(db, sent):
    register()
    assert code_of(register) == Code.HOST_EXISTS


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:127.0.0.1"],
)
def test_an_address_that_leads_back_is_refused(db, address):
    assert code_of(register, address=address) == Code.ADDRESS_REFUSED


def test_a_forbidden_address_can_be_allowed(settings):
    settings.ALLOWED_HOST_NETWORKS = ["127.0.0.0/8"]
    assert checked_address("127.0.0.1") == "127.0.0.1"


@given(st.text(max_size=40))
def test_what_is_no_address_is_refused(text):
    try:
        checked_address(text)
    except InventoryRefused as refusal:
        assert refusal.code in (Code.BAD_ADDRESS, Code.ADDRESS_REFUSED)


@pytest.mark.parametrize(
    "key", ["", "ssh-rsa AAAA", "ssh-ed25519 short", HOST_KEY + "\n" + HOST_KEY]
)
def test_a_host_key_has_one_form(db, key):
    assert code_of(register, host_key=key) == Code.BAD_HOST_KEY


def test_a_host_in_use_stays(db):
    workload = make_workload()
    assert code_of(inventory.remove_host, host=workload.host, user=None) == Code.HOST_IN_USE


def test_a_host_with_a_history_stays(db):
    job = make_job(status="succeeded")
    Workload.objects.update(state=Workload.State.REMOVED)
    call = inventory.remove_host
    assert code_of(call, host=job.target, user=None) == Code.HOST_HAS_HISTORY


def test_trusting_another_key_ends_a_quarantine(db, sent):
    host = make_host(state=Host.State.QUARANTINED, last_error_code="host-key-mismatch")
    other = HOST_KEY.replace("A" * 68, "B" * 68)
    inventory.pin_host_key(host=host, host_key=other, user=None)
    host.refresh_from_db()
    assert (host.host_key, host.state, host.last_error_code) == (other, "unknown", "")


def test_a_workload_gets_defaults_and_its_start_is_queued(
    db, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        workload = create(make_host())
    assert workload.parameters == {"interval_ms": 1000}
    assert workload.state == Workload.State.STARTING
    assert sent == [("START_WORKLOAD", workload.pk)]


def test_nothing_is_sent_before_the_commit(db, sent):
    create(make_host())
    assert sent == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "-x"}, Code.BAD_NAME),
        ({"name": "a b"}, Code.BAD_NAME),
        ({"name": "x" * 41}, Code.BAD_NAME),
        ({"name": "$(reboot)"}, Code.BAD_NAME),
        ({"type_name": "bomb"}, Code.UNKNOWN_WORKLOAD_TYPE),
        ({"parameters": {"interval_ms": 1}}, Code.BAD_PARAMETER),
        ({"parameters": {"command": "sh"}}, Code.BAD_PARAMETER),
    ],
)
def test_a_workload_that_cannot_be_is_refused(db, changes, code):
    assert code_of(create, make_host(), **changes) == code


def test_a_name_is_free_again_when_its_workload_is_removed(db, sent):
    host = make_host()
    first = create(host)
    assert code_of(create, host) == Code.WORKLOAD_EXISTS
    Workload.objects.filter(pk=first.pk).update(state=Workload.State.REMOVED)
    assert create(host).pk != first.pk


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": "unknown"}, Code.HOST_NOT_CHECKED),
        ({"state": "unreachable"}, Code.HOST_UNREACHABLE),
        ({"state": "quarantined"}, Code.HOST_QUARANTINED),
        (
            {
                "state": "limited",
                "problems": [
                    {
                        "code": "docker-missing",
                        "severity": "fail",
                        "kinds": ["container"],
                        "values": {},
                    }
                ],
            },
            Code.HOST_PROBLEM,
        ),
    ],
)
def test_a_host_that_cannot_run_it_is_refused_with_the_reason(db, fields, code):
    assert code_of(create, make_host(**fields)) == code


def test_a_problem_of_containers_does_not_stop_processes(db, sent):
    problem = {"code": "docker-missing", "severity": "fail", "kinds": ["container"], "values": {}}
    host = make_host(state=Host.State.LIMITED, problems=[problem])
    assert create(host, kind="process").pk


def test_a_workload_under_migration_is_not_removed(db):
    job = make_job()
    call = inventory.remove_workload
    assert code_of(call, workload=job.workload, user=None) == Code.WORKLOAD_BUSY


def test_preparing_a_host_is_queued_with_its_check(
    db, sent, teacher, django_capture_on_commit_callbacks
):
    host = make_host()
    with django_capture_on_commit_callbacks(execute=True):
        inventory.request_preparation(host=host, user=teacher)
    host.refresh_from_db()
    assert host.prepare_requested_at and host.check_requested_at
    assert sent == [("CHECK_HOST", host.pk)]


def test_a_student_cannot_have_files_changed_on_a_host(db, student):
    host = make_host()
    with pytest.raises(InventoryRefused) as caught:
        inventory.request_preparation(host=host, user=student)
    assert caught.value.code == Code.STAFF_ONLY
    host.refresh_from_db()
    assert host.prepare_requested_at is None
