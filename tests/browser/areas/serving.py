"""Workloads that serve: what a client outside saw of them."""

from __future__ import annotations

from tests.app.makers import make_host
from tests.app.runs import HTTP_CLIENT, REDIS_CLIENT, http_moved, redis_moved


def seed() -> dict[str, str]:
    hosts = [make_host("serving-a", is_lab=True), make_host("serving-b", is_lab=True)]
    jobs = {
        "redis that moved": redis_moved(hosts, REDIS_CLIENT),
        "redis that lost keys": redis_moved(hosts, {**REDIS_CLIENT, "lost": 3}),
        "redis not looked at after it": redis_moved(hosts, {**REDIS_CLIENT, "kept": None}),
        "web server that moved": http_moved(hosts, HTTP_CLIENT["latency"]),
        "web server without latency": http_moved(hosts, None),
    }
    addresses = {name: f"/jobs/{job.pk}/" for name, job in jobs.items()}
    return {**addresses, "new redis": "/workloads/new/?type=redis"}
