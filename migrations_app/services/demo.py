"""The demo: a counter in a container goes on counting on another lab host.

It is a job like any other. `advance_demo` does what can be done at once and is called again until
it answers with the job: by the page and by the command, each with its own way to wait.
"""

from __future__ import annotations

from collections.abc import Iterable

from migrations_app.engine.plan import Operation, Strategy, WorkloadKind
from migrations_app.models import Host, MigrationJob, Workload
from migrations_app.roles import Person, teaches

from .codes import Code, InventoryRefused
from .inventory import create_workload, remove_workload, request_workload_look
from .obstacles import obstacle_between, obstacle_to_starting
from .submit import submit_job

NAME = "cr"  # as in the exercise
KIND = WorkloadKind.CONTAINER
STRATEGIES = (Strategy.COLD, Strategy.STOP_AND_COPY)  # as the exercise, else what Docker 28 can
SOME_LINES = 3  # counted so far, before it moves: enough to see that it goes on
State = Workload.State


def demo_name(user: Person) -> str:
    """Students have a counter each, so that nobody moves another's."""
    return NAME if user is None or teaches(user) else f"{NAME}-{user.pk}"


def demo_workload(user: Person) -> Workload | None:
    present = Workload.objects.exclude(state=State.REMOVED).select_related("host")
    return present.filter(name=demo_name(user)).first()


def advance_demo(*, user: Person) -> MigrationJob | None:
    """The demo's job, or None while its counter is getting ready. Raises Refused."""
    workload = demo_workload(user)
    if workload is None:
        _create_counter(user)
    elif workload.state in (State.STOPPED, State.LOST):
        _clear_away(workload, user)
    elif workload.state == State.RUNNING:
        return _migrate_when_counting(workload, user)
    return None


def _clear_away(workload: Workload, user: Person) -> None:
    """Makes room for a new counter. One that could not even be started is a reason to stop."""
    remove_workload(workload=workload, user=user)
    if not workload.ref_name:
        raise InventoryRefused(workload.last_error_code, workload=workload.name)


def _create_counter(user: Person) -> None:
    create_workload(
        name=demo_name(user),
        type_name="counter",
        kind=KIND,
        parameters={},
        host=_start(user),
        created_by=user,
    )


def _migrate_when_counting(workload: Workload, user: Person) -> MigrationJob | None:
    if not has_counted(workload.last_line):
        request_workload_look(workload=workload)
        return None
    way = _way_from(workload.host, user)
    if way is None:
        raise InventoryRefused(Code.TOO_FEW_HOSTS)
    target, strategy = way
    return submit_job(
        workload=workload,
        target=target,
        operation=Operation.MIGRATE,
        strategy=strategy,
        user=user,
    )


def has_counted(last_line: str) -> bool:
    return last_line.isdecimal() and int(last_line) >= SOME_LINES


def _start(user: Person) -> Host:
    """The first host from which the counter can go to another. Raises InventoryRefused."""
    fit = (host for host in _hosts(user) if obstacle_to_starting(host, KIND) is None)
    start = next((host for host in fit if _way_from(host, user)), None)
    if start is None:
        raise InventoryRefused(Code.TOO_FEW_HOSTS)
    return start


def _way_from(source: Host, user: Person) -> tuple[Host, Strategy] | None:
    """Where it can go from there and how; None: nowhere."""
    ways = ((target, strategy) for strategy in STRATEGIES for target in _hosts(user))
    return next((way for way in ways if way[0].pk != source.pk and _is_open(source, *way)), None)


def _is_open(source: Host, target: Host, strategy: Strategy) -> bool:
    return obstacle_between(source, target, KIND, strategy) is None


def _hosts(user: Person) -> Iterable[Host]:
    """Lab hosts first."""
    return Host.objects.visible_to(user).order_by("-is_lab", "name")
