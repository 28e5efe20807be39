"""Preparing a host: shown, agreed to, run one by one, told."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app import facts_history, host_selectors, words
from migrations_app.engine.errors import HostUnreachable, StepFailed
from migrations_app.engine.tools import preparing as plans
from migrations_app.models import AuditEntry, Host, HostFacts, PreparationStep
from migrations_app.services import carrying_out, dispatch, preparing, upkeep
from migrations_app.services.codes import Code, InventoryRefused

from .makers import make_host

FACTS = {
    "kernel": "6.1.0",
    "criu": None,
    "docker": None,
    "packages": {"docker.io": "26.1", "docker-cli": None, "criu": "4.1"},
    "kernel_settings": {},
}


@pytest.fixture
def host(db, sent) -> Host:
    return make_host("box", facts=FACTS)


def ask(host, *names, agreed=None, by=None):
    preparing.ask_for_steps(host=host, names=names, agreed=agreed, user=by)


def states(host) -> dict[str, str]:
    return dict(host.preparation_steps.values_list("name", "state"))


def code_of(call, *args, **kwargs) -> str:
    with pytest.raises(InventoryRefused) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_nothing_runs_that_nobody_said_yes_to(host, engine):
    carrying_out.run_steps(host_id=host.pk)
    assert engine.calls == []


def test_steps_run_in_the_plans_order_and_their_output_is_kept(host, engine):
    ask(host, "kernel", "criu", "docker")
    carrying_out.run_steps(host_id=host.pk)
    assert [call[2] for call in engine.calls if call[0] == "prepare_step"] == [
        "docker",
        "criu",
        "kernel",
    ]
    assert set(states(host).values()) == {"done"}
    assert host.preparation_steps.get(name="criu").output == "$ criu\n"
    host.refresh_from_db()
    assert host.check_requested_at and not host.lease_until


def test_a_step_that_fails_holds_back_those_behind_it(host, engine):
    engine.step_errors["docker"] = StepFailed("locked", code="apt-locked")
    ask(host, "docker", "criu", "kernel")
    carrying_out.run_steps(host_id=host.pk)
    assert states(host) == {"docker": "failed", "criu": "held", "kernel": "held"}
    assert host.preparation_steps.get(name="docker").error_code == "apt-locked"
    entry = AuditEntry.objects.filter(what="prepared").get()
    assert (entry.outcome, entry.detail["code"]) == ("failed", "apt-locked")
    engine.step_errors.clear()
    ask(host, "docker", "criu")
    carrying_out.run_steps(host_id=host.pk)
    assert states(host) == {"docker": "done", "criu": "done", "kernel": "held"}


def test_a_host_that_is_gone_fails_the_step_and_says_so(host, engine):
    engine.connect_errors["box"] = HostUnreachable("gone")
    ask(host, "docker", "criu")
    carrying_out.run_steps(host_id=host.pk)
    assert states(host) == {"docker": "failed", "criu": "held"}
    assert host.preparation_steps.get(name="docker").error_code == "host-unreachable"


def test_commands_other_than_those_that_were_shown_are_not_queued(host):
    agreed = {"docker": [["apt-get", "install", "something-else"]]}
    assert code_of(ask, host, "docker", agreed=agreed) == Code.PLAN_CHANGED
    assert states(host) == {}


def test_steps_that_cannot_be_run_yet_are_refused(host):
    assert code_of(ask, host, "experimental") == Code.NOTHING_TO_PREPARE
    assert code_of(ask, host, "reboot") == Code.NOTHING_TO_PREPARE


def test_two_people_cannot_prepare_a_host_at_once(host):
    ask(host, "docker")
    assert code_of(ask, host, "criu") == Code.BEING_PREPARED


def test_a_student_prepares_nothing(host, student):
    assert code_of(ask, host, "docker", by=student) == Code.STAFF_ONLY


def test_of_two_workers_one_runs_a_step(host, engine):
    ask(host, "docker")
    row = host.preparation_steps.get()
    assert row.move("waiting", "running")
    assert not row.move("waiting", "running")


def test_a_step_whose_worker_is_gone_is_given_up(host, engine):
    ask(host, "docker")
    host.preparation_steps.update(state="running", started_at=timezone.now())
    assert list(dispatch.waiting_preparations()) == []
    assert host.preparation_steps.get().error_code == Code.WORKER_LOST


def test_what_waits_is_sent_again_by_the_dispatcher(host):
    ask(host, "docker")
    assert list(dispatch.waiting_preparations()) == [host.pk]


def test_a_step_can_be_taken_back(host, engine):
    ask(host, "kernel")
    carrying_out.run_steps(host_id=host.pk)
    preparing.ask_to_undo(host=host, name="kernel", user=None)
    carrying_out.run_steps(host_id=host.pk)
    assert ("undo_step", "box", "kernel") in engine.calls
    assert states(host) == {}


def test_a_step_that_could_not_be_taken_back_can_be_tried_again(host, engine, monkeypatch):
    def refuse(connection, *, name):
        raise StepFailed("in use", code="runtime-in-use")

    ask(host, "kernel")
    carrying_out.run_steps(host_id=host.pk)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "undo_step", refuse, raising=False)
        preparing.ask_to_undo(host=host, name="kernel", user=None)
        carrying_out.run_steps(host_id=host.pk)
    row = host.preparation_steps.get()
    assert (row.state, row.error_code, row.can_be_undone) == ("failed", "runtime-in-use", True)
    preparing.ask_to_undo(host=host, name="kernel", user=None)
    carrying_out.run_steps(host_id=host.pk)
    assert states(host) == {}


def test_a_step_that_failed_has_nothing_to_take_back(host, engine):
    ask(host, "kernel")
    host.preparation_steps.update(state="failed", error_code="preparing-failed")
    code = code_of(preparing.ask_to_undo, host=host, name="kernel", user=None)
    assert code == Code.NOTHING_TO_PREPARE


def test_the_page_shows_each_command_before_it_runs_and_takes_a_yes(client, teacher, host):
    client.force_login(teacher)
    page = client.get(reverse("host-plan", args=[host.pk])).content.decode()
    assert "apt-get" in page and "docker.io" in page
    commands = next(s.commands for s in preparing.plan_for(host) if s.name == "docker")
    client.post(
        reverse("host-plan-run", args=[host.pk]),
        {"step": ["docker"], "agreed-docker": json.dumps(commands)},
    )
    assert states(host) == {"docker": "waiting"}
    assert (
        'hx-trigger="every 1s"' in client.get(reverse("host-plan", args=[host.pk])).content.decode()
    )


def test_a_yes_without_the_commands_that_were_seen_is_none(client, teacher, host):
    client.force_login(teacher)
    client.post(reverse("host-plan-run", args=[host.pk]), {"step": ["docker"]})
    assert states(host) == {}
    answer = client.post(
        reverse("host-plan-run", args=[host.pk]), {"step": ["docker"], "agreed-docker": "{"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("name", plans.STEPS)
def test_every_step_has_words(name):
    assert name in words.PREPARING


def test_every_obstacle_and_every_state_has_words():
    for facts in ({"kernel": "6.18"}, FACTS, FACTS | {"kernel": "6.18"}):
        for step in plans.plan(facts, plans.Archives()):
            assert not step.obstacle or step.obstacle in words.OBSTACLES
    assert set(words.STEP_SIGNS) == set(PreparationStep.State.values)


class TestFacts:
    def test_a_row_is_written_where_something_changed(self, host, engine):
        upkeep.check_host(host_id=host.pk)
        upkeep.check_host(host_id=host.pk)
        assert HostFacts.objects.count() == 1
        engine.facts = {**engine.facts, "kernel": "6.2", "disk_free_mib": 3}
        upkeep.check_host(host_id=host.pk)
        assert HostFacts.objects.first().changes == {"kernel": [None, "6.2"]}

    def test_what_changes_all_the_time_is_no_change(self):
        old = {"disk_free_mib": 1, "time_offset_ms": 0.1, "criu": {"version": "4.1"}}
        new = {"disk_free_mib": 2, "time_offset_ms": 0.3, "criu": {"version": "4.2"}}
        assert facts_history.changes(old, new) == {"criu.version": ["4.1", "4.2"]}

    def test_changes_of_versions_are_told_with_their_moment(self, host):
        HostFacts.objects.create(host=host, facts={}, changes={})
        changed = {"kernel": ["6.1", "6.2"], "cpus": [2, 4]}
        HostFacts.objects.create(host=host, facts={}, changes=changed)
        (change,) = host_selectors.version_changes(host)
        assert (change.name, change.before, change.after) == ("kernel", "6.1", "6.2")
