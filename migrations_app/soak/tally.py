"""What a soak counts, and how it is told."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrations_app.engine import Outcome, Strategy, WorkloadKind

from .moves import Move
from .samples import Sample, trends


@dataclass
class Tally:
    moves: list[tuple[WorkloadKind, Strategy, str | None, Move]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    unprovoked: list[str] = field(default_factory=list)  # failed though nothing was broken
    samples: list[Sample] = field(default_factory=list)

    def add(self, kind: WorkloadKind, strategy: Strategy, fault: str | None, move: Move) -> None:
        self.moves.append((kind, strategy, fault, move))
        words = f"{kind}, {strategy}: {move.code or 'no proof'}"
        if move.outcome is Outcome.SUCCEEDED and not move.proven:
            self.not_proven.append(words)
        if move.outcome is not Outcome.SUCCEEDED and fault is None:
            self.unprovoked.append(f"{words}: {move.message}")

    @property
    def flat(self) -> bool:
        return all(trend.flat for trend in trends(self.samples))

    @property
    def good(self) -> bool:
        return not (self.lost or self.left or self.not_proven) and self.flat


def told(tally: Tally) -> str:
    """The end of a soak: counts, times, what was lost or left, memory and descriptors."""
    return "\n".join([*_counts(tally), "", *_by_strategy(tally), "", *_memory(tally)])


def _counts(tally: Tally) -> Iterable[str]:
    moves = [move for *_, move in tally.moves]
    moved = sum(move.outcome is Outcome.SUCCEEDED for move in moves)
    faults = Counter(fault for _, _, fault, _ in tally.moves if fault)
    yield f"{len(moves)} migrations: {moved} moved, {len(moves) - moved} went back"
    yield f"{sum(move.proven for move in moves)} proofs, {len(tally.not_proven)} missing"
    yield f"{sum(faults.values())} faults, {sum(move.settled for move in moves)} times in doubt"
    yield f"{len(tally.lost)} lost, {len(tally.left)} things left behind"
    for title, lines in (
        ("lost", tally.lost),
        ("left", tally.left),
        ("not proven", tally.not_proven),
        ("failed with nothing broken", tally.unprovoked),
    ):
        yield from (f"  {title}: {line}" for line in lines)


def _by_strategy(tally: Tally) -> Iterable[str]:
    yield "| kind | strategy | moved | went back | stop time, ms (median, longest) |"
    yield "| --- | --- | --: | --: | --: |"
    for kind in WorkloadKind:
        for strategy in Strategy:
            moves = [move for k, s, _, move in tally.moves if (k, s) == (kind, strategy)]
            if moves:
                yield _row(kind, strategy, moves)


def _row(kind: WorkloadKind, strategy: Strategy, moves: list[Move]) -> str:
    moved = [move for move in moves if move.outcome is Outcome.SUCCEEDED]
    times = [move.stop_ms for move in moved if move.stop_ms is not None]
    figure = f"{statistics.median(times):.0f}, {max(times):.0f}" if times else "–"
    return f"| {kind} | {strategy} | {len(moved)} | {len(moves) - len(moved)} | {figure} |"


def _memory(tally: Tally) -> Iterable[str]:
    yield "| | memory, MiB (first, last quarter) | descriptors (first, last quarter) | |"
    yield "| --- | --: | --: | --- |"
    for trend in trends(tally.samples):
        kib = ", ".join(f"{value / 1024:.1f}" for value in trend.kib)
        files = ", ".join(f"{value:.0f}" for value in trend.descriptors)
        yield f"| {trend.name} | {kib} | {files} | {'flat' if trend.flat else '**grows**'} |"
