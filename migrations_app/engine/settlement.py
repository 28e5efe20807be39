"""Alive on exactly one host, whatever failed: the way back, and the way out of doubt.

Before the target was asked to restore, the source may go on at once. After that it may only when
the target has said, or can be asked, that it does not run the workload and will not.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import EngineError, HostError, StepFailed, WorkloadEnded
from .report import PhaseName, Side
from .run import Run
from .workloads.base import Subject

ASK_AGAIN_S = 0.5
# Warnings that are true no more once the host has removed it after all.
NOT_REMOVED = {Side.SOURCE: "source-not-released", Side.TARGET: "target-not-cleaned"}


def settle(run: Run, subject: Subject) -> Side | None:
    """Where the workload runs when this returns; None: it is in doubt, and was left frozen.

    Raises EngineError when the source cannot let it go on: then it runs nowhere, its image is
    kept on the source, and the error says why.
    """
    with run.timeline.phase(PhaseName.ROLLBACK, Side.SOURCE):
        try:
            run.ask(Side.SOURCE, PhaseName.ROLLBACK, "dump_ended", memory=True)
        except HostError:
            return None if run.one_host else by_target_alone(run, subject)
        run.pages_pending = _pages_pending(run)
        if _runs_in_place(run, subject):
            return Side.SOURCE
        if not run.one_host and not _target_is_off(run, subject):
            return _where_in_doubt(run, subject)
        if run.one_host and not subject.in_place and subject.on_target():
            return Side.TARGET  # a clone that came up although its answer was lost
        if run.one_host:
            _discard_quietly(run, subject)
        if not subject.on_source():
            _resume(run, subject)
        return Side.SOURCE


def _resume(run: Run, subject: Subject) -> None:
    """Raises WorkloadEnded when there is nothing that could go on."""
    if not subject.frozen_on_source():
        journal = run.ask(Side.SOURCE, PhaseName.ROLLBACK, "journal")
        if not journal["has_image"] and journal.get("dump_unheard"):
            raise StepFailed("Docker may still be writing the image", code="still-under-way")
        if not journal["has_image"]:
            raise WorkloadEnded("the workload ended by itself before its image was written")
    subject.resume_source()


def _runs_in_place(run: Run, subject: Subject) -> bool:
    return run.one_host and subject.in_place and subject.on_source()


def _target_is_off(run: Run, subject: Subject) -> bool:
    """Whether the target surely does not run it, after having made sure of that."""
    asked = _was_asked(run)
    try:
        # With pages missing it cannot stay there, running or not.
        if asked and not run.pages_pending and subject.on_target():
            return False
        subject.discard_target()
    except EngineError as error:
        leave_for_later(run, Side.TARGET, "target-not-cleaned", error)
        return not asked or run.target_given_up
    return True


def _pages_pending(run: Run) -> bool:
    """Whether pages were still to follow when this was left, by the hosts' journals."""
    if not run.plan.strategy.lazy:
        return False
    journal = run.ask(Side.SOURCE, PhaseName.ROLLBACK, "journal")
    if not journal.get("lazy") or journal.get("pages_done", False):
        return False
    try:  # the target knows first, and its word may have been lost
        there = run.ask(Side.TARGET, PhaseName.ROLLBACK, "journal")
    except EngineError:
        return True
    # Cleaned up already, it had come to its end: whether it runs there is asked next.
    return not _is_unknown(there) and not there.get("pages_done", False)


def _was_asked(run: Run) -> bool:
    """Whether the target may have been asked to restore: the source's journal may know better."""
    if not run.restore_asked or not run.plan.strategy.by_hand_over:
        return run.restore_asked
    journal = run.ask(Side.SOURCE, PhaseName.ROLLBACK, "journal")
    return bool(journal.get("asked", _is_unknown(journal)))


def _where_in_doubt(run: Run, subject: Subject) -> Side | None:
    if run.pages_pending:  # it may run there, and cannot go on
        return None
    try:
        return Side.TARGET if subject.on_target() else None
    except EngineError:
        return None


def by_target_alone(run: Run, subject: Subject) -> Side | None:
    """With a source that is silent: the target, where it knows of this job, runs it and has it all.

    Its name alone says nothing: somebody else's may run there under it.
    """
    try:
        journal = run.ask(Side.TARGET, PhaseName.ROLLBACK, "journal")
        whole = not run.pages_pending or journal.get("pages_done", False)
        knows = not _is_unknown(journal)
        return Side.TARGET if knows and whole and subject.on_target() else None
    except EngineError:
        return None


def _is_unknown(journal: Mapping[str, Any]) -> bool:
    """Nothing is known of this job there: not begun, or at its end and cleaned up already."""
    return set(journal) <= {"has_image"}


def _discard_quietly(run: Run, subject: Subject) -> None:
    try:
        subject.discard_target()
    except HostError:
        raise
    except EngineError as error:
        leave_for_later(run, Side.TARGET, "target-not-cleaned", error)


def leave_for_later(run: Run, side: Side, code: str, error: EngineError) -> None:
    """Something of the run stays on a host; a warning says why."""
    run.warnings.append(f"{code}: {error.message}")
    if side not in run.left_on:
        run.left_on.append(side)


def stays_on_target(run: Run, subject: Subject) -> bool:
    """Whether it is still where it was restored: asked right before its original is removed.

    A host that can't say is waited for: Docker that is started again ends what it ran before.
    Raises EngineError when nothing was said within the limit of the proof.
    """
    deadline = time.monotonic() + run.plan.limits.proof_s
    while True:
        try:
            return not subject.gone_from_target()
        except EngineError:
            if time.monotonic() > deadline:
                raise
        time.sleep(ASK_AGAIN_S)


def release(run: Run, subject: Subject) -> None:
    """Remove the original; where that can't be done now, its journal stays for later."""
    if Side.SOURCE in run.left_on:
        return  # it goes by its identity, with the clean-up
    try:
        subject.release_source()
    except EngineError as error:
        leave_for_later(run, Side.SOURCE, "source-not-released", error)


def clean_up(run: Run, sides: Iterable[Side], ended_on: Side | None) -> None:
    """Remove what the job left on these hosts; what could not be removed is a warning.

    Where something could not be removed before, the host tries once more, by its journal. A program
    that stands still may do so when it goes on, whenever that is: see hostside/left.py.
    """
    for side in sides:
        try:
            if side in run.left_on:
                _remove_left(run, side, ended_on)
            else:
                run.ask(side, PhaseName.CLEAN_UP, "clean_up")
        except EngineError as error:
            leave_for_later(run, side, f"{side}-not-cleaned", error)


def _remove_left(run: Run, side: Side, ended_on: Side | None) -> None:
    here = run.one_host or ended_on in (side, None)
    told = run.ask(
        side,
        PhaseName.CLEAN_UP,
        "left_remove",
        half=str(side),
        ended_here=here,
        copied=run.plan.leave_running,
    )
    run.left_on.remove(side)
    over = f"{NOT_REMOVED[side]}:"
    run.warnings[:] = [said for said in run.warnings if not said.startswith(over)]
    if told["kept"]:
        run.warnings.append(f"source-volumes-kept: {', '.join(told['kept'])}")
