"""Adding and preparing a host by the API: the same rules as the wizard's."""

import pytest

from migrations_app.adapters import fingerprint
from migrations_app.engine.errors import HostAuthRefused
from migrations_app.models import ApiToken, AuditEntry, Host, HostDraft, PreparationStep
from migrations_app.services import adding

from .makers import HOST_KEY, make_host
from .test_api import Caller, call, problem_of
from .test_preparing import FACTS as BARE

__all__ = ["call"]  # a fixture
pytestmark = pytest.mark.django_db
BOX = {"name": "box", "address": "10.1.2.3"}
CALLS = [
    ("GET", "/host-drafts", None),
    ("POST", "/host-drafts", BOX),
    ("GET", "/host-drafts/{draft}", None),
    ("POST", "/host-drafts/{draft}/look", None),
    ("POST", "/host-drafts/{draft}/confirm", {"fingerprint": "SHA256:x"}),
    ("DELETE", "/host-drafts/{draft}", None),
    ("GET", "/hosts/{host}/setup", None),
    ("POST", "/hosts/{host}/password", {"password": "secret"}),
    ("GET", "/hosts/{host}/plan", None),
    ("POST", "/hosts/{host}/plan", {"steps": [{"name": "update", "commands": []}]}),
    ("POST", "/hosts/{host}/plan/undo", {"step": "kernel"}),
    ("DELETE", "/hosts/{host}", None),
]


@pytest.fixture
def shown(call):
    """A draft whose key a worker has seen."""
    pk = call("POST", "/host-drafts", BOX).json()["id"]
    HostDraft.objects.filter(pk=pk).update(state="shown", host_key=HOST_KEY)
    return pk


@pytest.fixture
def host(call, shown):
    body = {"fingerprint": fingerprint(HOST_KEY)}
    return Host.objects.get(pk=call("POST", f"/host-drafts/{shown}/confirm", body).json()["id"])


def test_draft_is_begun_and_a_worker_is_sent(call, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = call("POST", "/host-drafts", BOX)
    assert response.status_code == 202
    told = response.json()
    assert (told["state"], told["fingerprint"], told["port"]) == ("looking", None, 22)
    assert sent[-1][1] == told["id"]
    assert [one["id"] for one in call("GET", "/host-drafts").json()] == [told["id"]]


def test_fingerprint_is_told_and_confirmed_and_the_host_has_a_key_of_its_own(call, shown):
    told = call("GET", f"/host-drafts/{shown}").json()
    assert told["state"] == "shown" and told["command"].startswith("ssh-keygen")
    body = {"fingerprint": told["fingerprint"]}
    response = call("POST", f"/host-drafts/{shown}/confirm", body)
    assert response.status_code == 201
    made = Host.objects.get(name="box")
    assert response.json()["paste"] == adding.block_for(made) and made.public_key
    assert not response.json()["ready"] and not HostDraft.objects.exists()
    problem_of(call("GET", f"/host-drafts/{shown}"), 404, "not-found")


def test_another_fingerprint_than_the_one_that_is_shown_is_refused(call, shown):
    body = {"fingerprint": "SHA256:somethingelse"}
    response = call("POST", f"/host-drafts/{shown}/confirm", body)
    problem_of(response, 409, "host-key-changed")
    assert not Host.objects.exists()


def test_key_that_nobody_has_seen_cannot_be_confirmed(call):
    pk = call("POST", "/host-drafts", BOX).json()["id"]
    body = {"fingerprint": fingerprint(HOST_KEY)}
    problem_of(call("POST", f"/host-drafts/{pk}/confirm", body), 409, "host-key-not-shown")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "8.8.8.8", "-x"])
def test_address_that_is_not_allowed_is_refused(call, address):
    response = call("POST", "/host-drafts", {**BOX, "address": address})
    assert response.status_code == 422 and not HostDraft.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"name": "../x"}, {"name": "a b"}, {"user": "$(id)"}, {"port": 0}, {"more": 1}],
)
def test_field_that_is_no_good_is_refused(call, wrong):
    assert call("POST", "/host-drafts", {**BOX, **wrong}).status_code == 422
    assert not HostDraft.objects.exists()


def test_draft_can_be_looked_at_again_and_dropped(call, shown):
    assert call("POST", f"/host-drafts/{shown}/look").json()["state"] == "looking"
    assert call("DELETE", f"/host-drafts/{shown}").status_code == 204
    assert not HostDraft.objects.exists()


def test_setup_tells_each_check_with_what_to_do(call, host):
    Host.objects.filter(pk=host.pk).update(
        last_error_code="host-auth-refused", check_requested_at=None
    )
    told = call("GET", f"/hosts/{host.pk}/setup").json()
    states = {row["name"]: row["state"] for row in told["checks"]}
    assert (states["key"], states["lets-in"], states["criu"]) == ("ok", "fail", "unknown")
    (row,) = [row for row in told["checks"] if row["state"] == "fail"]
    assert row["code"] == "host-auth-refused" and row["todo"]


def test_password_is_used_once_and_is_nowhere_afterwards(call, host, monkeypatch):
    monkeypatch.setattr(adding, "install_key", lambda *_, **__: True)
    response = call("POST", f"/hosts/{host.pk}/password", {"password": "s3cret-words"})
    assert response.json() == {"added": True}
    assert "s3cret" not in str(list(AuditEntry.objects.values())) + response.content.decode()


def test_password_that_the_host_refuses_is_said(call, host, monkeypatch):
    def refuse(*_, **__):
        raise HostAuthRefused("no")

    monkeypatch.setattr(adding, "install_key", refuse)
    response = call("POST", f"/hosts/{host.pk}/password", {"password": "wrong-words"})
    problem_of(response, 422, "host-auth-refused")
    assert "wrong-words" not in response.content.decode()


class TestPlan:
    def steps(self, call, host, *names):
        plan = call("GET", f"/hosts/{host.pk}/plan").json()
        return [
            {"name": one["name"], "commands": one["commands"]}
            for one in plan
            if one["name"] in names
        ]

    @pytest.fixture
    def bare(self, host):
        Host.objects.filter(pk=host.pk).update(facts=BARE)
        return host

    def test_it_is_empty_before_the_first_check(self, call, host):
        Host.objects.filter(pk=host.pk).update(facts=None)
        assert call("GET", f"/hosts/{host.pk}/plan").json() == []

    def test_a_yes_to_its_commands_queues_them(self, call, bare):
        chosen = self.steps(call, bare, "update", "kernel")
        response = call("POST", f"/hosts/{bare.pk}/plan", {"steps": chosen})
        assert response.status_code == 202
        waiting = {one["name"] for one in response.json() if one["state"] == "waiting"}
        assert waiting == {"update", "kernel"}

    def test_other_commands_are_refused_and_nothing_is_queued(self, call, bare):
        chosen = [{"name": "update", "commands": [["rm", "-rf", "/"]]}]
        response = call("POST", f"/hosts/{bare.pk}/plan", {"steps": chosen})
        problem_of(response, 409, "plan-changed")
        assert not PreparationStep.objects.exists()

    def test_a_step_that_was_done_can_be_taken_back(self, call, bare):
        chosen = self.steps(call, bare, "kernel")
        call("POST", f"/hosts/{bare.pk}/plan", {"steps": chosen})
        PreparationStep.objects.update(state="done")
        told = call("GET", f"/hosts/{bare.pk}/plan").json()
        assert [one["name"] for one in told if one["can_undo"]] == ["kernel"]
        assert call("POST", f"/hosts/{bare.pk}/plan/undo", {"step": "kernel"}).status_code == 202
        assert PreparationStep.objects.get().undoing

    def test_nothing_else_can(self, call, bare):
        response = call("POST", f"/hosts/{bare.pk}/plan/undo", {"step": "docker"})
        problem_of(response, 422, "nothing-to-prepare")


def test_host_is_removed(call, host):
    assert call("DELETE", f"/hosts/{host.pk}").status_code == 204
    assert not Host.objects.exists()


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_students_do_none_of_it(student, teacher, sent, method, path, body):
    host = make_host("open")
    draft = adding.begin_host(name="d", address="10.1.2.3", port=22, user="root", created_by=None)
    HostDraft.objects.update(state="shown", host_key=HOST_KEY)
    response = Caller(student)(method, path.format(draft=draft.pk, host=host.pk), body)
    problem_of(response, 403, "staff-only")
    assert HostDraft.objects.exists() and Host.objects.filter(pk=host.pk).exists()


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_token_that_only_reads_does_none_of_it(teacher, sent, method, path, body):
    call = Caller(teacher, scopes=[ApiToken.Scope.READ])
    problem_of(call(method, path.format(draft=1, host=1), body), 403, "scope-missing")
