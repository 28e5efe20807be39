"""In which order trials run: interleaved, by a seed that is kept."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass

from .grid import Grid, Role


@dataclass(frozen=True)
class Slot:
    """A trial's place in the order: which cell, the how-manieth of it (from 1)."""

    role: Role
    cell: int  # its number among the cells of its role
    repetition: int


def in_order(grid: Grid, seed: int) -> list[Slot]:
    """Warm-ups first; then rounds: the first trial of every cell before the second of any.

    Within a round the order is random and follows from the seed: whatever drifts in the course of
    an experiment meets all cells alike. Control run n is in round n.
    """
    first = _repeated(grid, Role.WARM_UP, range(1, grid.warm_ups + 1), seed)
    return first + more_rounds(grid, seed, 1, max(grid.trials, grid.controls))


def more_rounds(grid: Grid, seed: int, first: int, last: int) -> list[Slot]:
    """Rounds `first` to `last`, for an experiment that is to have more trials than it had."""
    slots: list[Slot] = []
    for number in range(first, last + 1):
        roles = ((Role.TRIAL, grid.trials), (Role.CONTROL, grid.controls))
        round_ = [
            Slot(role, cell, number)
            for role, most in roles
            if number <= most
            for cell in range(_cells_of(grid, role))
        ]
        slots += _shuffled(round_, f"{seed}/{number}")
    return slots


def _repeated(grid: Grid, role: Role, numbers: Iterable[int], seed: int) -> list[Slot]:
    cells = range(_cells_of(grid, role))
    rounds = ([Slot(role, cell, number) for cell in cells] for number in numbers)
    shuffled = (_shuffled(one, f"{seed}/{role}/{one[0].repetition}") for one in rounds if one)
    return list(itertools.chain.from_iterable(shuffled))


def _cells_of(grid: Grid, role: Role) -> int:
    return len(grid.cells(role))


def _shuffled(slots: list[Slot], seed: str) -> list[Slot]:
    random.Random(seed).shuffle(slots)  # noqa: S311  no secret
    return slots
