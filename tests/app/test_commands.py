"""The commands that people and scripts type."""

import io
import threading

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from migrations_app import selectors
from migrations_app.engine.errors import NotPossible
from migrations_app.management.commands import demo
from migrations_app.models import Host, Workload
from migrations_app.services import queue
from migrations_app.services.demo import advance_demo
from tests import fakes

from .makers import make_host, make_workload


def output_of(*args):
    text = io.StringIO()
    call_command(*args, stdout=text)
    return text.getvalue()


def test_the_first_login_is_made_once_and_said_again(db, settings):
    said = output_of("first_login")
    password = (settings.DATA_DIR / "first-login").read_text().strip()
    user = User.objects.get()
    assert user.username == "teacher" and user.is_staff and user.check_password(password)
    assert password in said
    assert output_of("first_login") == said
    assert (settings.DATA_DIR / "first-login").stat().st_mode & 0o077 == 0


def test_a_password_of_ones_own_is_not_printed(db, settings):
    output_of("first_login")
    user = User.objects.get()
    user.set_password("chosen-by-me")
    user.save()
    said = output_of("first_login")
    assert (settings.DATA_DIR / "first-login").read_text().strip() not in said


@pytest.fixture
def queue_at_work(monkeypatch):
    """Messages are carried out by a thread, as a worker would; the queue says it is well."""
    threads = []

    def deliver(task, row_id):
        threads.append(threading.Thread(target=carry_out, args=(task, row_id)))
        threads[-1].start()

    monkeypatch.setattr(queue, "deliver", deliver)
    monkeypatch.setattr(demo, "LOOK_EVERY_S", 0.02)
    well = selectors.QueueHealth(redis=True, worker=True, waiting=0)
    monkeypatch.setattr(selectors, "queue_health", lambda: well)
    yield
    for thread in threads:
        thread.join()


def carry_out(task, row_id):
    try:
        queue.current_app.tasks[task].run(row_id)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
class TestDemo:
    def test_it_starts_a_counter_moves_it_and_tells_the_figures(self, engine, queue_at_work):
        make_host("lab-a", is_lab=True)
        make_host("lab-b", is_lab=True)
        said = output_of("demo")
        assert "cr went on on lab-b." in said
        assert "last line on the source: 6, first line on the target: 7" in said
        assert "stop time: 812 ms" in said and "transfer time: 90 ms" in said
        assert "/jobs/" in said
        assert Workload.objects.get().host.name == "lab-b"

    def test_a_second_time_it_goes_back(self, engine, queue_at_work):
        make_host("lab-a")
        there = make_host("lab-b")
        make_workload(there, name="cr", last_line="9")
        assert "cr went on on lab-a." in output_of("demo")

    def test_a_failure_ends_it_with_the_reason(self, engine, queue_at_work):
        make_host("lab-a")
        make_host("lab-b")
        engine.on_migrate = lambda plan, *_: fakes.failed(plan, code="restore-failed")
        with pytest.raises(CommandError, match="restore-failed!"):
            output_of("demo")

    def test_a_counter_that_cannot_be_started_ends_it(self, engine, queue_at_work):
        make_host("lab-a")
        make_host("lab-b")
        engine.start_error = NotPossible("there is one", code="workload-exists")
        with pytest.raises(CommandError):
            output_of("demo")
        engine.start_error = None  # and the next try starts afresh
        assert "cr went on" in output_of("demo")

    def test_what_is_left_of_an_old_counter_is_removed_first(self, engine, queue_at_work):
        host = make_host("lab-a")
        make_host("lab-b")
        old = make_workload(host, name="cr", state=Workload.State.LOST)
        assert "cr went on" in output_of("demo")
        old.refresh_from_db()
        assert old.state == Workload.State.REMOVED

    def test_it_speaks_the_language_that_is_set(self, engine, queue_at_work):
        make_host("lab-a")
        make_host("lab-b")
        with translation.override("zh-hans"):
            assert output_of("demo")  # worded in locale/


def test_where_docker_cannot_do_it_as_by_hand_the_demo_goes_another_way(
    db, engine, django_capture_on_commit_callbacks, sent
):
    broken = {"code": "docker-restore-broken", "severity": "fail", "kinds": ["container"]}
    problems = [broken | {"strategies": ["cold"], "sides": ["source", "target"]}]
    source, target = make_host("a", problems=problems), make_host("b", problems=problems)
    make_workload(source, name="cr", last_line="9")
    job = advance_demo(user=None)
    assert (job.target, job.strategy) == (target, "stop-and-copy")


def test_a_host_is_prepared_by_name(db, sent, django_capture_on_commit_callbacks):
    host = make_host("box", facts={"kernel": "6.1", "packages": {}, "criu": None})
    with django_capture_on_commit_callbacks(execute=True):
        said = output_of("host", "prepare", "box", "--yes")
    assert "apt-get" in said and "A worker will do it" in said
    assert sent == [("PREPARE_HOST", host.pk)]


def test_without_a_worker_the_demo_says_so(db, monkeypatch):
    monkeypatch.setattr(demo, "WORKER_S", 0)
    with pytest.raises(CommandError, match="No worker"):
        output_of("demo")


def test_hosts_are_listed_with_their_state(db):
    make_host("box", address="10.0.0.9", state=Host.State.UNREACHABLE)
    assert output_of("host", "list") == "box\troot@10.0.0.9:22\tunreachable\n"


def test_a_host_on_this_machine_itself_is_refused(db):
    with pytest.raises(CommandError):
        output_of("host", "add", "me", "127.0.0.1")


def test_a_host_that_is_not_there_is_not_registered(db, settings):
    settings.ALLOWED_HOST_NETWORKS = ["127.0.0.0/8"]
    with pytest.raises(CommandError):
        output_of("host", "add", "me", "127.0.0.1", "--port", "1")
    assert not Host.objects.exists()


def test_a_host_is_removed_by_name(db):
    make_host("box")
    output_of("host", "remove", "box")
    assert not Host.objects.exists()


def test_a_name_that_nobody_has_is_said(db):
    with pytest.raises(CommandError):
        output_of("host", "check", "nobody")
