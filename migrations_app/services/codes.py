"""Every code that the site itself raises or stores; the engine brings its own along.

The pages word them (what, why, what to do); a test walks this list and finds none unworded.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    # Asked for in a form and refused; nothing was changed. Values in brackets.
    UNKNOWN_OPERATION = "unknown-operation"  # [operation]
    UNKNOWN_STRATEGY = "unknown-strategy"  # [strategy]
    UNKNOWN_OPTION = "unknown-option"  # [option]
    BAD_OPTION = "bad-option"  # [option] its value is none that it can have
    OPTION_OUT_OF_RANGE = "option-out-of-range"  # [option, low, high]
    OPTION_NEEDS_TWO_HOSTS = "option-needs-two-hosts"  # [option]
    UNKNOWN_WORKLOAD_TYPE = "unknown-workload-type"  # [type]
    BAD_PARAMETER = "bad-parameter"  # [detail]
    BAD_NAME = "bad-name"  # [name]
    BAD_HOST_KEY = "bad-host-key"
    BAD_ADDRESS = "bad-address"  # [address]
    ADDRESS_REFUSED = "address-refused"  # [address]
    STAFF_ONLY = "staff-only"
    TARGET_IS_SOURCE = "target-is-source"  # [host]
    TARGET_IS_NOT_SOURCE = "target-is-not-source"  # [host] for a one-host operation
    WORKLOAD_EXISTS = "workload-exists"  # [workload]
    WORKLOAD_BUSY = "workload-busy"  # [workload] it has a job that has not ended
    WORKLOAD_NOT_RUNNING = "workload-not-running"  # [workload, state]
    HOST_EXISTS = "host-exists"  # [host]
    HOST_NOT_CHECKED = "host-not-checked"  # [host]
    HOST_UNREACHABLE = "host-unreachable"  # [host]
    HOST_QUARANTINED = "host-quarantined"  # [host]
    HOST_IN_USE = "host-in-use"  # [host] workloads on it, or a job runs
    HOST_HAS_HISTORY = "host-has-history"  # [host] jobs refer to it
    HOST_PROBLEM = "host-problem"  # [host, problem]: problem is an engine.host_problems code
    TOO_FEW_HOSTS = "too-few-hosts"  # the demo needs two that run containers
    JOB_FINISHED = "job-finished"  # [job] nothing left to cancel
    JOB_NOT_FINISHED = "job-not-finished"  # [job] nothing to repeat yet

    # Why a job changed its state (JobTransition.reason) or ended (MigrationJob.error_code).
    CLAIMED = "claimed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    WORKLOAD_MOVED = "workload-moved"  # it was no longer running on the source when claimed
    WORKER_LOST = "worker-lost"  # its lease ran out; the hosts have been asked
    HOSTS_SILENT = "hosts-silent"  # its lease ran out, and the hosts can't be asked
    INTERNAL_ERROR = "internal-error"  # a fault of this program; see the worker's log

    # A workload's own troubles (Workload.last_error_code).
    WORKLOAD_ENDED = "workload-ended"  # it ended by itself
    WORKLOAD_ABSENT = "workload-absent"  # the host does not know it


class Refused(Exception):
    """Not done, and nothing was changed. `code` with its `values` says why."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(f"{code} {values}" if values else code)
        self.code = code
        self.values: Mapping[str, str] = values


class InventoryRefused(Refused):
    """A change to hosts or workloads was refused."""


class SubmitRefused(Refused):
    """A job was refused, or can't be cancelled or repeated."""
