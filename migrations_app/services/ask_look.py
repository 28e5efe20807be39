"""The web's side of looks and rehearsals: ask for one."""

from __future__ import annotations

from migrations_app.engine.plan import Operation
from migrations_app.models import Host, Workload, WorkloadCheck
from migrations_app.roles import Person

from .codes import Code, SubmitRefused
from .queue import Task, send_on_commit
from .submit import find_refusal


def ask_for_check(
    *,
    workload: Workload,
    target: Host,
    operation: str,
    strategy: str,
    user: Person,
    rehearse: bool = False,
) -> WorkloadCheck:
    """Queues a look at the workload for such a run; `rehearse`: and a rehearsal of it.

    Raises SubmitRefused for what could not be launched either.
    """
    refusal = find_refusal(
        workload=workload, target=target, operation=operation, strategy=strategy, user=user
    )
    if refusal:
        raise refusal
    if rehearse and Operation(operation).one_host:
        raise SubmitRefused(Code.REHEARSAL_NEEDS_TWO_HOSTS)
    check = WorkloadCheck.objects.create(
        workload=workload,
        target=target,
        operation=operation,
        strategy=strategy,
        rehearse=rehearse,
        created_by=user,
    )
    send_on_commit(task=Task.LOOK_AT_WORKLOAD, row_id=check.pk)
    return check
