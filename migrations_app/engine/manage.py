"""Starting, looking at and ending workloads: what a migration needs before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .catalogue import CATALOGUE, WorkloadType
from .errors import EngineError, NotPossible
from .hosts.base import Host, call
from .plan import WorkloadKind, WorkloadRef

START_S = 180.0  # what is slow here is an emulated host's Docker
STATUS_LINES = 3


@dataclass(frozen=True)
class WorkloadStatus:
    state: str  # running, paused, stopped, created, exited, dead, absent
    last_line: str | None  # of its output


def start_workload(
    host: Host, *, kind: WorkloadKind, name: str, type_name: str, values: Mapping[str, object]
) -> WorkloadRef:
    """Start a workload of the catalogue.

    Raises NotPossible with code `workload-exists` or `bad-parameter`, StepFailed with
    `workload-start-failed` or `program-missing`.
    """
    kind_of = CATALOGUE[type_name]
    if kind not in kind_of.kinds:
        raise NotPossible(f"{type_name} is no {kind}", code="bad-parameter")
    if kind is WorkloadKind.CONTAINER:
        return _start_container(host, name, kind_of, kind_of.checked(values))
    params = {"name": name, "argv": list(kind_of.argv(values))}
    started = call(host, "process_start", params, timeout_s=START_S)
    return WorkloadRef(kind, name, started["pid"])


def _start_container(
    host: Host, name: str, kind_of: WorkloadType, values: Mapping[str, int]
) -> WorkloadRef:
    params: dict[str, object] = {
        "name": name,
        "image": kind_of.image,
        "argv": list(kind_of.argv(values)),
        "volumes": [kind_of.volume] if kind_of.volume else [],
    }
    if kind_of.network:
        params["network"] = {"name": kind_of.network, "host_number": values["host_number"]}
    call(host, "container_start", params, timeout_s=START_S)
    ref = WorkloadRef(WorkloadKind.CONTAINER, name)
    if kind_of.fill:
        _fill(host, ref, kind_of, values)
    return ref


def _fill(host: Host, ref: WorkloadRef, kind_of: WorkloadType, values: Mapping[str, int]) -> None:
    """With its first data; one that does not take them is not left there."""
    params = {"name": ref.name, "port": kind_of.port, "limit_s": START_S, **values}
    try:
        call(host, str(kind_of.fill), params, timeout_s=START_S)
    except EngineError:
        stop_workload(host, ref)
        raise


def stop_workload(host: Host, ref: WorkloadRef) -> None:
    """End it and remove what it wrote; fine when it is gone already."""
    if ref.kind is WorkloadKind.CONTAINER:
        call(host, "container_remove", {"name": ref.name}, timeout_s=START_S)
        return
    call(host, "process_end", {"pid": ref.pid, "output": [ref.own_output]})
    call(host, "process_forget", {"files": [ref.own_output]})


def workload_status(host: Host, ref: WorkloadRef) -> WorkloadStatus:
    """Whether it runs, and its last line of output."""
    if ref.kind is WorkloadKind.CONTAINER:
        params: dict[str, object] = {"name": ref.name}
        state = call(host, "container_state", params)["state"]
    else:
        params = {"pid": ref.pid, "output": [ref.own_output]}
        state = call(host, "process_state", params)["state"]
    if state == "absent":
        return WorkloadStatus(state, None)
    verb = f"{ref.kind}_tail"
    lines = call(host, verb, {**params, "lines": STATUS_LINES})["lines"]
    last = lines[-1] if lines else None
    if last is not None and ref.kind is WorkloadKind.CONTAINER:
        last = last.partition(" ")[2]  # after Docker's own time stamp
    return WorkloadStatus(state, last)


def prepare_host(host: Host) -> dict[str, object]:
    """Install our OCI runtime and have Docker know it, so that the host can be a target.

    Returns `changed` (sentences, empty when all was there already) and `runtime` (its path).
    Raises StepFailed with code `docker-config-unreadable` or `docker-runtime-refused`.
    """
    return call(host, "prepare", timeout_s=START_S)


def inspect_kept(host: Host, job_id: str) -> dict[str, object]:
    """What is in the images that a run kept: hostside/library.py.

    Raises NotPossible with code `images-gone`, StepFailed with `image-damaged`.
    """
    return call(host, "kept_inspect", {"job": job_id}, timeout_s=START_S)


def remove_kept(host: Host, job_id: str) -> bool:
    """Remove them; False where there were none."""
    return bool(call(host, "kept_remove", {"job": job_id}, timeout_s=START_S)["removed"])


def clean_up(host: Host, job_id: str) -> list[str]:
    """Remove what a job left on a host, found by its name; what was removed."""
    return list(call(host, "clean_up", {"job": job_id})["removed"])
