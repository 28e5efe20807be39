"""The end of a job, carried out later on a host that did not answer then: hostside/left.py."""

from __future__ import annotations

from .hosts.base import Host, call
from .report import Side

REMOVE_S = 80.0  # within the lease of whoever asks


def remove_left(
    host: Host, job_id: str, *, half: Side, ended_here: bool, copied: bool
) -> dict[str, list[str]]:
    """Remove what the job left on this host: `removed`, in words, and volumes that were `kept`.

    half: which the host had in the job; ended_here: the workload ended up on it; copied: the
    original goes on beside its copy. Fine when all of it is gone. Raises HostError, StepFailed with
    code `left-runs` when the original runs that should stand still.
    """
    params = {"job": job_id, "half": str(half), "ended_here": ended_here, "copied": copied}
    told = call(host, "left_remove", params, timeout_s=REMOVE_S)
    return {"removed": list(told["removed"]), "kept": list(told["kept"])}
