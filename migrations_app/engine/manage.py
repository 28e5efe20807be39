"""Starting, looking at and ending workloads: what a migration needs before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .catalogue import CATALOGUE
from .hosts.base import Host, call
from .plan import WorkloadKind, WorkloadRef

START_S = 60.0
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
    argv = list(kind_of.argv(values))
    if kind is WorkloadKind.CONTAINER:
        params = {"name": name, "image": kind_of.image, "argv": argv}
        call(host, "container_start", params, timeout_s=START_S)
        return WorkloadRef(kind, name)
    started = call(host, "process_start", {"name": name, "argv": argv}, timeout_s=START_S)
    return WorkloadRef(kind, name, started["pid"])


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


def clean_up(host: Host, job_id: str) -> list[str]:
    """Remove what a job left on a host, found by its name; what was removed."""
    return list(call(host, "clean_up", {"job": job_id})["removed"])
