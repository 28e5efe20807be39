"""Progress of a job for those who watch: a Redis stream per job. Nobody depends on it.

Who misses it reads the rows instead; a Redis that is down never harms a migration.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Protocol

from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

STREAM_LENGTH = 2000  # events kept; a job has some dozens
STREAM_LIFE_S = 24 * 3600
HEARTBEAT_LIFE_S = 20  # a worker shows itself every 5 s


def stream_key(job_id: int) -> str:
    return f"{settings.REDIS_PREFIX}job:{job_id}"


def heartbeat_key() -> str:
    """Set by living workers, and gone some seconds after the last of them."""
    return f"{settings.REDIS_PREFIX}worker-alive"


def show_life() -> None:
    """A worker's sign of life."""
    try:
        with connect_redis() as client:
            client.set(heartbeat_key(), "1", ex=HEARTBEAT_LIFE_S)
    except RedisError as error:
        logger.warning("no sign of life given: %s", error)


class Publisher(Protocol):
    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """`kind`: status, phase-started, phase-ended, pages-arrived, note, command, done."""


class NullPublisher:
    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Nobody watches."""


class RedisPublisher:
    def __init__(self, client: Redis, job_id: int) -> None:
        self._client = client
        self._key = stream_key(job_id)

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        try:
            self._client.xadd(
                self._key, {"type": kind, "json": json.dumps(data)}, maxlen=STREAM_LENGTH
            )
            self._client.expire(self._key, STREAM_LIFE_S)
        except RedisError as error:
            logger.warning("progress of %s not published: %s", self._key, error)


def connect_redis() -> Redis:
    """A client with short timeouts; it connects with its first command."""
    return Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=settings.REDIS_TIMEOUT_S,
        socket_timeout=settings.REDIS_TIMEOUT_S,
        decode_responses=True,
    )


def connect_redis_async(*, answer_within_s: float) -> AsyncRedis:
    """The same for async code; `answer_within_s` for commands that wait on purpose."""
    return AsyncRedis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=settings.REDIS_TIMEOUT_S,
        socket_timeout=answer_within_s + settings.REDIS_TIMEOUT_S,
        decode_responses=True,
    )


def publisher_for(job_id: int) -> Publisher:
    if not settings.REDIS_URL:
        return NullPublisher()
    return RedisPublisher(connect_redis(), job_id)
