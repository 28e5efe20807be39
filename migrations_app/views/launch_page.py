"""What the launch page shows: every step, every strategy, and why some can't be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrations_app import selectors
from migrations_app.engine.catalogue import CATALOGUE
from migrations_app.engine.plan import Compression, Operation, Strategy, WorkloadKind
from migrations_app.models import Host, Workload
from migrations_app.roles import Person
from migrations_app.services.codes import Refused
from migrations_app.services.obstacles import warnings_between
from migrations_app.statistics import Median, median_of
from migrations_app.words import OPERATIONS, STRATEGIES, Explanation, Phrase

from .common import by_reason, refusal

# What is offered first where it can be done: quicker than cold, and it works for every workload.
PREFERRED = (Strategy.STOP_AND_COPY, *Strategy)


@dataclass(frozen=True)
class Step:
    """One thing that can be launched: an operation towards a host."""

    operation: Operation
    target: Host
    words: Phrase
    refusals: Mapping[Strategy, Refused | None]  # by strategy
    expected: Median | None  # stop time in ms of former cold runs like this; one-host steps only

    warnings: list[Explanation]  # what may go wrong on the way all the same

    @property
    def value(self) -> str:
        return f"{self.operation}:{self.target.pk}"

    @property
    def default(self) -> Strategy | None:
        """The strategy offered first; None: none is possible."""
        return next((s for s in PREFERRED if self.refusals[s] is None), None)

    @property
    def reasons(self) -> list[tuple[list[str], Explanation]]:
        """Why nothing can be done, by strategies; on one host only cold is worth a word."""
        named = [Strategy.COLD] if self.operation.one_host else list(Strategy)
        return by_reason({name: self.refusals[name] for name in named})


@dataclass(frozen=True)
class Choice:
    """A strategy, and the steps that it can't do although another one could."""

    strategy: Strategy
    words: Phrase
    expected: Median | None  # stop time in ms of former migrations like this
    reasons: list[tuple[list[Step], Explanation]]
    is_possible: bool


def steps_of(user: Person, workload: Workload, hosts: Sequence[Host]) -> list[Step]:
    """The two steps on the workload's own host, then every other host as a target."""
    others = [host for host in hosts if host.pk != workload.host_id]
    return [
        _step(user, workload, Operation.RESTORE_IN_PLACE, workload.host),
        _step(user, workload, Operation.LOCAL_CLONE, workload.host),
        *(_step(user, workload, Operation.MIGRATE, host) for host in others),
    ]


def _step(user: Person, workload: Workload, operation: Operation, target: Host) -> Step:
    refusals = selectors.job_refusals(user, workload=workload, target=target, operation=operation)
    expected = None
    if operation.one_host:
        former = selectors.former_stop_times(user, workload=workload, operation=operation)
        expected = median_of(former.get(Strategy.COLD, []))
    warnings = []
    if not operation.one_host:
        found = warnings_between(workload.host, target, workload.kind)
        warnings = [refusal(one) for one in found]
    return Step(operation, target, OPERATIONS[operation], refusals, expected, warnings)


def choices_of(user: Person, workload: Workload, steps: Sequence[Step]) -> list[Choice]:
    """Every strategy. Steps that nothing can do say so themselves."""
    former = selectors.former_stop_times(user, workload=workload, operation=Operation.MIGRATE)
    open_steps = [step for step in steps if step.default]
    return [
        Choice(
            strategy,
            STRATEGIES[strategy],
            median_of(former.get(strategy, [])),
            _reasons(strategy, open_steps),
            not open_steps or any(step.refusals[strategy] is None for step in open_steps),
        )
        for strategy in Strategy
    ]


def _reasons(strategy: Strategy, steps: Sequence[Step]) -> list[tuple[list[Step], Explanation]]:
    refused: dict[Explanation, list[Step]] = {}
    for step in steps:
        why_not = step.refusals[strategy]
        if why_not:
            refused.setdefault(refusal(why_not), []).append(step)
    return [(there, said) for said, there in refused.items()]


def keeps_connections(workload: Workload | None) -> bool:
    """Whether its clients are connected while it moves: a container that serves on a port."""
    if workload is None or workload.kind != WorkloadKind.CONTAINER:
        return False
    known = CATALOGUE.get(workload.type_name)
    return known is not None and known.port is not None


def lacking_compressions(hosts: Sequence[Host]) -> list[tuple[Host, Compression]]:
    """Hosts that can't do a compression, as far as their last check knows."""
    packing = [name for name in Compression if name is not Compression.NONE]
    checked = [host for host in hosts if "compression" in (host.facts or {})]
    return [
        (host, name)
        for host in checked
        for name in packing
        if name not in (host.facts or {})["compression"]
    ]
