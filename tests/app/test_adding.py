"""Adding a host: address, key, how it lets us in; what is refused on the way."""

import contextlib
import re
import socket

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.adapters import fingerprint
from migrations_app.engine.errors import (
    HostAuthRefused,
    HostKeyMismatch,
    HostUnreachable,
    NotPossible,
)
from migrations_app.engine.hostside.fields import Fields
from migrations_app.engine.tools import preparing
from migrations_app.models import AuditEntry, Host, HostDraft
from migrations_app.services import adding, inventory, scanning, upkeep
from migrations_app.services.addresses import HOST_NAME, checked_address, resolved_address
from migrations_app.services.codes import Code, InventoryRefused

from .makers import HOST_KEY, make_host

OTHER_KEY = HOST_KEY.replace("A" * 68, "B" * 68)


def begin(by=None, **changes) -> HostDraft:
    values = {"name": "box", "address": "10.1.2.3", "port": 22, "user": "root"}
    return adding.begin_host(**(values | changes), created_by=by)


def shown(draft: HostDraft, key: str = HOST_KEY) -> HostDraft:
    HostDraft.objects.filter(pk=draft.pk).update(state="shown", host_key=key)
    draft.refresh_from_db()
    return draft


def code_of(call, *args, **kwargs):
    with pytest.raises(InventoryRefused) as caught:
        call(*args, **kwargs)
    return caught.value.code


def names_stand_for(monkeypatch, *addresses):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 0)) for a in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)


class TestAddresses:
    def test_a_name_is_resolved_once_and_its_address_kept(self, monkeypatch):
        names_stand_for(monkeypatch, "192.168.56.10")
        assert resolved_address("vm-1.lab.example") == "192.168.56.10"

    @pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1"])
    def test_a_name_that_stands_for_this_machine_is_refused(self, monkeypatch, address):
        names_stand_for(monkeypatch, address)
        assert code_of(resolved_address, "innocent.example") == Code.ADDRESS_REFUSED

    def test_one_bad_address_among_good_ones_is_enough(self, monkeypatch):
        names_stand_for(monkeypatch, "10.0.0.1", "127.0.0.1")
        assert code_of(resolved_address, "rebind.example") == Code.ADDRESS_REFUSED

    def test_localhost_is_refused_for_real(self):
        assert code_of(resolved_address, "localhost") == Code.ADDRESS_REFUSED

    def test_a_name_that_nobody_knows_is_said(self):
        assert code_of(resolved_address, "no-such-host.invalid") == Code.NAME_UNKNOWN

    @pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
    def test_without_a_list_only_private_networks_are_allowed(self, address):
        assert code_of(checked_address, address) == Code.ADDRESS_OUTSIDE

    def test_with_a_list_nothing_else_is(self, settings):
        settings.ALLOWED_HOST_NETWORKS = ["203.0.113.0/24"]
        assert checked_address("203.0.113.7") == "203.0.113.7"
        assert code_of(checked_address, "10.1.2.3") == Code.ADDRESS_OUTSIDE

    @given(st.text())
    def test_no_text_becomes_an_address_that_is_not_one(self, text):
        try:
            assert checked_address(text) == text
        except InventoryRefused as refused:
            assert refused.code in (Code.BAD_ADDRESS, Code.ADDRESS_REFUSED, Code.ADDRESS_OUTSIDE)

    def test_an_address_that_is_no_longer_allowed_is_not_called(self, db, engine, sent, settings):
        host = make_host(address="10.1.2.3")
        settings.ALLOWED_HOST_NETWORKS = ["192.168.0.0/16"]
        upkeep.check_host(host_id=host.pk)
        host.refresh_from_db()
        assert (host.state, host.last_error_code) == ("unreachable", Code.ADDRESS_OUTSIDE)
        assert engine.calls == []


class TestDrafts:
    def test_a_worker_is_sent_to_look_at_the_key(
        self, db, sent, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            draft = begin()
        assert sent == [("LOOK_AT_DRAFT", draft.pk)]

    def test_the_worker_writes_the_key_that_is_shown(self, db, sent, monkeypatch):
        monkeypatch.setattr(scanning, "scan_host_key", lambda address, port: HOST_KEY)
        draft = begin()
        scanning.look_at_draft(draft_id=draft.pk)
        draft.refresh_from_db()
        assert (draft.state, draft.host_key) == ("shown", HOST_KEY)

    def test_a_closed_port_and_a_silent_one_are_told_alike(self, db, sent, settings):
        settings.ALLOWED_HOST_NETWORKS = ["127.0.0.0/8"]
        draft = begin(address="127.0.0.1", port=1)
        scanning.look_at_draft(draft_id=draft.pk)
        draft.refresh_from_db()
        assert draft.state == "silent"

    def test_of_two_workers_one_looks(self, db, sent, monkeypatch):
        calls = []
        monkeypatch.setattr(scanning, "scan_host_key", lambda *a: calls.append(a) or HOST_KEY)
        draft = begin()
        scanning.look_at_draft(draft_id=draft.pk)
        scanning.look_at_draft(draft_id=draft.pk)
        assert len(calls) == 1

    def test_a_confirmed_key_makes_a_host_with_a_key_pair_of_its_own(self, teacher, sent):
        draft = shown(begin(teacher))
        host = adding.confirm_key(draft=draft, shown=fingerprint(HOST_KEY), user=teacher)
        assert (host.host_key, host.public_key.split()[0]) == (HOST_KEY, "ssh-ed25519")
        assert host.public_key in adding.block_for(host)
        assert not HostDraft.objects.exists()
        entry = AuditEntry.objects.get(what="host-added")
        assert (entry.who, entry.target, entry.outcome) == ("teacher", "box", "done")

    def test_a_key_that_changed_while_it_was_looked_at_is_not_pinned(self, db, sent):
        draft = shown(begin(), OTHER_KEY)
        call = adding.confirm_key
        assert (
            code_of(call, draft=draft, shown=fingerprint(HOST_KEY), user=None) == Code.KEY_CHANGED
        )
        assert not Host.objects.exists()

    def test_nothing_is_confirmed_that_was_not_shown(self, db, sent):
        assert code_of(adding.confirm_key, draft=begin(), shown="", user=None) == Code.NOT_SHOWN

    def test_a_student_adds_no_host_and_the_attempt_is_kept(self, student, sent):
        assert code_of(begin, student) == Code.STAFF_ONLY
        assert AuditEntry.objects.get().outcome == "refused"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"name": "a b"}, Code.BAD_NAME),
            ({"name": "x\n"}, Code.BAD_NAME),
            ({"user": "root\n"}, Code.BAD_USER),
            ({"user": "a;reboot"}, Code.BAD_USER),
            ({"user": "ALL"}, Code.BAD_USER),
            ({"port": 0}, Code.BAD_PORT),
            ({"address": "10.1.2.3; reboot"}, Code.BAD_ADDRESS),
            ({"address": "10.1.2.3\n"}, Code.BAD_ADDRESS),
            ({"address": "127.0.0.1"}, Code.ADDRESS_REFUSED),
        ],
    )
    def test_what_cannot_be_is_refused(self, db, sent, changes, code):
        assert code_of(begin, **changes) == code

    def test_a_name_is_given_once_to_hosts_and_drafts_together(self, db, sent):
        begin()
        assert code_of(begin) == Code.HOST_EXISTS
        make_host("pc-1")
        assert code_of(begin, name="pc-1") == Code.HOST_EXISTS


class TestPassword:
    def test_a_wrong_password_is_audited_without_it(self, db, sent, monkeypatch):
        def refuse(target, *, password, public_key):
            raise HostAuthRefused("no", code="password-refused")

        monkeypatch.setattr(adding, "install_key", refuse)
        host = make_host(public_key="ssh-ed25519 " + "A" * 68)
        with pytest.raises(HostAuthRefused):
            adding.let_in_by_password(host=host, password="hunter2", user=None)
        entry = AuditEntry.objects.get()
        assert entry.detail == {"code": "password-refused"}
        assert "hunter2" not in str(AuditEntry.objects.values())

    def test_a_page_never_shows_a_password_again(self, client, teacher, sent, monkeypatch, caplog):
        def silent(target, *, password, public_key):
            raise HostUnreachable("no session")

        monkeypatch.setattr(adding, "install_key", silent)
        host = make_host(public_key="ssh-ed25519 " + "A" * 68)
        client.force_login(teacher)
        answer = client.post(reverse("host-password", args=[host.pk]), {"password": "hunter2"})
        assert answer.status_code == 200
        assert "hunter2" not in answer.content.decode() + caplog.text

    def test_a_host_whose_key_was_given_as_a_file_takes_no_password(self, db, sent):
        call = adding.let_in_by_password
        assert code_of(call, host=make_host(), password="x", user=None) == Code.NO_PUBLIC_KEY


def test_another_key_is_a_quarantine_and_stands_in_the_audit_log(db, engine, sent):
    host = make_host()
    engine.connect_errors[host.name] = HostKeyMismatch("another")
    upkeep.check_host(host_id=host.pk)
    assert AuditEntry.objects.get().what == "host-quarantined"


def test_entries_of_the_audit_log_are_neither_changed_nor_removed(db, sent):
    inventory.remove_host(host=make_host(), user=None)
    entry = AuditEntry.objects.get()
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


@pytest.mark.parametrize("name", ["host-add", "audit"])
def test_students_do_not_see_these_pages(client, student, name):
    client.force_login(student)
    assert client.get(reverse(name)).status_code == 403


def test_the_wizard_leads_from_the_address_to_the_block(client, teacher, sent):
    client.force_login(teacher)
    answer = client.post(
        reverse("host-add"), {"name": "box", "address": "10.1.2.3", "port": 22, "user": "lab"}
    )
    draft = shown(HostDraft.objects.get())
    assert answer.url == reverse("host-draft", args=[draft.pk])
    assert fingerprint(HOST_KEY) in client.get(answer.url).content.decode()
    answer = client.post(
        reverse("host-draft-confirm", args=[draft.pk]), {"fingerprint": fingerprint(HOST_KEY)}
    )
    host = Host.objects.get()
    assert answer.url == reverse("host-setup", args=[host.pk])
    page = client.get(answer.url).content.decode()
    assert "restrict ssh-ed25519" in page and "NOPASSWD" in page


def test_an_address_that_is_refused_says_why_on_the_form(client, teacher, sent):
    client.force_login(teacher)
    answer = client.post(
        reverse("host-add"), {"name": "me", "address": "127.0.0.1", "port": 22, "user": "root"}
    )
    assert "127.0.0.1 is not allowed" in answer.content.decode()


# What a host, a shell, sudo, sshd or apt could take for more than it is.
HOSTILE = st.text(alphabet=st.sampled_from("ab1-._ \n\r\t\0'\"$`;|&<>(){}*?[]#%!\\/:=,~é中"))


@given(HOSTILE | st.text())
def test_no_name_user_or_key_of_a_host_holds_a_line_break_or_a_shells_word(text):
    plain = set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    for check in (inventory.checked_host_name, inventory.checked_user):
        with contextlib.suppress(InventoryRefused):
            assert set(check(text)) <= plain
    with contextlib.suppress(InventoryRefused):
        assert len(inventory._checked_host_key(text).splitlines()) == 1


@given(HOSTILE)
def test_no_name_that_is_looked_up_holds_more_than_a_name(text):
    if HOST_NAME.fullmatch(text):
        assert set(text) <= set("ab1-.")


@given(HOSTILE | st.text(), st.sampled_from(["step", "name", "job", "image"]))
def test_no_field_of_a_request_to_a_host_holds_a_line_break_or_a_shells_word(text, field):
    fields = Fields({field: text})
    read = {"name": fields.name, "job": fields.job, "image": fields.image}
    step = lambda: fields.choice("step", *preparing.STEPS)  # noqa: E731
    with contextlib.suppress(NotPossible):
        assert re.fullmatch(r"[A-Za-z0-9_.:/@-]+", read.get(field, step)())
