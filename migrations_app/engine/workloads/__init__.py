"""Kinds of workloads, one file each and a line here."""

from __future__ import annotations

from collections.abc import Callable

from ..plan import WorkloadKind
from ..run import Run
from .base import Subject
from .container import ContainerSubject
from .process import ProcessSubject

KINDS: dict[WorkloadKind, Callable[[Run], Subject]] = {
    WorkloadKind.CONTAINER: ContainerSubject,
    WorkloadKind.PROCESS: ProcessSubject,
}
