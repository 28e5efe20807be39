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
from .hosts.base import Host
from .hosts.local import LocalHost
from .hosts.ssh import SshHost, SshTarget, fingerprint, known_host_key, scan_host_key
from .manage import (
    WorkloadStatus,
    clean_up,
    prepare_host,
    start_workload,
    stop_workload,
    workload_status,
)
from .migrate import collect_facts, migrate
from .migrate import settle_job as settle
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
from .preflight import Problem, Severity, host_problems, pair_problems, plan_problems
from .report import (
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


def connect(target: SshTarget, *, timeout_s: float = 10) -> SshHost:
    """A session with a host, open. Raises HostUnreachable, HostKeyMismatch, HostAuthRefused."""
    return SshHost(target, timeout_s=timeout_s).open()


__all__ = [
    "CATALOGUE",
    "RANGES",
    "VERSION",
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
    "WorkloadEnded",
    "WorkloadKind",
    "WorkloadRef",
    "WorkloadStatus",
    "WorkloadType",
    "clean_up",
    "collect_facts",
    "connect",
    "fingerprint",
    "host_problems",
    "known_host_key",
    "migrate",
    "pair_problems",
    "plan_problems",
    "prepare_host",
    "scan_host_key",
    "settle",
    "start_workload",
    "stop_workload",
    "workload_status",
]
