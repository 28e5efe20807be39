"""Rows. Status and leases are written by the functions made for it, never by assignment."""

from .host import Host
from .job import JobNote, JobPhase, JobTransition, MigrationJob
from .transitions import IllegalTransition
from .workload import Workload

__all__ = (
    "Host",
    "IllegalTransition",
    "JobNote",
    "JobPhase",
    "JobTransition",
    "MigrationJob",
    "Workload",
)
