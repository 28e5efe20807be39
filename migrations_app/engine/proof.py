"""Proof of a run: reads what the workload wrote before and after, and judges it (verify)."""

from __future__ import annotations

import time
from dataclasses import replace

from .clocks import between
from .plan import ProofKind
from .report import Proof, Side
from .run import Run
from .verify import (
    LINES_WANTED,
    Line,
    memory_check,
    numbered,
    observed_gap_ms,
    sequence_proof,
)
from .workloads.base import Subject

CHECKED = {  # by the workload itself, when it is asked; what it has checked
    ProofKind.MEMORY: "pages",
    ProofKind.SELF_TEST: "things",
}
LINES_BEFORE = 50
LINES_AFTER = 20_000
LOOK_AGAIN_S = 0.05


def prove(run: Run, subject: Subject) -> Proof:
    """Of the workload itself, and of the files that came along."""
    proof = _prove_workload(run, subject)
    subject.check_files()
    found = run.along.get("check")
    if found is None:
        return proof
    if found["wrong"]:
        words = f"{proof.detail}; not the same as on the source: {', '.join(found['wrong'])}"
        return replace(proof, passed=False, detail=words)
    if proof.passed is False:
        return proof
    return replace(proof, detail=f"{proof.detail}; {found['same']} files with the same checksums")


def _prove_workload(run: Run, subject: Subject) -> Proof:
    """Wait until the workload has shown that it goes on, or has had its time to."""
    kind = run.plan.workload.kind
    if run.plan.proof is ProofKind.NONE:
        return Proof("none", None, "nothing is known of this workload that could prove it")
    if run.plan.proof is ProofKind.CLIENT:  # outside.judged has the last word
        return Proof("client", None, "no client outside could look, and only one could tell")
    after = _wait_for_lines(run, subject)
    before = numbered(subject.output_before(LINES_BEFORE), kind)
    gap_ms = observed_gap_ms(before, after, _wall_offset_ms(run))
    if gap_ms is not None:
        run.metrics["observed_gap_ms"] = gap_ms
    proof = sequence_proof(run.plan.proof, before, after)
    if proof.passed and run.plan.proof in CHECKED:
        return _checked_proof(run, subject, proof, after[-1].number)
    return proof


def _wait_for_lines(run: Run, subject: Subject) -> list[Line]:
    """What the workload wrote since; waits until that is enough, or the limit is over.

    Its first lines: hosts may have been silent meanwhile for longer than any log is read back.
    """
    kind, deadline = run.plan.workload.kind, time.monotonic() + run.plan.limits.proof_s
    while True:
        lines = numbered(subject.output_after(LINES_AFTER, first=True), kind)
        if len(lines) >= LINES_WANTED or time.monotonic() > deadline:
            return lines
        time.sleep(LOOK_AGAIN_S)


def _checked_proof(run: Run, subject: Subject, sequence: Proof, after: int) -> Proof:
    """The sequence held; now the workload compares what it has with what it should have."""
    what = CHECKED[run.plan.proof]
    deadline = time.monotonic() + run.plan.limits.proof_s
    subject.ask_for_check()
    while time.monotonic() < deadline:
        raw = subject.output_after(LINES_AFTER)
        check = memory_check(raw, run.plan.workload.kind, after=after)
        if check:
            words = f"{sequence.detail}; {check.pages} {what} checked, {check.bad} wrong"
            return replace(sequence, passed=check.ok, detail=words)
        time.sleep(LOOK_AGAIN_S)
    words = f"{sequence.detail}; its check of its {what} did not end in time"
    return replace(sequence, passed=False, detail=words)


def _wall_offset_ms(run: Run) -> float:
    clocks = run.timeline.clocks
    return between(clocks[Side.SOURCE], clocks[Side.TARGET]).wall_offset_ms
