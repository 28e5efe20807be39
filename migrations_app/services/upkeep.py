"""The worker side of hosts and workloads: look at them, start and stop them."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.utils import timezone

from migrations_app import facts_history
from migrations_app.adapters import engine, problem_as_dict, ref_for
from migrations_app.engine.errors import EngineError
from migrations_app.engine.hosts.base import Host as EngineHost
from migrations_app.engine.plan import WorkloadKind, WorkloadRef
from migrations_app.models import Host, HostFacts, Workload

from . import leases
from .codes import Code
from .contact import HostQuarantined, note_host_error, reached
from .dispatch import send_waiting_jobs

MOST_PEERS = 8  # to which round trips are measured
logger = logging.getLogger(__name__)
State = Workload.State
FIRST_WORDS_S = 10.0  # the memory program fills its memory first
LOOK_AGAIN_S = 0.1
SETTLED_STATES = (State.RUNNING, State.STOPPED, State.LOST)
# What the engine says of a workload -> the row's state, and the code that explains it.
SEEN = {
    "running": (State.RUNNING, ""),
    "paused": (State.RUNNING, ""),
    "stopped": (State.RUNNING, ""),  # frozen, by a job or by hand
    "restarting": (State.RUNNING, ""),
    "created": (State.STOPPED, Code.WORKLOAD_ENDED),
    "exited": (State.STOPPED, Code.WORKLOAD_ENDED),
    "removing": (State.STOPPED, Code.WORKLOAD_ENDED),
    "dead": (State.STOPPED, Code.WORKLOAD_ENDED),
    "absent": (State.LOST, Code.WORKLOAD_ABSENT),
}


def check_host(*, host_id: int) -> None:
    """Facts, problems and the state of its workloads; prepares it first where that was asked for.

    Left for later while a job measures.
    """
    if not leases.take_host_for_check(host_id=host_id):
        return
    host = Host.objects.get(pk=host_id)
    try:
        with reached(host) as connection:
            _write_facts(host, _facts_once_prepared(host, connection))
            for workload in host.workloads.filter(state__in=SETTLED_STATES):
                _look_at(workload, connection)
    except HostQuarantined:
        logger.info("%s is quarantined: not called", host)
    except EngineError as error:
        note_host_error(host=host, error=error)
    finally:
        leases.release_host_after_check(host_id=host_id)
    send_waiting_jobs()


def _facts_once_prepared(host: Host, connection: EngineHost) -> dict[str, Any]:
    """Its facts, after our runtime was put there if somebody asked for it.

    Lab hosts are ours: they get it, and a newer one, by themselves.
    """
    facts = engine().collect_facts(connection)
    facts |= _around(host, connection)
    if not host.prepare_requested_at and not (host.is_lab and lacks_runtime(facts)):
        return facts
    _prepare(host, connection)
    return {**facts, **engine().collect_facts(connection)}


def _around(host: Host, connection: EngineHost) -> dict[str, Any]:
    """Its clock against ours, and how far the other hosts are from it."""
    others = Host.objects.filter(state__in=Host.USABLE).exclude(pk=host.pk)[:MOST_PEERS]
    return engine().look_around(
        connection, {other.name: (other.address, other.port) for other in others}
    )


def lacks_runtime(facts: dict[str, Any]) -> bool:
    """Whether there is a Docker that answers and does not know our runtime."""
    return (facts.get("docker") or {}).get("runtime_ready") is False


def _prepare(host: Host, connection: EngineHost) -> None:
    """Tries once; how it went stands in the row."""
    try:
        done = dict(engine().prepare_host(connection))
    except EngineError as error:
        done = {"error_code": error.code, "error": error.message}
    Host.objects.filter(pk=host.pk).update(
        prepare_requested_at=None, prepared_at=timezone.now(), prepared=done
    )


def _write_facts(host: Host, facts: dict[str, Any]) -> None:
    problems = [problem_as_dict(problem) for problem in engine().host_problems(facts)]
    limited = any(problem["severity"] == "fail" for problem in problems)
    _keep_facts(host, facts)
    Host.objects.filter(pk=host.pk).update(
        facts=facts,
        problems=problems,
        state=Host.State.LIMITED if limited else Host.State.READY,
        last_error_code="",
        last_error="",
    )


def _keep_facts(host: Host, facts: dict[str, Any]) -> None:
    """A row of the host's history, where something is not as it was."""
    last = HostFacts.objects.filter(host=host).first()
    changed = facts_history.changes(last.facts, facts) if last else {}
    if last is None or changed:
        HostFacts.objects.create(host=host, facts=facts, changes=changed)


def start_workload(*, workload_id: int) -> None:
    """Starts one that is to be started; afterwards it runs, or is stopped and says why."""
    if not leases.take_workload(workload_id=workload_id, state=State.STARTING):
        return
    workload = Workload.objects.select_related("host").get(pk=workload_id)
    try:
        changes = _start(workload)
    except EngineError as error:
        changes = {"state": State.STOPPED, **_error_fields(error)}
    _settle(workload, expected=State.STARTING, changes=changes)
    send_waiting_jobs()


def _start(workload: Workload) -> dict[str, Any]:
    with reached(workload.host) as connection:
        ref = engine().start_workload(
            connection,
            kind=WorkloadKind(workload.kind),
            name=workload.name,
            type_name=workload.type_name,
            values=workload.parameters,
        )
        last_line = _first_words(connection, ref)
    return {"state": State.RUNNING, "ref_name": ref.name, "pid": ref.pid, "last_line": last_line}


def _first_words(connection: EngineHost, ref: WorkloadRef) -> str:
    """What it says first, waited for: one that is moved before it has said anything proves nothing.

    One that says nothing in time runs none the less.
    """
    deadline = time.monotonic() + FIRST_WORDS_S
    while True:
        said = engine().workload_status(connection, ref).last_line
        if said is not None or time.monotonic() > deadline:
            return said or ""
        time.sleep(LOOK_AGAIN_S)


def stop_workload(*, workload_id: int) -> None:
    """Ends one that is to be removed. A host that can't be reached is tried again later."""
    if not leases.take_workload(workload_id=workload_id, state=State.REMOVING):
        return
    workload = Workload.objects.select_related("host").get(pk=workload_id)
    try:
        if workload.ref_name:  # else it never ran
            with reached(workload.host) as connection:
                engine().stop_workload(connection, ref_for(workload))
    except EngineError as error:  # the lease stays until the next try is due
        Workload.objects.filter(pk=workload_id).update(**_error_fields(error))
        return
    _settle(workload, expected=State.REMOVING, changes={"state": State.REMOVED})
    send_waiting_jobs()


def _settle(workload: Workload, *, expected: Workload.State, changes: dict[str, Any]) -> None:
    """Writes how it went. A removal asked for meanwhile stands, but what ran is known to it."""
    rows = Workload.objects.filter(pk=workload.pk)
    if not rows.filter(state=expected).update(lease_until=None, **changes):
        changes.pop("state")
        rows.update(lease_until=None, **changes)


def observe_workload(*, workload_id: int) -> None:
    """Looks whether it runs, and at its last line of output."""
    waiting = Workload.objects.filter(pk=workload_id, host__leased_by=None)
    workload = waiting.filter(state__in=SETTLED_STATES).select_related("host").first()
    if workload is None or not _claim_look(workload):
        return
    try:
        with reached(workload.host) as connection:
            _look_at(workload, connection)
    except EngineError as error:
        Workload.objects.filter(pk=workload_id).update(**_error_fields(error))


def _claim_look(workload: Workload) -> bool:
    """Of many that were sent to look at the same time, one goes."""
    same = Workload.objects.filter(pk=workload.pk, seen_at=workload.seen_at)
    return not workload.is_fresh and bool(same.update(seen_at=timezone.now()))


def _look_at(workload: Workload, connection: EngineHost) -> None:
    if not workload.ref_name:
        return  # it never ran; its row says why
    status = engine().workload_status(connection, ref_for(workload))
    state, code = SEEN[status.state]
    changes: dict[str, Any] = {"state": state, "last_error_code": code, "last_error": ""}
    if status.last_line is not None:
        changes["last_line"] = status.last_line
    # Only where nothing has happened to it meanwhile.
    unchanged = Workload.objects.filter(pk=workload.pk, state=workload.state, host=workload.host)
    unchanged.update(seen_at=timezone.now(), **changes)


def _error_fields(error: EngineError) -> dict[str, Any]:
    return {"last_error_code": error.code, "last_error": error.message}
