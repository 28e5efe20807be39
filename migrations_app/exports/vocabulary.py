"""Words of the program itself, which say nothing of anybody: codes, and names of keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import get_type_hints

from migrations_app.engine import VERSION, report
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.plan import (
    LINK,
    Compression,
    Operation,
    ProofKind,
    Strategy,
    WorkloadKind,
)
from migrations_app.metrics import METRICS
from migrations_app.models import Experiment, JobStatus, Trial
from migrations_app.services.options import DEFAULTS
from migrations_app.words import ERRORS, WARNINGS

from . import shape

KINDS = ("job", "comparison", "experiment")
_SHAPES = (
    shape.Document,
    shape.Group,
    shape.Experiment,
    shape.Grid,
    shape.Axis,
    shape.Cell,
    shape.Factors,
    shape.Statistics,
    shape.Trial,
    shape.Attempt,
    shape.Run,
    shape.Workload,
    shape.Phase,
    shape.Failure,
    shape.Environment,
)
_REPORTED = (
    report.Round,
    report.StopWindow,
    report.Proof,
    report.Command,
    report.LogFile,
    report.Clock,
)


def _codes() -> Iterator[str]:
    for choices in (Operation, Strategy, WorkloadKind, ProofKind, Compression, JobStatus):
        yield from map(str, choices)
    for states in (Trial.Role, Trial.State, Trial.Outcome, Experiment.Status):
        yield from map(str, states)
    for told in (report.PhaseName, report.Side, report.RoundMethod, report.RoundsEndedBy):
        yield from map(str, told)
    yield from (*ERRORS, *WARNINGS, *CATALOGUE, *KINDS, shape.SCHEMA, VERSION)


def _keys() -> Iterator[str]:
    for typed in _SHAPES:
        yield from get_type_hints(typed)
    for reported in _REPORTED:
        yield from (field.name for field in dataclasses.fields(reported))
    for entry in CATALOGUE.values():
        yield from (parameter.name for parameter in entry.parameters)
    yield from (*METRICS, *DEFAULTS, *LINK, *report.Side)


CODES = frozenset(_codes())
KEYS = frozenset(map(str, _keys()))
