"""The migration engine: no Django, no queue, no settings. `python -m migrations_app.engine --help`.

with connect(source_target) as source, connect(target_target) as target:
    report = migrate(plan, source, target, observer)
"""

from __future__ import annotations

from .catalogue import CATALOGUE, Parameter, WorkloadType
from .errors import (
    EngineError,
    HostAuthRefused,
    HostError,
    HostKeyMismatch,
    HostSessionLost,
    HostUnreachable,
    NotPossible,
    StepFailed,
    StepTimedOut,
    WorkloadEnded,
)
from .events import (
    CommandRan,
    Event,
    Note,
    Observer,
    PagesArrived,
    PhaseEnded,
    PhaseStarted,
)
from .host_problems import host_problems
from .hosts.base import Host
from .hosts.local import LocalHost
from .hosts.ssh import SshHost, SshTarget, fingerprint, known_host_key, scan_host_key
from .left import remove_left
from .look import check_only
from .manage import (
    WorkloadStatus,
    clean_up,
    inspect_kept,
    prepare_host,
    remove_kept,
    start_workload,
    stop_workload,
    workload_status,
)
from .migrate import collect_facts, migrate
from .migrate import settle_job as settle
from .outside import Outside
from .plan import (
    RANGES,
    Compression,
    Limits,
    MigrationPlan,
    Operation,
    PreCopyRules,
    ProofKind,
    Strategy,
    WorkloadKind,
    WorkloadRef,
)
from .preflight import pair_problems, plan_problems
from .preparation import look_around, prepare_output, prepare_step, undo_step
from .problems import Problem, Severity
from .rehearse import Rehearsal, rehearse
from .report import (
    Check,
    CheckOutcome,
    Failure,
    Metrics,
    Outcome,
    Phase,
    PhaseName,
    Proof,
    Report,
    Round,
    RoundMethod,
    RoundsEndedBy,
    Side,
    StopWindow,
)
from .version import VERSION
from .watching import Watched, watch_workload


def connect(target: SshTarget, *, timeout_s: float = 10) -> SshHost:
    """A session with a host, open. Raises HostUnreachable, HostKeyMismatch, HostAuthRefused."""
    return SshHost(target, timeout_s=timeout_s).open()


__all__ = [
    "CATALOGUE",
    "RANGES",
    "VERSION",
    "Check",
    "CheckOutcome",
    "CommandRan",
    "Compression",
    "EngineError",
    "Event",
    "Failure",
    "Host",
    "HostAuthRefused",
    "HostError",
    "HostKeyMismatch",
    "HostSessionLost",
    "HostUnreachable",
    "Limits",
    "LocalHost",
    "Metrics",
    "MigrationPlan",
    "NotPossible",
    "Note",
    "Observer",
    "Operation",
    "Outcome",
    "Outside",
    "PagesArrived",
    "Parameter",
    "Phase",
    "PhaseEnded",
    "PhaseName",
    "PhaseStarted",
    "PreCopyRules",
    "Problem",
    "Proof",
    "ProofKind",
    "Rehearsal",
    "Report",
    "Round",
    "RoundMethod",
    "RoundsEndedBy",
    "Severity",
    "Side",
    "SshHost",
    "SshTarget",
    "StepFailed",
    "StepTimedOut",
    "StopWindow",
    "Strategy",
    "Watched",
    "WorkloadEnded",
    "WorkloadKind",
    "WorkloadRef",
    "WorkloadStatus",
    "WorkloadType",
    "check_only",
    "clean_up",
    "collect_facts",
    "connect",
    "fingerprint",
    "host_problems",
    "inspect_kept",
    "known_host_key",
    "look_around",
    "migrate",
    "pair_problems",
    "plan_problems",
    "prepare_host",
    "prepare_output",
    "prepare_step",
    "rehearse",
    "remove_kept",
    "remove_left",
    "scan_host_key",
    "settle",
    "start_workload",
    "stop_workload",
    "undo_step",
    "watch_workload",
    "workload_status",
]
