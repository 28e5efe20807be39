"""Progress of a job for those who watch, with a real Redis."""

import asyncio
import json

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from migrations_app import live, selectors
from migrations_app.services import execute
from migrations_app.views import events

from . import redis_server
from .makers import make_job, make_running_job

pytestmark = [
    pytest.mark.django_db(transaction=True),  # the stream asks from another thread
    pytest.mark.skipif(not redis_server.is_installed(), reason="redis-server is not installed"),
]


@pytest.fixture(scope="module")
def redis_url():
    with redis_server.redis_server() as url:
        yield url


@pytest.fixture(autouse=True)
def _with_redis(settings, redis_url):
    settings.REDIS_URL = redis_url
    with live.connect_redis() as client:
        client.flushdb()


async def followed(pk, last=events.START):
    client = live.connect_redis_async(answer_within_s=1)
    try:
        return [text async for text in events.follow(client, pk, last)]
    finally:
        await client.aclose()


def parsed(texts):
    """(type, data) of every event."""
    lines = [text.splitlines() for text in texts]
    return [(event[7:], json.loads(data[6:])) for _, event, data, *_ in lines]


def test_who_comes_late_gets_all_from_the_start_to_done(engine, sent):
    job = make_job()
    execute.run_job(job_id=job.pk, worker="w1")
    told = parsed(async_to_sync(followed)(job.pk))
    assert [kind for kind, _ in told] == [
        "status",
        "phase-started",
        "command",
        "phase-ended",
        "note",
        "status",
        "done",
    ]
    assert told[3][1]["duration_ms"] == 40.0
    assert told[-1][1] == {"status": "succeeded"}


def test_who_comes_back_gets_what_was_missed(engine, sent):
    job = make_job()
    execute.run_job(job_id=job.pk, worker="w1")
    everything = async_to_sync(followed)(job.pk)
    third = everything[2].splitlines()[0].removeprefix("id: ")
    assert async_to_sync(followed)(job.pk, third) == everything[3:]


def test_what_happens_while_one_watches_arrives(monkeypatch):
    job = make_running_job()

    async def watch_and_work():
        watching = asyncio.create_task(followed(job.pk))
        await asyncio.sleep(0)
        await asyncio.to_thread(publish_two)
        return await asyncio.wait_for(watching, timeout=5)

    def publish_two():
        publisher = live.publisher_for(job.pk)
        publisher.publish("note", {"code": "hello"})
        publisher.publish("done", {"status": "failed"})

    assert [kind for kind, _ in parsed(async_to_sync(watch_and_work)())] == ["note", "done"]


def test_a_finished_job_whose_stream_has_expired_is_just_done(db):
    job = make_job(status="failed")
    assert parsed(async_to_sync(followed)(job.pk)) == [("done", {"status": "failed"})]


def test_the_page_gets_a_stream(client, teacher):
    job = make_job(status="failed")
    client.force_login(teacher)
    response = client.get(reverse("job-events", args=[job.pk]))
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    response.close()


def test_a_job_that_does_not_exist_is_not_found(client, teacher):
    client.force_login(teacher)
    assert client.get(reverse("job-events", args=[0])).status_code == 404


def test_nobody_watches_without_a_login(client):
    job = make_job()
    response = client.get(reverse("job-events", args=[job.pk]))
    assert response.status_code == 302


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_without_redis_the_browser_is_told_to_stop_asking(client, teacher, settings, url):
    job = make_job()
    settings.REDIS_URL = url
    client.force_login(teacher)
    assert client.get(reverse("job-events", args=[job.pk])).status_code == 204


def test_a_redis_that_goes_away_does_not_harm_a_job(engine, sent, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    job = make_job()
    execute.run_job(job_id=job.pk, worker="w1")
    job.refresh_from_db()
    assert job.status == "succeeded"


def test_a_worker_shows_that_it_lives(db):
    before = selectors.queue_health()
    live.show_life()
    assert (before.redis, before.worker) == (True, False)
    assert selectors.queue_health().ok


def test_two_sites_on_one_redis_do_not_mix(settings):
    settings.REDIS_PREFIX = "migration-lab:one:"
    live.show_life()
    settings.REDIS_PREFIX = "migration-lab:two:"
    assert selectors.queue_health().worker is False
