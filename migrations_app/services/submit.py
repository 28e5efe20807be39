"""The web side of the queue: ask for a job, cancel it, ask for the same again."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from migrations_app.adapters import option_problem, plan_problem
from migrations_app.engine.plan import Operation, Strategy, WorkloadKind
from migrations_app.engine.preflight import Problem, plan_problems
from migrations_app.engine.report import Side
from migrations_app.models import Host, IllegalTransition, MigrationJob, Workload

from .codes import Code, SubmitRefused
from .obstacles import obstacle_on
from .options import columns_for
from .queue import Task, send_on_commit


def submit_job(
    *,
    workload: Workload,
    target: Host,
    operation: str,
    strategy: str,
    user: User | None,
    **options: object,
) -> MigrationJob:
    """Queues one job; it runs from where the workload is now. Raises SubmitRefused.

    `options` are those of options.DEFAULTS, each by its name; what is not given is by default.
    """
    refusal = find_refusal(workload=workload, target=target, operation=operation, strategy=strategy)
    if refusal:
        raise refusal
    job = MigrationJob(
        workload=workload,
        source=workload.host,
        target=target,
        operation=Operation(operation),
        strategy=Strategy(strategy),
        created_by=user,
        **columns_for(options, Operation(operation), Strategy(strategy)),
    )
    problem = option_problem(job)
    if problem:
        raise _refused_for(problem)
    return _queue(job)


def _queue(job: MigrationJob) -> MigrationJob:
    try:
        with transaction.atomic():
            job.save()
            send_on_commit(task=Task.RUN_JOB, row_id=job.pk)
    except IntegrityError as error:  # one_unsettled_job_per_workload
        raise SubmitRefused(Code.WORKLOAD_BUSY, workload=job.workload.name) from error
    return job


def cancel_job(*, job: MigrationJob) -> None:
    """Ends a queued job; a running one is asked to stop where it still can.

    Raises SubmitRefused when it has ended already.
    """
    status = MigrationJob.Status
    try:
        job.transition(status.QUEUED, status.CANCELLED, Code.CANCELLED)
    except IllegalTransition as error:
        running = MigrationJob.objects.filter(pk=job.pk, status=status.RUNNING)
        if not running.update(cancel_requested=True):
            raise SubmitRefused(Code.JOB_FINISHED, job=str(job.pk)) from error


def rerun_job(*, job: MigrationJob, user: User | None) -> MigrationJob:
    """The same again, from where the workload is now. Raises SubmitRefused.

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
        **job.options,
    )


def _rerun_target(job: MigrationJob) -> Host:
    here = job.workload.host
    if Operation(job.operation).one_host:
        return here
    return job.source if job.target_id == here.pk else job.target


def find_refusal(
    *, workload: Workload, target: Host, operation: str, strategy: str
) -> SubmitRefused | None:
    """Why this job can't be queued now, or None. Reads what is known; contacts no host."""
    unknown = _refuse_choice(operation, strategy)
    if unknown:
        return unknown
    refusals = find_refusals(workload=workload, target=target, operation=Operation(operation))
    return refusals[Strategy(strategy)]


def find_refusals(
    *, workload: Workload, target: Host, operation: Operation
) -> dict[Strategy, SubmitRefused | None]:
    """The same for every strategy at once, with one query."""
    of_workload = _refuse_workload(workload)
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
