"""How much a student may have running: the site's numbers, or their own (models/account.py).

An experiment claims its places when it is launched: all its jobs of the day's, and one of those at
once. Its trials then claim nothing; where the places of the moment are taken they wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from migrations_app.models import Account, Experiment, MigrationJob, Trial, Workload
from migrations_app.models.experiment_states import UNDER_WAY
from migrations_app.roles import Person, teaches

from .codes import Code, Forbidden

DAY = timedelta(hours=24)
GONE = (Workload.State.REMOVED, Workload.State.REMOVING)
NOT_OVER = (Experiment.Status.RUNNING, Experiment.Status.PAUSED)
BEFORE_ITS_JOB = (Trial.State.WAITING, Trial.State.STARTING)


@dataclass(frozen=True)
class Allowance:
    """One limit and how much of it is used."""

    code: Code
    limit: int
    used: int

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.limit

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def job_allowances(user: User) -> list[Allowance]:
    """At once, and in the last 24 hours; both with what experiments will still launch."""
    mine = MigrationJob.objects.filter(created_by=user)
    at_once = mine.filter(status__in=MigrationJob.UNSETTLED).count() + _between_trials(user)
    today = mine.filter(created_at__gt=timezone.now() - DAY).count() + _jobs_to_come(user)
    return [
        Allowance(Code.TOO_MANY_JOBS, limit_of(user, "jobs_at_once"), at_once),
        Allowance(Code.TOO_MANY_JOBS_TODAY, limit_of(user, "jobs_per_day"), today),
    ]


def _between_trials(user: User) -> int:
    """Experiments that run and have no job at this moment: each keeps a place for its next one."""
    running = Experiment.objects.filter(created_by=user, status=Experiment.Status.RUNNING)
    return running.exclude(trials__job__status__in=MigrationJob.UNSETTLED).count()


def _jobs_to_come(user: User) -> int:
    """Of experiments that are not over; a control run makes no job."""
    planned = Trial.objects.filter(
        experiment__created_by=user, experiment__status__in=NOT_OVER, state__in=BEFORE_ITS_JOB
    )
    return planned.exclude(role=Trial.Role.CONTROL).count()


def workload_allowance(user: User) -> Allowance:
    """Workloads of trials are not counted: each lives for its trial, on hosts that it has alone."""
    there = Workload.objects.filter(created_by=user, trials=None).exclude(state__in=GONE).count()
    return Allowance(Code.TOO_MANY_WORKLOADS, limit_of(user, "workloads_at_once"), there)


def limit_of(user: User, name: str) -> int:
    own: int | None = (
        Account.objects.filter(user=user).values_list(name, flat=True).first()  # no row: None
    )
    return int(settings.STUDENT_QUOTA[name]) if own is None else own


def claim_job(user: Person) -> None:
    """Within the transaction that makes the job. Raises Forbidden where the quota is used up."""
    if user is None or teaches(user):
        return
    _one_at_a_time(user)
    _refuse_the_first(job_allowances(user))


def claim_trials(user: Person, jobs: int, *, begins: bool) -> None:
    """Within the transaction that makes them wait. Raises Forbidden; see trials_barrier."""
    if user is None or teaches(user):
        return
    _one_at_a_time(user)
    barrier = trials_barrier(user, jobs, begins=begins)
    if barrier:
        raise barrier


def trials_barrier(user: Person, jobs: int, *, begins: bool = True) -> Forbidden | None:
    """Why this person may not have so many more jobs of an experiment, or None.

    `begins`: an experiment that does not run yet, which takes a place among those at once.
    """
    if user is None or teaches(user):
        return None
    at_once, today = job_allowances(user)
    if begins and at_once.is_used_up:
        return Forbidden(at_once.code, limit=str(at_once.limit))
    if jobs <= today.left:
        return None
    numbers = {"trials": jobs, "left": today.left, "limit": today.limit}
    told = {name: str(value) for name, value in numbers.items()}
    return Forbidden(Code.TOO_MANY_TRIALS_TODAY, **told)


def has_to_wait(user: Person) -> bool:
    """Whether another trial of this person would be one more at a time than they may have."""
    if user is None or teaches(user):
        return False
    trials = Trial.objects.filter(experiment__created_by=user, state__in=UNDER_WAY).count()
    single = MigrationJob.objects.filter(created_by=user, trial=None)
    unsettled = single.filter(status__in=MigrationJob.UNSETTLED).count()
    return trials + unsettled >= limit_of(user, "jobs_at_once")


def claim_workload(user: Person) -> None:
    if user is None or teaches(user):
        return
    _one_at_a_time(user)
    _refuse_the_first([workload_allowance(user)])


def _one_at_a_time(user: User) -> None:
    """Of two requests of one person the second counts what the first made."""
    User.objects.select_for_update().get(pk=user.pk)


def _refuse_the_first(allowances: list[Allowance]) -> None:
    for allowance in allowances:
        if allowance.is_used_up:
            raise Forbidden(allowance.code, limit=str(allowance.limit))
