"""Jobs through the real queue: what goes well, and what a class will run into."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from labsite.operate import supervise
from labsite.operate.leftovers import processes_of
from labsite.operate.places import own_places

from .conftest import Pair, Site, wait_for

pytestmark = pytest.mark.integration
NAME = "jobs"  # of the workload; the exercise's own tests use another


def workload_row(site: Site, name: str = NAME) -> dict[str, Any]:
    fields = "'state', 'host__name', 'last_error_code', 'pk', 'last_line'"
    found = site.ask(
        f"answer = list(Workload.objects.filter(name={name!r}).order_by('pk').values({fields}))"
    )
    assert isinstance(found, list)
    return found[-1] if found else {}


@pytest.fixture
def counter(real_site: Site) -> Iterator[dict[str, Any]]:
    """A container that counts ten times a second, on lab-a."""
    real_site.ask(
        "from migrations_app.services.inventory import create_workload\n"
        f"answer = create_workload(name={NAME!r}, type_name='counter', kind='container',"
        "parameters={'interval_ms': 100}, host=Host.objects.get(name='lab-a'), created_by=None).pk"
    )
    yield wait_for(lambda: running(real_site))
    real_site.ask(
        "from migrations_app.services.inventory import remove_workload\n"
        f"last = Workload.objects.filter(name={NAME!r}).order_by('pk').last()\n"
        "answer = remove_workload(workload=last, user=None)"
    )
    wait_for(lambda: workload_row(real_site)["state"] == "removed")


def running(site: Site) -> dict[str, Any] | None:
    row = workload_row(site)
    return row if row.get("state") == "running" else None


def submit(site: Site, target: str, operation: str = "migrate") -> int:
    pk = site.ask(
        "from migrations_app.services.submit import submit_job\n"
        f"workload = Workload.objects.filter(name={NAME!r}).order_by('pk').last()\n"
        f"answer = submit_job(workload=workload, target=Host.objects.get(name={target!r}),"
        f"operation={operation!r}, strategy='cold', encrypted=True, user=None).pk"
    )
    assert isinstance(pk, int)
    return pk


def job_row(site: Site, pk: int) -> dict[str, Any]:
    fields = "'status', 'error_code', 'workload_is_on', 'proof_passed', 'stop_time_ms'"
    row = site.ask(f"answer = MigrationJob.objects.filter(pk={pk}).values({fields}).get()")
    assert isinstance(row, dict)
    return row


def ended(site: Site, pk: int) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        row = job_row(site, pk)
        return row if row["status"] in ("succeeded", "failed", "cancelled") else None

    row = wait_for(look)
    assert isinstance(row, dict)
    return row


def page_of(site: Site, path: str, language: str = "en") -> str:
    """A page as somebody who has signed in sees it."""
    with requests.Session() as session:
        session.cookies.set("django_language", language)
        login = f"{site.url}/login/"
        session.get(login, timeout=10)
        token = next(v for k, v in session.cookies.items() if k.startswith("csrf"))
        form = {"username": site.username, "password": site.password}
        session.post(login, {**form, "csrfmiddlewaretoken": token}, timeout=10)
        answer = session.get(f"{site.url}{path}", timeout=30)
    assert answer.status_code == 200
    return answer.text


def test_the_demo_moves_the_counter_and_says_what_it_measured(real_site: Site) -> None:
    said = real_site.manage("demo")
    assert "last line on the source" in said
    assert "stop time" in said and "transfer time" in said


def test_the_three_steps_of_the_exercise_are_jobs_with_a_proof(
    real_site: Site, counter: dict[str, Any]
) -> None:
    for operation, target in (
        ("restore-in-place", "lab-a"),
        ("local-clone", "lab-a"),
        ("migrate", "lab-b"),
    ):
        wait_for(lambda: running(real_site))
        row = ended(real_site, submit(real_site, target, operation))
        assert (row["status"], row["proof_passed"]) == ("succeeded", True), row
        assert row["stop_time_ms"] > 0
    assert workload_row(real_site)["host__name"] == "lab-b"


@contextmanager
def changed_host(site: Site, name: str, **fields: Any) -> Iterator[None]:
    """The row of a host says something else for a while."""
    before = site.ask(f"answer = Host.objects.filter(name={name!r}).values(*{list(fields)}).get()")
    site.ask(f"answer = Host.objects.filter(name={name!r}).update(**{fields!r})")
    try:
        yield
    finally:
        site.ask(f"answer = Host.objects.filter(name={name!r}).update(**{before!r}, state='ready')")


def test_a_host_that_shows_another_key_is_quarantined(
    real_site: Site, counter: dict[str, Any]
) -> None:
    key = real_site.ask("answer = Host.objects.get(name='lab-a').host_key")
    with changed_host(real_site, "lab-b", host_key=key):
        row = ended(real_site, submit(real_site, "lab-b"))
        state = real_site.ask("answer = Host.objects.get(name='lab-b').state")
    assert (row["status"], row["error_code"]) == ("failed", "host-key-mismatch")
    assert state == "quarantined"
    assert running(real_site)


def test_a_host_that_does_not_answer_fails_the_job_and_leaves_the_workload(
    real_site: Site, counter: dict[str, Any]
) -> None:
    with changed_host(real_site, "lab-b", port=9):
        row = ended(real_site, submit(real_site, "lab-b"))
    assert (row["status"], row["error_code"]) == ("failed", "host-unreachable")
    assert running(real_site)


def test_a_name_that_a_container_has_already_is_told(real_site: Site, pair: Pair) -> None:
    pair.run(pair.a, "docker create --name taken busybox true")
    try:
        real_site.ask(
            "from migrations_app.services.inventory import create_workload\n"
            "answer = create_workload(name='taken', type_name='counter', kind='container',"
            "parameters={}, host=Host.objects.get(name='lab-a'), created_by=None).pk"
        )
        row = wait_for(lambda: stopped(real_site, "taken"))
    finally:
        pair.run(pair.a, "docker rm taken")
    assert row["last_error_code"] == "workload-exists"


def stopped(site: Site, name: str) -> dict[str, Any] | None:
    row = workload_row(site, name)
    return row if row.get("state") not in ("starting", "running") else None


@contextmanager
def stopped_program(name: str) -> Iterator[None]:
    """One of the site's programs stands still, as after a crash that nobody has seen."""
    places = own_places()
    supervise._control(places, "stop", name, timeout_s=supervise.STOP_TIMEOUT_S)
    try:
        yield
    finally:
        supervise.revive(places)


def test_without_a_worker_the_job_waits_and_the_page_says_why(
    real_site: Site, counter: dict[str, Any]
) -> None:
    with stopped_program("worker"):
        pk = submit(real_site, "lab-b")
        page = wait_for(lambda: no_worker_on(page_of(real_site, f"/jobs/{pk}/")))
        assert job_row(real_site, pk)["status"] == "queued"
        assert "worker" in page
    assert ended(real_site, pk)["status"] == "succeeded"


def no_worker_on(page: str) -> str | None:
    return page if 'data-testid="queue-trouble"' in page else None


def test_without_redis_the_job_waits_and_goes_on_when_it_is_back(
    real_site: Site, counter: dict[str, Any]
) -> None:
    with stopped_program("redis"):
        pk = submit(real_site, "lab-b")
        assert no_worker_on(page_of(real_site, f"/jobs/{pk}/"))
        assert job_row(real_site, pk)["status"] == "queued"
    assert ended(real_site, pk)["status"] == "succeeded"


def test_a_worker_that_is_killed_leaves_a_job_that_ends_with_the_truth(
    real_site: Site, counter: dict[str, Any], pair: Pair
) -> None:
    pk = submit(real_site, "lab-b")
    wait_for(lambda: job_row(real_site, pk)["status"] == "running", 20)
    for pid in processes_of(own_places().owner):
        if b"worker" in _command_line(pid):
            os.kill(pid, signal.SIGKILL)
    row = ended(real_site, pk)
    host = {"source": pair.a, "target": pair.b}.get(row["workload_is_on"], pair.b)
    row = wait_for(lambda: running(real_site))
    assert row["host__name"] == host.name
    names = [pair.run(one, "docker ps --format '{{.Names}}'").split() for one in pair.both()]
    assert sum(NAME in found or f"{NAME}-clone" in found for found in names) == 1


def _command_line(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
        return file.read()
