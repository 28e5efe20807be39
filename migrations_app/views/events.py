"""Server-Sent Events of one job: what happened so far, then what happens.

Each event carries the id of its entry in the job's Redis stream; a browser that comes back says
which it had last (Last-Event-ID) and misses nothing. Without Redis the answer is 204, on which
an EventSource gives up: the page then asks for itself now and then.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError

from migrations_app import selectors
from migrations_app.live import connect_redis, connect_redis_async, stream_key

BLOCK_MS = 10_000  # then a comment is sent, so that a dead connection is noticed
START = "0-0"  # before the first entry of a stream
ENTRY_ID = re.compile(r"\d{1,20}-\d{1,20}")
KEEP_ALIVE = ": still here\n\n"

Entry = dict[str, str]  # type, json


async def job_events(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The stream; it ends with the event `done`."""
    if not await selectors.job_exists(await request.auser(), pk):
        raise Http404
    client = await _open_client()
    if client is None:
        return HttpResponse(status=204)
    return _stream(client, pk, _last_seen(request))


def events_of(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The same for a call that is not async; who asks may see the job."""
    if not settings.REDIS_URL or not _redis_answers():
        return HttpResponse(status=204)
    client = connect_redis_async(answer_within_s=BLOCK_MS / 1000)  # connects when it is read
    return _stream(client, pk, _last_seen(request))


def _redis_answers() -> bool:
    try:
        with connect_redis() as client:
            return bool(client.ping())
    except RedisError:
        return False


def _stream(client: Redis, pk: int, last: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_closing(client, pk, last), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx would keep the events back
    return response


async def _open_client() -> Redis | None:
    """A client that has had an answer; None where there is no Redis."""
    if not settings.REDIS_URL:
        return None
    client = connect_redis_async(answer_within_s=BLOCK_MS / 1000)
    try:
        await client.ping()
    except RedisError:
        await client.aclose()
        return None
    return client


def _last_seen(request: HttpRequest) -> str:
    given = request.headers.get("Last-Event-ID", "")
    return given if ENTRY_ID.fullmatch(given) else START


async def _closing(client: Redis, pk: int, last: str) -> AsyncIterator[str]:
    try:
        async for text in follow(client, pk, last):
            yield text
    except RedisError:
        return  # the browser comes back, and is told then
    finally:
        await client.aclose()


async def follow(client: Redis, pk: int, last: str) -> AsyncIterator[str]:
    """Events after entry `last`, as they come, until the job's `done`."""
    while True:
        # Asked before reading: all that a finished job had to say is in its stream by then.
        over = await selectors.status_if_over(pk)
        entries = await _read(client, pk, last, wait=over is None)
        for last, entry in entries:
            yield _as_text(last, entry["type"], entry["json"])
            if entry["type"] == "done":
                return
        if over:  # the stream has expired, or Redis was away when the job ended
            yield _as_text(last, "done", json.dumps({"status": over}))
            return
        if not entries:
            yield KEEP_ALIVE


async def _read(client: Redis, pk: int, last: str, *, wait: bool) -> list[tuple[str, Entry]]:
    """Entries after `last`; where there are none, waits for some, but not for ever."""
    # The client's own types cover both protocols; with ours it is [[key, entries]].
    answer: Any = await client.xread({stream_key(pk): last}, block=BLOCK_MS if wait else None)
    return answer[0][1] if answer else []


def _as_text(entry_id: str, kind: str, data: str) -> str:
    """One event as the HTML standard writes it; `data` is JSON without line breaks."""
    return f"id: {entry_id}\nevent: {kind}\ndata: {data}\n\n"
