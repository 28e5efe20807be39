"""What a client outside says of a run: when it is asked, what is counted, what it proves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from migrations_app.engine import CATALOGUE, MigrationPlan, StepFailed, WorkloadKind, start_workload
from migrations_app.engine.outside import Outside, intact, judged, words
from migrations_app.engine.plan import ProofKind, WorkloadRef
from migrations_app.engine.report import Proof, Side
from migrations_app.engine.run import Run
from migrations_app.engine.timeline import Timeline
from tests.engine.scripted import ScriptedHost

REDIS = {"kind": "redis", "received": 900, "written": 450, "lost": 0, "doubled": None}
REDIS |= {"wrong": 0, "connections": 0, "failed": None, "kept": 100_450}
STREAM = {"kind": "tcp-stream", "received": 900, "written": None, "lost": 0, "doubled": 0}
STREAM |= {"wrong": None, "connections": 0, "failed": None, "kept": None}
HTTP = {**STREAM, "kind": "http", "wrong": 0, "failed": 0}


@pytest.mark.parametrize(
    ("seen", "fine"),
    [
        (REDIS, True),
        ({**REDIS, "connections": 3}, True),
        ({**REDIS, "lost": 1}, False),
        ({**REDIS, "wrong": 1}, False),
        ({**REDIS, "kept": None}, None),
        ({**REDIS, "kept": 0}, None),
        ({**REDIS, "kept": None, "lost": 1}, False),
        (STREAM, True),
        ({**STREAM, "connections": 1}, False),
        ({**STREAM, "lost": 1}, False),
        ({**STREAM, "doubled": 1}, False),
        (HTTP, True),
        ({**HTTP, "failed": 1}, False),
        ({**HTTP, "wrong": 1}, False),
    ],
)
def test_what_was_lost_speaks_against_a_run_and_what_is_not_known_for_none(
    seen: Mapping[str, Any], fine: bool | None
) -> None:
    assert intact(seen) is fine
    alone = judged(Proof("client", None, "nobody looked"), seen)
    assert (alone.passed, alone.detail) == (fine, words(seen))


@pytest.mark.parametrize("passed", [True, False, None])
def test_beside_another_proof_the_client_can_only_take_away(passed: bool | None) -> None:
    own = Proof("self-test", passed, "went on")
    assert judged(own, STREAM).passed is passed
    assert judged(own, {**STREAM, "lost": 2}).passed is (None if passed is None else False)


class Client:
    """A host with a client that is answered whenever somebody looks, and checks when asked."""

    def __init__(self, *, checks: bool = True, deaf_after: int | None = None) -> None:
        self._clock = itertools.count(10**12, 10**6)
        self._looks, self._deaf_after = itertools.count(), deaf_after
        self.state: dict[str, Any] = {"received": 7, "lost": 0, "connections": 1}
        if checks:
            self.state |= {"written": 5, "wrong": 0, "kept": None, "checks": 0}
        replies = {
            "clock": lambda _: {"monotonic_ns": next(self._clock), "wall_ns": 0},
            "client_start": {"begun": True},
            "client_stop": {"stopped": True},
            "client_look": self._look,
            "client_check": self._check,
        }
        self.host = ScriptedHost(replies, "lab-c")

    def _look(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if self._deaf_after is not None and next(self._looks) >= self._deaf_after:
            raise StepFailed("the client of w has ended: ", code="client-ended")
        now = next(self._clock)
        return {
            "state": dict(self.state),
            "last_ns": now,
            "gaps": [[now - 9 * 10**6, now - 10**6]],
            "usual_ms": 1.0,
            "count": 1,
            "latency": None,
        }

    def _check(self, _: Mapping[str, Any]) -> dict[str, Any]:
        before = self.state["checks"]
        self.state |= {"checks": before + 1, "kept": 100}
        return {"checks": before}


def run_of(client: Client, *, tcp_established: bool = True) -> Run:
    workload = WorkloadRef(WorkloadKind.CONTAINER, "w")
    plan = MigrationPlan("j", workload, proof=ProofKind.CLIENT, tcp_established=tcp_established)
    return Run(plan, {Side.SOURCE: client.host, Side.TARGET: client.host}, Timeline(lambda _: None))


def view_of(client: Client) -> Outside:
    return Outside(client.host, "w", "redis", 6379, {"keys": 95})


def test_only_what_happened_in_the_run_is_counted_and_all_keys_are_read_twice() -> None:
    client = Client()
    run, view = run_of(client), view_of(client)
    client.state["lost"] = 2  # before the run
    view.begin(run, "10.0.0.201")
    client.state |= {"written": 12, "lost": 3, "received": 30}
    seen = view.end(run)
    assert run.warnings == [] and seen is not None
    assert (seen["written"], seen["lost"], seen["wrong"], seen["doubled"]) == (7, 1, 0, None)
    assert (seen["kept"], seen["connections"]) == (100, 0)
    assert run.metrics["client_gap_ms"] == 8.0
    assert client.host.verbs.count("client_check") == 2
    assert client.host.verbs[-1] == "client_stop"
    (start,) = [params for verb, params in client.host.calls if verb == "client_start"]
    assert start["values"] == {"keys": 95} and start["port"] == 6379


def test_the_client_is_asked_about_the_stop_window_on_its_own_clock() -> None:
    client = Client()
    run, view = run_of(client), view_of(client)
    view.begin(run, "10.0.0.201")
    run.frozen_ms, run.metrics["stop_time_ms"] = 4000.0, 250.0
    view.end(run)
    calls = [params for verb, params in client.host.calls if verb == "client_look"]
    looks = [params for params in calls if "frozen_ns" in params]
    assert view.clock is not None
    frozen_ns = run.timeline.ours_ns(4000.0) + view.clock.offset_ns
    asked = [
        (params["frozen_ns"], params["resumed_ns"]) for params in looks if "frozen_ns" in params
    ]
    assert set(asked) == {(frozen_ns, frozen_ns + 250_000_000)}


def test_a_client_that_has_nothing_to_check_is_not_asked_to() -> None:
    client = Client(checks=False)
    run, view = run_of(client), view_of(client)
    view.begin(run, "10.0.0.201")
    seen = view.end(run)
    assert seen is not None and (seen["kept"], seen["written"], seen["wrong"]) == (None,) * 3
    assert "client_check" not in client.host.verbs


def test_a_client_that_ends_before_it_has_looked_at_all_leaves_the_proof_unknown() -> None:
    client = Client(deaf_after=3)  # two looks at the start, one at the end
    run, view = run_of(client), view_of(client)
    view.begin(run, "10.0.0.201")
    seen = view.end(run)
    assert seen is not None and seen["kept"] is None and intact(seen) is None
    assert [warning.partition(":")[0] for warning in run.warnings] == ["client-unchecked"]


@pytest.mark.parametrize(("address", "option"), [(None, True), ("10.0.0.201", False)])
def test_a_client_that_could_not_stay_connected_does_not_look(
    address: str | None, option: bool
) -> None:
    client = Client()
    run, view = run_of(client, tcp_established=option), view_of(client)
    view.begin(run, address)
    assert view.end(run) is None and client.host.verbs == []
    assert run.warnings[0].startswith("client-unseen: ")


VALUES = {"keys": 2000, "value_bytes": 64}


def start(host: ScriptedHost) -> WorkloadRef:
    kind = WorkloadKind.CONTAINER
    return start_workload(host, kind=kind, name="r", type_name="redis", values=VALUES)


def test_a_redis_gets_its_first_keys_when_it_is_started() -> None:
    host = ScriptedHost({"container_start": {"id": "abc"}, "redis_fill": {"keys": 2000}})
    start(host)
    (_, started), (_, filled) = host.calls
    assert started["network"]["host_number"] == 201
    port = CATALOGUE["redis"].port
    assert filled == {"name": "r", "port": port, "host_number": 201, "limit_s": 180.0} | VALUES


def test_a_redis_that_does_not_take_its_first_keys_is_not_left_there() -> None:
    refused = StepFailed("OOM", code="workload-start-failed")
    replies = {"container_start": {"id": "a"}, "redis_fill": refused, "container_remove": {}}
    host = ScriptedHost(replies)
    with pytest.raises(StepFailed, match="OOM"):
        start(host)
    assert host.verbs[-1] == "container_remove"
