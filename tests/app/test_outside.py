"""The view from outside on the site: which host looks, and what the job page shows of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from migrations_app.models import Host, MigrationJob
from migrations_app.services.outside import client_host
from migrations_app.waterfall import Bar, Run, picture, worth_drawing

from .makers import make_host, make_job, make_workload
from .runs import CLIENT, HTTP_CLIENT, REDIS_CLIENT, by_each_strategy, http_moved, redis_moved

pytestmark = pytest.mark.django_db


@pytest.fixture
def hosts() -> list[Host]:
    return [make_host(f"lab-{letter}", is_lab=True, open_to_students=False) for letter in "abcd"]


def job_of(user: User | None, hosts: list[Host]) -> MigrationJob:
    return make_job(make_workload(hosts[0]), target=hosts[1], created_by=user)


def test_the_first_host_that_has_no_part_looks(hosts: list[Host], teacher: User) -> None:
    assert client_host(job_of(teacher, hosts)) == hosts[2]


def test_a_host_that_cannot_be_reached_does_not_look(hosts: list[Host], teacher: User) -> None:
    Host.objects.filter(pk=hosts[2].pk).update(state=Host.State.UNREACHABLE)
    assert client_host(job_of(teacher, hosts)) == hosts[3]


def test_a_host_of_another_network_does_not_look(hosts: list[Host], teacher: User) -> None:
    Host.objects.filter(pk__in=[hosts[2].pk, hosts[3].pk]).update(is_lab=False)
    assert client_host(job_of(teacher, hosts)) is None


def test_a_students_job_is_seen_from_hosts_open_to_students(
    hosts: list[Host], student: User
) -> None:
    assert client_host(job_of(student, hosts)) is None
    Host.objects.filter(pk=hosts[3].pk).update(open_to_students=True)
    assert client_host(job_of(student, hosts)) == hosts[3]


def test_only_gaps_that_are_not_usual_are_drawn() -> None:
    drawn = [gap["duration_ms"] for gap in worth_drawing(CLIENT)]
    assert drawn == [262.4, 61.0]
    short: dict[str, Any] = {"gaps": [{"start_ms": 1.0, "duration_ms": 3.0}], "usual_gap_ms": 1.0}
    assert len(worth_drawing(short)) == 1  # the longest is always drawn
    assert worth_drawing(None) == []


def test_the_clients_gap_stands_under_the_phases_on_their_axis() -> None:
    bars = [Bar("dump", "source", 1615, 62)]
    run = Run(bars, "migrate", "cr", "lab-a", "lab-b", None, client=CLIENT)
    lane = picture(run)["lanes"][-1]
    assert (lane["key"], lane["title"]) == ("client", "lab-c")
    (row,) = lane["rows"]
    assert [bar["start"] for bar in row["bars"]] == [1611.0, 1890.0]
    assert [bar["labelled"] for bar in row["bars"]] == [True, False]


def test_the_page_shows_what_the_client_saw(hosts: list[Host], browser: Client) -> None:
    seen = next(job for job in by_each_strategy(hosts) if job.strategy == "post-copy")
    page = browser.get(f"/jobs/{seen.pk}/").content.decode()
    assert 'data-testid="client"' in page and "lab-c" in page


def page_of(browser: Client, job: MigrationJob) -> str:
    return browser.get(f"/jobs/{job.pk}/").content.decode()


def test_the_page_of_a_redis_shows_its_writes_and_keys_and_no_lines_of_output(
    hosts: list[Host], browser: Client
) -> None:
    page = page_of(browser, redis_moved(hosts, REDIS_CLIENT))
    for shown in ("Writes acknowledged", ">2\N{NARROW NO-BREAK SPACE}011<", "Wrong values"):
        assert shown in page
    assert "Doubled" not in page and "Last line before" not in page


def test_keys_that_the_client_could_not_look_at_are_unknown_with_the_reason(
    hosts: list[Host], browser: Client
) -> None:
    page = page_of(browser, redis_moved(hosts, {**REDIS_CLIENT, "kept": None}))
    assert "could not look at all keys after the run" in page


def test_a_redis_that_no_client_looked_at_has_no_proof_and_the_page_says_so(
    hosts: list[Host], browser: Client
) -> None:
    page = page_of(browser, redis_moved(hosts))
    assert 'data-testid="client"' not in page and "Where no client could look" in page


def test_the_page_of_a_web_server_shows_how_long_its_visitor_waited(
    hosts: list[Host], browser: Client
) -> None:
    page = page_of(browser, http_moved(hosts, HTTP_CLIENT["latency"]))
    assert 'data-testid="latency"' in page and "While it stood still" in page
    assert "Requests never answered" in page and "There was no such answer." in page


def test_where_the_window_was_not_seen_the_page_says_why_no_wait_is_known(
    hosts: list[Host], browser: Client
) -> None:
    page = page_of(browser, http_moved(hosts, None))
    assert 'data-testid="latency"' not in page and "were not both seen" in page
