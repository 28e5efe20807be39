"""The workloads of the catalogue, their parameters and their proofs in words."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from migrations_app.engine.plan import ProofKind

from .base import Phrase, Text


@dataclass(frozen=True)
class TypeWords:
    """A card of the catalogue."""

    title: Text
    does: Text
    teaches: Text
    icon: str


WORKLOAD_TYPES: dict[str, TypeWords] = {
    "counter": TypeWords(
        _("Counter"),
        _(
            "A shell loop that prints 0, 1, 2, … one line per interval. It is the workload of the lab exercise."
        ),
        _(
            "A checkpoint holds more than files: the loop's variable lives in memory only, and it survives."
        ),
        "stopwatch",
    ),
    "memory": TypeWords(
        _("Memory"),
        _(
            "Holds as much memory as you ask for, filled so that it can't be compressed, changes some of it every second, and prints a numbered line every few milliseconds."
        ),
        _(
            "How stop time depends on memory size and dirty rate, and why cold migration does not scale."
        ),
        "memory",
    ),
}
PARAMETERS: dict[str, Phrase] = {
    "interval_ms": Phrase(_("Interval"), _("Time between two lines of output.")),
    "memory_mib": Phrase(_("Memory"), _("How much memory it holds.")),
    "dirty_pages_per_s": Phrase(
        _("Dirty rate"), _("How many memory pages it changes every second.")
    ),
}
PROOFS: dict[str, Phrase] = {
    ProofKind.SEQUENCE: Phrase(
        _("Sequence"),
        _("The numbered lines must go on without a gap and without a repeat."),
    ),
    ProofKind.MEMORY: Phrase(
        _("Sequence and memory"),
        _(
            "The numbered lines must go on without a gap or repeat, and every memory page must hold what it should."
        ),
    ),
    ProofKind.NONE: Phrase(
        _("None"), _("Nothing is known about this workload that could prove that it went on.")
    ),
}
