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
    ADDRESS_REFUSED = "address-refused"  # [address] loopback, link-local, metadata
    ADDRESS_OUTSIDE = "address-outside"  # [address] not in a network that is allowed
    NAME_UNKNOWN = "name-unknown"  # [address] no address stands for the name
    BAD_PORT = "bad-port"
    BAD_USER = "bad-user"  # [user]
    NOT_SHOWN = "host-key-not-shown"  # [host] there is no key to confirm yet
    KEY_CHANGED = "host-key-changed"  # [host] it shows another than the one that was confirmed
    NOTHING_TO_PREPARE = "nothing-to-prepare"  # [host] no step that can be run now
    PLAN_CHANGED = "plan-changed"  # [host] other commands than those that were shown
    BEING_PREPARED = "being-prepared"  # [host] steps wait or run already
    NO_PUBLIC_KEY = "no-public-key"  # [host] its key was given, not made here
    STAFF_ONLY = "staff-only"
    ADMINISTRATORS_ONLY = "administrators-only"
    NOT_YOURS = "not-yours"  # it belongs to somebody else
    HOST_NOT_OPEN = "host-not-open"  # [host] to students
    TOO_MANY_JOBS = "too-many-jobs"  # [limit] that have not ended
    TOO_MANY_JOBS_TODAY = "too-many-jobs-today"  # [limit] in 24 hours
    TOO_MANY_TRIALS_TODAY = "too-many-trials-today"  # [trials, left, limit] in 24 hours
    TOO_MANY_WORKLOADS = "too-many-workloads"  # [limit]
    USER_EXISTS = "user-exists"  # [name]
    BAD_USER_NAME = "bad-user-name"  # [name]
    LAST_ADMINISTRATOR = "last-administrator"
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
    # Of experiments.
    GRID_UNREADABLE = "grid-unreadable"  # [part]
    GRID_EMPTY = "grid-empty"  # no trial would be run
    GRID_EMPTY_FACTOR = "grid-empty-factor"  # [part] nothing is chosen of it
    GRID_TOO_LARGE = "grid-too-large"  # [jobs, most]
    GRID_TWICE = "grid-twice"  # [part] the same value stands there twice
    GRID_PAIR_OF_ONE_HOST = "grid-pair-of-one-host"
    GRID_NUMBER_OUT_OF_RANGE = "grid-number-out-of-range"  # [part, low, high]
    UNKNOWN_HOST = "unknown-host"  # [host]
    BAD_EXPERIMENT_NAME = "bad-experiment-name"
    EXPERIMENT_OVER = "experiment-over"  # [experiment] it was cancelled, or has ended
    EXPERIMENT_NOT_RUNNING = "experiment-not-running"  # [experiment] there is nothing to pause
    EXPERIMENT_NOT_PAUSED = "experiment-not-paused"  # [experiment]
    NOTHING_FAILED = "nothing-failed"  # [experiment] so nothing to run again
    TOO_FEW_HOSTS = "too-few-hosts"  # the demo needs two that run containers
    IDEMPOTENCY_KEY_USED = "idempotency-key-used"  # with another request
    JOB_FINISHED = "job-finished"  # [job] nothing left to cancel
    JOB_SETTLED = "job-settled"  # [job] it is in doubt no more
    REASON_LENGTH = "reason-length"  # [most] empty or too long
    JOB_NOT_FINISHED = "job-not-finished"  # [job] nothing to repeat yet
    TAG_NAME = "tag-name"  # [most] empty, too long, or with letters that can't be shown
    TOO_MANY_TAGS = "too-many-tags"  # [most] on one job
    NOTE_LENGTH = "note-length"  # [most] empty or too long
    NOTE_NOT_YOURS = "note-not-yours"  # only who wrote it and staff may remove it
    REHEARSAL_NEEDS_TWO_HOSTS = "rehearsal-needs-two-hosts"
    IMAGES_GONE = "images-gone"  # they were removed from the host
    NOTHING_TO_EXPLAIN = "nothing-to-explain"  # [job] its cause is known, or it did not fail

    # Asked of shared links.
    SHARE_NOT_FINISHED = "share-not-finished"  # [job] no snapshot of what still runs
    SHARE_NO_TRIAL = "share-no-trial"  # no trial of the experiment has ended
    SHARE_EMPTY = "share-empty"  # no run fits
    SHARE_BAD_DAYS = "share-bad-days"  # for none of the times that can be chosen
    SHARE_TOO_MANY = "share-too-many"  # [most] open at a time
    SHARE_NOT_YOURS = "share-not-yours"

    # Why a job changed its state (JobTransition.reason) or ended (MigrationJob.error_code).
    CLAIMED = "claimed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TRIALS_ADDED = "trials-added"  # ExperimentTransition.reason
    TRIALS_AGAIN = "trials-again"  # failed ones are run again
    ASKED_FOR = "asked-for"  # somebody paused it, or went on with it
    FAILED_IN_A_ROW = "failed-in-a-row"  # an experiment paused itself
    WORKLOAD_MOVED = "workload-moved"  # it was no longer running on the source when claimed
    WORKER_LOST = "worker-lost"  # its lease ran out; the hosts have been asked
    HOSTS_SILENT = "hosts-silent"  # its lease ran out, and the hosts can't be asked
    GIVEN_UP = "given-up"  # by a person, since the hosts could not be asked
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


class ExperimentRefused(Refused):
    """An experiment was refused, or a change to one."""


class SubmitRefused(Refused):
    """A job was refused, or can't be cancelled or repeated."""


class Forbidden(InventoryRefused, SubmitRefused):
    """Not for this person to do, or not now: their quota is used up."""
