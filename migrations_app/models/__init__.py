"""Rows. Status and leases are written by the functions made for it, never by assignment."""

from .account import Account, ApiToken, IdempotencyKey
from .analysis import Configuration, DayFigures, Environment, VersionChange, WholeFigures
from .annotations import Favourite, Remark, Tag
from .audit import AuditEntry
from .diagnosis import CauseNote, VersionTally, WorkloadCheck
from .experiment import Experiment, ExperimentTransition, Trial
from .experiment_states import ExperimentStatus, TrialOutcome, TrialState
from .facts import HostFacts
from .host import Host
from .host_draft import HostDraft
from .job import JobNote, JobPhase, JobTransition, MigrationJob
from .kept import KeptImage
from .leftover import Leftover
from .preparation import PreparationStep
from .share import Share
from .transitions import ByHand, IllegalTransition, JobStatus
from .workload import Workload

__all__ = (
    "Account",
    "ApiToken",
    "AuditEntry",
    "ByHand",
    "CauseNote",
    "Configuration",
    "DayFigures",
    "Environment",
    "Experiment",
    "ExperimentStatus",
    "ExperimentTransition",
    "Favourite",
    "Host",
    "HostDraft",
    "HostFacts",
    "IdempotencyKey",
    "IllegalTransition",
    "JobNote",
    "JobPhase",
    "JobStatus",
    "JobTransition",
    "KeptImage",
    "Leftover",
    "MigrationJob",
    "PreparationStep",
    "Remark",
    "Share",
    "Tag",
    "Trial",
    "TrialOutcome",
    "TrialState",
    "VersionChange",
    "VersionTally",
    "WholeFigures",
    "Workload",
    "WorkloadCheck",
)
