"""One migration from plan to report: order of phases, the point of no return, the way back."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .clocks import HostClock, between
from .diagnosis import diagnose, evidence_of
from .errors import EngineError, HostError, WorkloadEnded
from .events import Event, Observer
from .host_problems import host_problems
from .hosts.base import Host
from .known import known
from .link import restore_link, shape_link
from .look import look_at_workload
from .outside import Outside, judged
from .plan import MigrationPlan
from .preflight import option_problems, pair_problems, plan_problems, refuse
from .problems import Problem, Severity
from .proof import prove
from .report import Failure, Metrics, Outcome, PhaseName, Proof, Report, Side
from .run import Run
from .settlement import (
    by_target_alone,
    clean_up,
    leave_for_later,
    release,
    settle,
    stays_on_target,
)
from .strategies import STRATEGIES
from .timeline import Timeline
from .version import VERSION
from .workloads import KINDS
from .workloads.base import Subject

# A dozen calls of CRIU and Docker: a second on most hosts, minutes on one that is emulated.
FACTS_S = 240.0
LOST, SILENT = "target-lost", "target-silent"
# Refusals that say that the workload does not run where it should.
NOT_THERE = ("workload-absent", "workload-not-running")


def _never() -> bool:
    return False


def _deaf(_: Event) -> None:
    """An observer that does not listen."""


@dataclass
class _Ending:
    """What is known of the end while it comes about."""

    outcome: Outcome = Outcome.SUCCEEDED
    proof: Proof | None = None
    error: Failure | None = None
    side: Side | None = Side.SOURCE


def migrate(
    plan: MigrationPlan,
    source: Host,
    target: Host,
    observer: Observer,
    *,
    cancelled: Callable[[], bool] = _never,
    outside: Outside | None = None,
) -> Report:
    """Carry out the plan between two connected hosts; the same host twice for one-host operations.

    Never raises EngineError: what failed stands in the report, with where the workload is now.
    `cancelled` is asked before pre-copy rounds and right before the workload is frozen for good;
    later there is no way out that would be cheaper than the end. `outside`: a client of the
    workload on another host, whose view goes into the report.
    """
    hosts = {Side.SOURCE: source, Side.TARGET: target}
    run = Run(plan, hosts, Timeline(observer), cancelled)
    started_at = datetime.datetime.now(datetime.UTC)
    subject = KINDS[plan.workload.kind](run)
    ending = _Ending()
    if _prepared(run, subject, ending):
        if outside is not None:
            outside.begin(run, subject.address())
        if _moved(run, subject, ending):
            _prove(run, subject, ending)
        if outside is not None:
            _judge(run, outside, ending)
    _clean(run, subject, ending)
    return _report(run, subject, ending, started_at)


def settle_job(
    plan: MigrationPlan,
    source: Host,
    target: Host,
    observer: Observer = _deaf,
    *,
    target_given_up: bool = False,
) -> Report:
    """After a crash of the controller: ask the hosts what is true, and bring the job to its end.

    The workload goes on where it is; where it is frozen, on the source; the outcome is
    `succeeded` when the target runs it, `failed` when the source does, and `in_doubt` when that
    can't be known, because a host is silent. `known` then says what either could tell.

    target_given_up: a person takes it upon themselves that a target that says nothing does not run
    it. One that does say that it runs it is believed all the same.
    """
    run = Run(plan, {Side.SOURCE: source, Side.TARGET: target}, Timeline(observer))
    run.target_given_up = target_given_up
    # For all that we know:
    run.restore_asked, run.pages_pending = True, plan.strategy.lazy
    started_at = datetime.datetime.now(datetime.UTC)
    subject, ending = KINDS[plan.workload.kind](run), _Ending()
    try:
        run.measure_clocks_that_answer()
        _settled_by_journals(run, subject, ending)
    except EngineError as error:
        _fail(ending, error, None, None, Outcome.IN_DOUBT)
    if ending.outcome is Outcome.IN_DOUBT:
        run.known = known(run, subject)
    _clean(run, subject, ending)
    return _report(run, subject, ending, started_at)


def _settled_by_journals(run: Run, subject: Subject, ending: _Ending) -> None:
    try:
        subject.recall()
    except HostError as error:
        _settled_by_target(run, subject, ending, error)
        return
    cause = EngineError("the worker that carried out this job is gone", code="worker-lost")
    if run.target_given_up:
        cause = EngineError("the target is not waited for any more", code="settled-by-hand")
    _settled(run, subject, ending, cause)


def _settled_by_target(run: Run, subject: Subject, ending: _Ending, silence: HostError) -> None:
    """The source can't be asked: only a target that runs it whole settles this."""
    ending.side = None if run.one_host else by_target_alone(run, subject)
    if ending.side is None:
        raise silence
    leave_for_later(run, Side.SOURCE, "source-not-released", silence)


def _prepared(run: Run, subject: Subject, ending: _Ending) -> bool:
    """Everything that can be known and done while the workload runs."""
    try:
        with run.timeline.phase(PhaseName.PREPARE, Side.SOURCE):
            run.measure_clocks()
            check_hosts(run)
            look_at_workload(run)
            shape_link(run)
            subject.prepare()
            run.refuse_if_cancelled()
    except EngineError as error:
        side = None if error.code in NOT_THERE else Side.SOURCE
        _fail(ending, error, side, PhaseName.PREPARE)
        return False
    return True


def check_hosts(run: Run) -> None:
    """Refuse what the hosts can't do, and keep their facts. Raises NotPossible."""
    kind, strategy = run.plan.workload.kind, run.plan.strategy
    refuse(plan_problems(kind, run.plan.operation, strategy), kind, strategy)
    for side in run.sides:
        run.facts[side] = collect_facts(run.hosts[side])
        problems = host_problems(run.facts[side])
        refuse(problems, kind, strategy, None if run.one_host else side, run.hosts[side].name)
        run.warnings += _warnings(problems, side)
    if not run.one_host:
        facts = run.facts[Side.SOURCE], run.facts[Side.TARGET]
        refuse(pair_problems(*facts) + option_problems(run.plan, *facts), kind, strategy)


def _warnings(problems: list[Problem], side: Side) -> list[str]:
    return [f"{side}: {one.code}" for one in problems if one.severity is Severity.WARN]


def collect_facts(host: Host) -> dict[str, Any]:
    """What the host is and has; see hostside/facts.py for the keys. Raises EngineError."""
    return host.ask("facts", {}, timeout_s=FACTS_S).result


def _moved(run: Run, subject: Subject, ending: _Ending) -> bool:
    """The strategy, or the way back; whether the workload runs where it should."""
    try:
        STRATEGIES[run.plan.strategy](run, subject)
    except EngineError as error:
        return _settled(run, subject, ending, error)
    except Exception as error:  # noqa: BLE001  a fault of ours must not leave a workload frozen
        fault = EngineError(f"{type(error).__name__}: {error}", code="engine-fault")
        return _settled(run, subject, ending, fault)
    ending.side = Side.TARGET
    return True


def _settled(run: Run, subject: Subject, ending: _Ending, cause: EngineError) -> bool:
    phase = run.timeline.phases[-1].name if run.timeline.phases else None
    try:
        side = settle(run, subject)
    except WorkloadEnded as error:
        error.log_excerpt = cause.log_excerpt or cause.message
        _fail(ending, error, None, phase)
        return False
    except EngineError as error:
        run.warnings.append(f"rollback-failed: {error.message}")
        _fail(ending, cause, None, phase, Outcome.IN_DOUBT)
        return False
    if side is Side.TARGET:  # only the answer was lost
        run.warnings.append(f"answer-lost: {cause.message}")
        ending.side = Side.TARGET
        return True
    _fail(ending, cause, side, phase, Outcome.IN_DOUBT if side is None else Outcome.FAILED)
    return False


def _fail(
    ending: _Ending,
    error: EngineError,
    side: Side | None,
    phase: PhaseName | None,
    outcome: Outcome = Outcome.FAILED,
) -> None:
    ending.outcome, ending.side = outcome, side
    ending.error = Failure(
        error.code, error.message, error.log_excerpt, None if side is None else str(side), phase
    )


def _prove(run: Run, subject: Subject, ending: _Ending) -> None:
    """After the point of no return: a proof that fails is told, the workload stays.

    One that could not be read says nothing, neither of the workload nor of the hosts' versions.
    """
    try:
        with run.timeline.phase(PhaseName.VERIFY, Side.TARGET):
            ending.proof = prove(run, subject)
    except EngineError as error:
        detail = f"could not be read: {error.message}"
        ending.proof = Proof(str(run.plan.proof), None, detail)
        unread = EngineError(detail, code="proof-unread")
        _fail(ending, unread, Side.TARGET, PhaseName.VERIFY)
    if ending.proof.passed is False:
        failed = EngineError(ending.proof.detail, code="proof-failed")
        _fail(ending, failed, Side.TARGET, PhaseName.VERIFY)


def _looked(run: Run, subject: Subject, ending: _Ending) -> bool:
    """Last look before the original goes; False: the job is in doubt now.

    If what was restored was lost since, the original goes on from its freeze; what the lost one did
    meanwhile is gone.
    """
    if run.one_host or run.plan.leave_running:
        return True
    try:
        if stays_on_target(run, subject):
            return True
    except EngineError as error:
        silent = EngineError(f"whether it still runs is not known: {error.message}", code=SILENT)
        _fail(ending, silent, None, PhaseName.VERIFY, Outcome.IN_DOUBT)
        return False
    lost = EngineError("it ended on the target before its original was removed", code=LOST)
    ending.proof = None  # of something that is no more, and it has stood still until now
    for name in ("stop_time_ms", "observed_gap_ms"):
        run.metrics.pop(name, None)
    run.stop_window = None
    _settled(run, subject, ending, lost)
    return ending.outcome is not Outcome.IN_DOUBT


def _judge(run: Run, outside: Outside, ending: _Ending) -> None:
    """What the client outside saw; what it lost is no success, wherever the workload is."""
    run.client = outside.end(run)
    if run.client is None or ending.proof is None:
        return
    ending.proof = judged(ending.proof, run.client)
    if ending.proof.passed is False and ending.error is None:
        failed = EngineError(ending.proof.detail, code="proof-failed")
        _fail(ending, failed, Side.TARGET, PhaseName.VERIFY)


def _clean(run: Run, subject: Subject, ending: _Ending) -> None:
    """Remove what the run needed; in doubt the link alone, since settlement needs the rest."""
    restore_link(run)
    if ending.outcome is Outcome.IN_DOUBT:
        return
    with run.timeline.phase(PhaseName.CLEAN_UP, Side.SOURCE):
        if ending.side is Side.TARGET and not _looked(run, subject, ending):
            return
        if ending.side is Side.TARGET and run.plan.keep_images and run.plan.strategy.by_hand_over:
            _keep_images(run)
        if ending.side is not None:
            _settle_on(run, subject, ending.side)
        if ending.side is Side.TARGET:
            release(run, subject)
        clean_up(run, run.sides, ending.side)


def _settle_on(run: Run, subject: Subject, side: Side) -> None:
    try:
        subject.settle_on(side)
    except EngineError as error:
        run.warnings.append(f"restart-policy-unknown: {error.message}")


def _keep_images(run: Run) -> None:
    try:
        kept = run.ask(Side.TARGET, PhaseName.CLEAN_UP, "hand_over_keep", memory=True)
    except EngineError as error:
        run.warnings.append(f"images-not-kept: {error.message}")
        return
    run.kept_images = {"side": str(Side.TARGET), **kept}
    if run.plan.strategy.lazy:
        run.warnings.append("kept-image-without-pages")


def _report(run: Run, subject: Subject, ending: _Ending, started_at: datetime.datetime) -> Report:
    clocks = run.timeline.clocks
    if run.timeline.observer_fault:
        run.warnings.append(f"observer-failed: {run.timeline.observer_fault!r}")
    run.metrics["total_time_ms"] = run.timeline.now_ms()
    return Report(
        outcome=ending.outcome,
        kind=str(run.plan.workload.kind),
        strategy=str(run.plan.strategy),
        operation=str(run.plan.operation),
        job_id=run.job,
        started_at=started_at.isoformat(),
        metrics=Metrics(**run.metrics),  # type: ignore[arg-type]
        phases=tuple(sorted(run.timeline.phases, key=lambda phase: phase.start_ms)),
        proof=ending.proof,
        environment=_environment(run),
        workload_after=_workload_after(subject, ending),
        commands=tuple(run.timeline.commands),
        logs=tuple(run.logs),
        clock=None if run.one_host or len(clocks) < 2 else between(*clocks_of(run)),
        error=_explained(run, ending),
        warnings=tuple(run.warnings),
        options=run.plan.options(),
        rounds=tuple(run.rounds),
        rounds_ended_by=run.rounds_ended_by,
        stop_window=run.stop_window,
        kept_images=run.kept_images,
        along=run.along or None,
        client=run.client,
        left_on=tuple(run.left_on),
        known=run.known,
        checks=tuple(run.checks),
    )


def _explained(run: Run, ending: _Ending) -> Failure | None:
    """The failure with its cause, as far as the tools' own words show one."""
    if ending.error is None:
        return None
    target = run.facts.get(Side.SOURCE if run.one_host else Side.TARGET)
    evidence = evidence_of(ending.error, run.logs, ending.proof, target)
    return dataclasses.replace(ending.error, cause=diagnose(evidence))


def clocks_of(run: Run) -> tuple[HostClock, HostClock]:
    return run.timeline.clocks[Side.SOURCE], run.timeline.clocks[Side.TARGET]


def _environment(run: Run) -> Mapping[str, Any]:
    source = run.facts.get(Side.SOURCE)
    return {
        "source": source,
        "target": source if run.one_host else run.facts.get(Side.TARGET),
        "engine_version": VERSION,
        "encrypted": None if run.one_host else run.plan.encrypted,
        "link_shaping": {str(side): told for side, told in run.link.items()} or None,
    }


def _workload_after(subject: Subject, ending: _Ending) -> Mapping[str, Any] | None:
    if ending.side is None:
        return None
    ref = subject.after(ending.side)
    return {"kind": str(ref.kind), "name": ref.name, "pid": ref.pid, "side": str(ending.side)}
