"""A workload that serves, on host a, and a client of it on a third lab host."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import Any

from migrations_app import lab
from migrations_app.engine import (
    CATALOGUE,
    MigrationPlan,
    Outside,
    Report,
    SshHost,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    migrate,
    start_workload,
    stop_workload,
)
from migrations_app.engine.events import Observer
from migrations_app.engine.hosts.base import call

from .conftest import Pair, said, target_of
from .moves import LIMITS, RULES


@dataclass
class Connected:
    """A workload that serves, and a client on a third host that is connected with it."""

    pair: Pair
    client: SshHost
    ref: WorkloadRef
    type_name: str
    values: Mapping[str, int]
    address: IPv4Address

    def outside(self) -> Outside:
        port = CATALOGUE[self.type_name].port
        assert port is not None
        return Outside(self.client, self.ref.name, self.type_name, port, self.values)

    def plan(self, strategy: Strategy, **options: Any) -> MigrationPlan:
        wanted = {
            "proof": CATALOGUE[self.type_name].proof,
            "tcp_established": True,
            "limits": LIMITS,
            "pre_copy": RULES,
            **options,
        }
        return MigrationPlan(f"it-{secrets.token_hex(4)}", self.ref, strategy=strategy, **wanted)

    def move(
        self,
        source: SshHost,
        strategy: Strategy = Strategy.POST_COPY,
        observer: Observer = lambda event: None,
        **options: Any,
    ) -> Report:
        target, plan = self.pair.other(source), self.plan(strategy, **options)
        return migrate(plan, source, target, observer, outside=self.outside())

    def seen(self) -> dict[str, Any]:
        """All that the client ever saw."""
        params = {"name": self.ref.name, "since_ns": 0, "until_ns": 2**62}
        state: dict[str, Any] = call(self.client, "client_look", params)["state"]
        return state


@contextmanager
def connected(
    pair: Pair, name: str, type_name: str, values: Mapping[str, int]
) -> Iterator[Connected]:
    """The client is there from before the first run until the end."""
    kind = CATALOGUE[type_name]
    values = kind.checked(values)
    hosts = {host.name: host for host in lab.up(with_third(pair), said)}
    with SshHost(target_of(hosts["lab-c"]), timeout_s=10) as client:
        call(client, "client_stop", {"name": name})
        ref = start_workload(
            pair.a, kind=WorkloadKind.CONTAINER, name=name, type_name=type_name, values=values
        )
        address = ip_address(int(ip_address(pair.a.address)) & ~255 | values["host_number"])
        assert isinstance(address, IPv4Address)
        start = {"name": name, "kind": type_name, "address": str(address), "port": kind.port}
        try:
            call(client, "client_start", {**start, "values": values})
            yield Connected(pair, client, ref, type_name, values, address)
        finally:
            call(client, "client_stop", {"name": name})
            for host in pair.both():
                stop_workload(host, ref)


def with_third(pair: Pair) -> lab.LabConfig:
    config = pair.config
    return lab.LabConfig(
        instance=config.instance, mirror=config.mirror, hosts=3, docker=config.docker
    )


def told(report: Report) -> str:
    """Seen with `pytest -s`: the figures of a run."""
    metrics = report.metrics
    stop, gap, pages = metrics.stop_time_ms, metrics.client_gap_ms, metrics.pages_time_ms
    after = f", pages followed for {pages:.0f} ms" if pages else ""
    return f"{report.strategy}: stop time {stop} ms, client's longest gap {gap} ms{after}"
