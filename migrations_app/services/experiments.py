"""Experiments from the web side: created, paused, gone on with, cancelled, repeated, extended.

Students change their own ones; what they launch counts against their quota (quota.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from migrations_app.grids import (
    MOST_COOL_DOWN_S,
    MOST_REPETITIONS,
    Cell,
    Grid,
    Role,
    Slot,
    in_order,
    more_rounds,
    parsed,
)
from migrations_app.grids.reading import GridRefused, require_size
from migrations_app.models import Experiment, IllegalTransition, Trial
from migrations_app.models.experiment import NAME_LENGTH
from migrations_app.roles import Person

from .codes import Code, ExperimentRefused, Refused
from .grid_checks import blocked_cells, checked_grid, hosts_of
from .permissions import host_barrier, require_own
from .queue import Task, send_on_commit
from .quota import claim_trials
from .submit import cancel_job

Status = Experiment.Status
MOST_SEED = 2**31 - 1


def create_experiment(
    *,
    name: str,
    grid: Mapping[str, Any],
    user: Person,
    notes: str = "",
    seed: int | None = None,
    cool_down_s: int = 0,
) -> Experiment:
    """An experiment that begins at once; one row for every trial. Raises Refused.

    `grid` as in grids.Grid.to_json, hosts by id; `seed` None: one is drawn, and kept.
    """
    checked = checked_grid(grid)
    barrier = host_barrier(user, *hosts_of(checked).values())
    if barrier:
        raise barrier
    for blocked in blocked_cells(checked, hosts_of(checked)):
        raise blocked.reason
    experiment = Experiment(
        name=_checked_name(name),
        notes=notes,
        grid=checked.to_json(),
        seed=_checked_number("seed", secrets.randbelow(10**6) if seed is None else seed, MOST_SEED),
        cool_down_s=_checked_number("cool_down_s", cool_down_s, MOST_COOL_DOWN_S),
        created_by=user,
    )
    with transaction.atomic():
        claim_trials(user, jobs_of(checked), begins=True)
        experiment.save()
        add_rows(experiment, checked, in_order(checked, experiment.seed), first_position=0)
        _send(experiment)
    return experiment


def jobs_of(grid: Grid) -> int:
    """What counts against a quota: a control run makes no job."""
    counts = grid.counts()
    return counts.jobs - counts.controls


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > NAME_LENGTH:
        raise ExperimentRefused(Code.BAD_EXPERIMENT_NAME)
    return name.strip()


def _checked_number(part: str, value: int, most: int, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ExperimentRefused(
            Code.GRID_NUMBER_OUT_OF_RANGE, part=part, low=f"{least}", high=f"{most}"
        )
    return value


def add_rows(experiment: Experiment, grid: Grid, slots: list[Slot], first_position: int) -> None:
    cells = {role: grid.cells(role) for role in Role}
    Trial.objects.bulk_create(
        _row(experiment, slot, cells[slot.role][slot.cell], first_position + number)
        for number, slot in enumerate(slots)
    )


def _row(experiment: Experiment, slot: Slot, cell: Cell, position: int) -> Trial:
    return Trial(
        experiment=experiment,
        role=Trial.Role(slot.role),
        cell=slot.cell,
        factors=cell.to_json(),
        source_id=cell.source,
        target_id=cell.target,
        repetition=slot.repetition,
        position=position,
    )


def _send(experiment: Experiment) -> None:
    send_on_commit(task=Task.ADVANCE_EXPERIMENT, row_id=experiment.pk)


def edit_experiment(*, experiment: Experiment, name: str, notes: str, user: Person) -> None:
    """Its name and what is written about it. Raises Refused."""
    require_own(user, experiment)
    Experiment.objects.filter(pk=experiment.pk).update(name=_checked_name(name), notes=notes)


def pause_experiment(*, experiment: Experiment, user: Person) -> None:
    """No further trial begins; one under way comes to its end. Raises Refused."""
    require_own(user, experiment)
    try:
        experiment.transition(Status.RUNNING, Status.PAUSED, Code.ASKED_FOR)
    except IllegalTransition as error:
        raise _refused(Code.EXPERIMENT_NOT_RUNNING, experiment) from error


def resume_experiment(*, experiment: Experiment, user: Person) -> None:
    """Goes on with the next trial. Raises Refused."""
    require_own(user, experiment)
    try:
        with transaction.atomic():
            claim_trials(user, 0, begins=experiment.status == Status.PAUSED)
            experiment.transition(Status.PAUSED, Status.RUNNING, Code.ASKED_FOR)
            _send(experiment)
    except IllegalTransition as error:
        raise _refused(Code.EXPERIMENT_NOT_PAUSED, experiment) from error


def cancel_experiment(*, experiment: Experiment, user: Person) -> None:
    """Trials that wait are cancelled, one under way is asked to stop. Raises Refused."""
    require_own(user, experiment)
    with transaction.atomic():
        _end(experiment)
        waiting = experiment.trials.filter(state=Trial.State.WAITING)
        waiting.update(
            state=Trial.State.DONE, outcome=Trial.Outcome.CANCELLED, finished_at=timezone.now()
        )
        _send(experiment)
    for trial in experiment.trials.filter(state=Trial.State.RUNNING).exclude(job=None):
        _cancel_job_of(trial)


def _end(experiment: Experiment) -> None:
    for status in (Status.RUNNING, Status.PAUSED):
        try:
            experiment.transition(status, Status.CANCELLED, Code.CANCELLED)
        except IllegalTransition:
            continue
        return
    raise _refused(Code.EXPERIMENT_OVER, experiment)


def _cancel_job_of(trial: Trial) -> None:
    if trial.job is None:
        return
    try:
        cancel_job(job=trial.job, user=None)
    except Refused:
        return  # it has ended meanwhile


def rerun_failed(*, experiment: Experiment, user: Person) -> int:
    """Every failed trial waits for another attempt; how many. Raises Refused.

    The attempt that failed stays in the trial's `former`, and is counted for good.
    """
    require_own(user, experiment)
    with transaction.atomic():
        failed = experiment.trials.filter(
            state=Trial.State.DONE, outcome=Trial.Outcome.FAILED
        ).select_related("job")
        jobs = failed.exclude(role=Trial.Role.CONTROL).count()
        claim_trials(user, jobs, begins=_has_finished(experiment))
        count = sum(_repeated(trial) for trial in failed)
        if not count:
            raise _refused(Code.NOTHING_FAILED, experiment)
        _go_on(experiment, Code.TRIALS_AGAIN)
    return count


def _repeated(trial: Trial) -> bool:
    code = trial.error_code or (trial.job.error_code if trial.job else "")
    former = [*trial.former, {"job": trial.job_id, "error_code": code}]
    try:
        trial.move(
            Trial.State.DONE,
            Trial.State.WAITING,
            former=former,
            outcome="",
            job=None,
            workload=None,
            result=None,
            error_code="",
            error_values={},
            started_at=None,
            finished_at=None,
        )
    except IllegalTransition:
        return False  # somebody else has just asked for the same
    return True


def add_trials(*, experiment: Experiment, trials: int, user: Person) -> int:
    """So many more trials of every cell; how many rows that made. Raises Refused."""
    require_own(user, experiment)
    _checked_number("trials", trials, MOST_REPETITIONS, least=1)
    with transaction.atomic():
        kept = Experiment.objects.select_for_update().get(pk=experiment.pk)
        before = parsed(kept.grid)
        more = replace(before, trials=before.trials + trials)
        try:
            require_size(more.counts())
        except GridRefused as error:
            raise ExperimentRefused(error.code, **error.values) from error
        # Its control runs are all there: of these rounds only trials are new.
        slots = more_rounds(replace(more, controls=0), kept.seed, before.trials + 1, more.trials)
        claim_trials(user, len(slots), begins=_has_finished(experiment))
        last = kept.trials.aggregate(last=Max("position"))["last"]
        add_rows(kept, more, slots, first_position=last + 1)
        Experiment.objects.filter(pk=kept.pk).update(grid=more.to_json())
        _go_on(experiment, Code.TRIALS_ADDED)
    return len(slots)


def _has_finished(experiment: Experiment) -> bool:
    return Experiment.objects.filter(pk=experiment.pk, status=Status.FINISHED).exists()


def _go_on(experiment: Experiment, reason: Code) -> None:
    """A finished one runs again; one that runs or is paused stays so; a cancelled one refuses."""
    status = Experiment.objects.values_list("status", flat=True).get(pk=experiment.pk)
    if status == Status.CANCELLED:
        raise _refused(Code.EXPERIMENT_OVER, experiment)
    if status == Status.FINISHED:
        experiment.transition(Status.FINISHED, Status.RUNNING, reason)
    _send(experiment)


def _refused(code: Code, experiment: Experiment) -> ExperimentRefused:
    return ExperimentRefused(code, experiment=experiment.name)
