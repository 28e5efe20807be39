"""Asks for pages with Django's test client: how long the answer takes and how many queries."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from migrations_app.garbage import spare_what_stays

from .pages import Page

MOST_MS = 300.0  # at the median, of every page
WARM_UP = 2


@dataclass(frozen=True)
class Timing:
    page: Page
    status: int
    queries: int
    kib: float  # of the answer
    median_ms: float
    p95_ms: float
    cpu_ms: float  # of this process, at the median: what others do on the machine is not in it

    @property
    def holds(self) -> bool:
        return self.page.is_file or (self.status < 400 and self.median_ms <= MOST_MS)


def client_of(user: User) -> Client:
    """Signed in, in a process that is set up as the site's are."""
    spare_what_stays()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def timing_of(page: Page, client: Client, rounds: int) -> Timing | None:
    """None where the address takes no GET, or needs more than itself."""
    first = client.get(page.address)
    if first.status_code in (302, 404, 405):
        return None
    with CaptureQueriesContext(connection) as queries:
        client.get(page.address)
        count = len(queries)  # now: the next request empties the log
    times = [_once(page, client) for _round in range(rounds + WARM_UP)][WARM_UP:]
    return Timing(
        page,
        first.status_code,
        count,
        len(first.content) / 1024,
        statistics.median(took.wall_ms for took in times),
        _p95([took.wall_ms for took in times]),
        statistics.median(took.cpu_ms for took in times),
    )


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


@dataclass(frozen=True)
class _Took:
    wall_ms: float
    cpu_ms: float


def _once(page: Page, client: Client) -> _Took:
    start, cpu = time.perf_counter(), time.process_time()
    client.get(page.address)
    return _Took(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - cpu))
