"""The web side of the queue: ask for a job, cancel it, ask for the same again."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from migrations_app.adapters import option_problem, plan_problem
from migrations_app.engine.plan import Operation, Strategy, WorkloadKind
from migrations_app.engine.preflight import plan_problems
from migrations_app.engine.problems import Problem
from migrations_app.engine.report import Side
from migrations_app.engine.workload_checks import MESSAGES as CHECKED
from migrations_app.models import Host, IllegalTransition, MigrationJob, Workload
from migrations_app.roles import Person

from .codes import Code, Refused, SubmitRefused
from .obstacles import obstacle_on
from .options import columns_for
from .permissions import host_barrier, require_instructor, require_own, workload_barrier
from .queue import Task, send_on_commit
from .quota import claim_job


def submit_job(
    *,
    workload: Workload,
    target: Host,
    operation: str,
    strategy: str,
    user: Person,
    skip_checks: Sequence[str] = (),
    is_trial: bool = False,
    **options: object,
) -> MigrationJob:
    """Queues one job; it runs from where the workload is now. Raises Refused.

    `skip_checks`: codes of checks of the workload that are not to refuse; for instructors.
    `is_trial`: its experiment has claimed its place in the quota.
    `options` are those of options.DEFAULTS, each by its name; what is not given is by default.
    """
    refusal = find_refusal(
        workload=workload, target=target, operation=operation, strategy=strategy, user=user
    )
    if refusal:
        raise refusal
    if skip_checks:
        require_instructor(user)
    job = MigrationJob(
        workload=workload,
        source=workload.host,
        target=target,
        operation=Operation(operation),
        strategy=Strategy(strategy),
        created_by=user,
        skip_checks=[code for code in skip_checks if code in CHECKED],
        **columns_for(options, Operation(operation), Strategy(strategy)),
    )
    problem = option_problem(job)
    if problem:
        raise _refused_for(problem)
    return _queue(job, user, is_trial)


def _queue(job: MigrationJob, user: Person, is_trial: bool = False) -> MigrationJob:
    try:
        with transaction.atomic():
            if not is_trial:
                claim_job(user)
            job.save()
            send_on_commit(task=Task.RUN_JOB, row_id=job.pk)
    except IntegrityError as error:  # one_unsettled_job_per_workload
        raise SubmitRefused(Code.WORKLOAD_BUSY, workload=job.workload.name) from error
    return job


def cancel_job(*, job: MigrationJob, user: Person) -> None:
    """Ends a queued job; a running one is asked to stop where it still can.

    Raises Refused when it has ended already, or is not theirs.
    """
    require_own(user, job)
    status = MigrationJob.Status
    try:
        job.transition(status.QUEUED, status.CANCELLED, Code.CANCELLED)
    except IllegalTransition as error:
        running = MigrationJob.objects.filter(pk=job.pk, status=status.RUNNING)
        if not running.update(cancel_requested=True):
            raise SubmitRefused(Code.JOB_FINISHED, job=str(job.pk)) from error


def rerun_job(*, job: MigrationJob, user: Person, skip_check: str | None = None) -> MigrationJob:
    """The same again, from where the workload is now. Raises Refused.

    `skip_check`: in spite of this check of the workload, which refused it; for instructors.
    A workload that has moved meanwhile goes back to the host where it came from.
    """
    if not job.is_finished:
        raise SubmitRefused(Code.JOB_NOT_FINISHED, job=str(job.pk))
    return submit_job(
        workload=job.workload,
        target=_rerun_target(job),
        operation=job.operation,
        strategy=job.strategy,
        user=user,
        skip_checks=[*job.skip_checks, *([skip_check] if skip_check else [])],
        **job.options,
    )


def _rerun_target(job: MigrationJob) -> Host:
    here = job.workload.host
    if Operation(job.operation).one_host:
        return here
    return job.source if job.target_id == here.pk else job.target


def find_refusal(
    *, workload: Workload, target: Host, operation: str, strategy: str, user: Person = None
) -> Refused | None:
    """Why this person can't queue this job now, or None. Reads what is known; asks no host."""
    unknown = _refuse_choice(operation, strategy)
    if unknown:
        return unknown
    refusals = find_refusals(
        workload=workload, target=target, operation=Operation(operation), user=user
    )
    return refusals[Strategy(strategy)]


def find_refusals(
    *, workload: Workload, target: Host, operation: Operation, user: Person = None
) -> dict[Strategy, Refused | None]:
    """The same for every strategy at once, with one query (two for students)."""
    of_workload = (
        workload_barrier(user, workload)
        or host_barrier(user, workload.host, target)
        or _refuse_workload(workload)
    )
    return {
        strategy: _refuse_kind(workload.kind, operation, strategy)
        or of_workload
        or _refuse_way(workload, target, operation, strategy)
        for strategy in Strategy
    }


def _refuse_way(
    workload: Workload, target: Host, operation: Operation, strategy: Strategy
) -> SubmitRefused | None:
    return (
        _refuse_target(workload, target, operation)
        or _refuse_host(workload.host, workload.kind, strategy, Side.SOURCE)
        or _refuse_host(target, workload.kind, strategy, Side.TARGET)
        or _refuse_plan(workload, target, operation, strategy)
    )


def _refuse_choice(operation: str, strategy: str) -> SubmitRefused | None:
    if operation not in list(Operation):
        return SubmitRefused(Code.UNKNOWN_OPERATION, operation=operation)
    if strategy not in list(Strategy):
        return SubmitRefused(Code.UNKNOWN_STRATEGY, strategy=strategy)
    return None


def _refuse_kind(kind: str, operation: str, strategy: str) -> SubmitRefused | None:
    """What this kind of workload can't do whatever the hosts are."""
    problems = plan_problems(WorkloadKind(kind), Operation(operation), Strategy(strategy))
    return _refused_for(problems[0]) if problems else None


def _refuse_workload(workload: Workload) -> SubmitRefused | None:
    if workload.jobs.filter(status__in=MigrationJob.UNSETTLED).exists():
        return SubmitRefused(Code.WORKLOAD_BUSY, workload=workload.name)
    if workload.state != Workload.State.RUNNING:
        return SubmitRefused(
            Code.WORKLOAD_NOT_RUNNING, workload=workload.name, state=workload.state
        )
    return None


def _refuse_target(workload: Workload, target: Host, operation: Operation) -> SubmitRefused | None:
    same = target.pk == workload.host_id
    if operation.one_host and not same:
        return SubmitRefused(Code.TARGET_IS_NOT_SOURCE, host=target.name)
    if same and not operation.one_host:
        return SubmitRefused(Code.TARGET_IS_SOURCE, host=target.name)
    return None


def _refuse_host(host: Host, kind: str, strategy: str, side: Side) -> SubmitRefused | None:
    obstacle = obstacle_on(host, kind, strategy, side)
    return SubmitRefused(obstacle.code, **obstacle.values) if obstacle else None


def _refuse_plan(
    workload: Workload, target: Host, operation: Operation, strategy: Strategy
) -> SubmitRefused | None:
    problem = plan_problem(workload=workload, target=target, operation=operation, strategy=strategy)
    return _refused_for(problem) if problem else None


def _refused_for(problem: Problem) -> SubmitRefused:
    return SubmitRefused(
        problem.code, **{name: str(value) for name, value in problem.values.items()}
    )
