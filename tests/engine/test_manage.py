"""Starting, looking at and ending workloads: what is asked of a host."""

import pytest

from migrations_app.engine import (
    NotPossible,
    StepFailed,
    WorkloadKind,
    prepare_host,
    start_workload,
    stop_workload,
    workload_status,
)

from .scripted import ScriptedHost
from .simulated import CONTAINER, OUTPUT, PID, PROCESS

VALUES = {"interval_ms": 50}


def test_container_is_started_from_the_catalogues_image():
    host = ScriptedHost({"container_start": {"id": "abc"}})
    kind = WorkloadKind.CONTAINER
    ref = start_workload(host, kind=kind, name="cr", type_name="counter", values=VALUES)
    assert ref == CONTAINER
    ((_, params),) = host.calls
    assert params["image"] == "busybox:latest" and params["argv"][-1] == "0.05"


def test_process_is_known_by_the_pid_that_the_host_gave():
    host = ScriptedHost({"process_start": {"pid": PID, "output": OUTPUT}})
    kind = WorkloadKind.PROCESS
    ref = start_workload(host, kind=kind, name="counter", type_name="counter", values=VALUES)
    assert ref == PROCESS


def test_bad_parameter_is_refused_before_the_host_is_asked():
    host = ScriptedHost({})
    with pytest.raises(NotPossible):
        start_workload(
            host,
            kind=WorkloadKind.CONTAINER,
            name="cr",
            type_name="counter",
            values={"interval_ms": 0},
        )
    assert host.calls == []


def test_last_line_of_a_container_is_shown_without_dockers_stamp():
    lines = {"lines": ["2026-11-23T03:01:56.734004043Z 7"]}
    host = ScriptedHost({"container_state": {"state": "running"}, "container_tail": lines})
    status = workload_status(host, CONTAINER)
    assert (status.state, status.last_line) == ("running", "7")


def test_last_line_of_a_process_is_shown_as_it_is():
    host = ScriptedHost({"process_state": {"state": "running"}, "process_tail": {"lines": ["6 1"]}})
    assert workload_status(host, PROCESS).last_line == "6 1"
    assert host.calls[0][1]["output"] == [OUTPUT]


@pytest.mark.parametrize("ref", [CONTAINER, PROCESS], ids=lambda ref: str(ref.kind))
def test_workload_that_is_gone_has_no_last_line(ref):
    host = ScriptedHost({f"{ref.kind}_state": {"state": "absent"}})
    assert workload_status(host, ref).last_line is None
    assert len(host.calls) == 1


def test_silent_workload_has_no_last_line_either():
    replies = {"container_state": {"state": "running"}, "container_tail": {"lines": []}}
    assert workload_status(ScriptedHost(replies), CONTAINER).last_line is None


def test_stopping_a_process_ends_it_and_takes_its_folder():
    host = ScriptedHost({"process_end": {"ended": True}, "process_forget": {"removed": []}})
    stop_workload(host, PROCESS)
    assert host.verbs == ["process_end", "process_forget"]
    assert all(OUTPUT in str(params) for _, params in host.calls)


def test_stopping_a_container_removes_it():
    host = ScriptedHost({"container_remove": {"removed": True}})
    stop_workload(host, CONTAINER)
    assert host.calls == [("container_remove", {"name": "cr"})]


def test_preparing_a_host_hands_on_what_had_to_be_changed():
    told = {"changed": ["wrote it"], "runtime": "/usr/local/lib/migration-lab/runtime"}
    host = ScriptedHost({"prepare": told})
    assert prepare_host(host) == told and host.calls == [("prepare", {})]


def test_preparing_a_host_fails_with_the_hosts_own_words():
    broken = StepFailed("daemon.json is no JSON", code="docker-config-unreadable")
    with pytest.raises(StepFailed) as failed:
        prepare_host(ScriptedHost({"prepare": broken}))
    assert failed.value.code == "docker-config-unreadable"
