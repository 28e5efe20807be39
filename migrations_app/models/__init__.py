"""Rows. Status and leases are written by the functions made for it, never by assignment."""

from .host import Host
from .job import JobNote, JobPhase, JobTransition, MigrationJob
from .transitions import IllegalTransition, JobStatus
from .workload import Workload

__all__ = (
    "Host",
    "IllegalTransition",
    "JobNote",
    "JobPhase",
    "JobStatus",
    "JobTransition",
    "MigrationJob",
    "Workload",
)
