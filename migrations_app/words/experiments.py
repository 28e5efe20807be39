"""Experiments in words: what is refused, why one changed its state, the parts of a grid."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Phrase, Word

EXPERIMENT_REFUSALS: dict[str, Word] = {
    "grid-unreadable": Word(
        _("The grid can't be read"),
        _("A part of it is missing, unknown, or of another kind than it has to be."),
        _("Correct it; the documents describe every part."),
        named=_("The grid can't be read: {part}"),
    ),
    "grid-empty": Word(
        _("No trial would be run"),
        _("The grid has no cell, or no trials of them."),
        _("Choose at least one of everything, and at least one trial."),
    ),
    "grid-empty-factor": Word(
        _("Something of the grid is not chosen"),
        _("A grid needs at least one of everything: workloads, strategies, pairs of hosts."),
        _("Choose at least one."),
        named=_("Nothing is chosen of this part of the grid: {part}"),
    ),
    "grid-too-large": Word(
        _("The grid is too large"),
        _("Every combination is run as often as trials are asked for; that adds up quickly."),
        _("Choose fewer values or fewer trials, or make several experiments of it."),
        named=_("The grid is too large: {jobs} jobs, and an experiment has at most {most}"),
    ),
    "grid-twice": Word(
        _("The same stands in the grid twice"),
        _("It would be the same cell under two numbers."),
        _("Leave one out. More trials of a cell are asked for by their number."),
        named=_("The same stands in the grid twice: {part}"),
    ),
    "grid-pair-of-one-host": Word(
        _("A pair needs two different hosts"),
        _("Source and target are the same host."),
        _("Choose another target."),
    ),
    "grid-number-out-of-range": Word(
        _("A number of the experiment is out of its range"),
        _("It has to be a whole number in its range."),
        _("Change the value and send it again."),
        named=_("A number of the experiment is out of its range: {part}, {low} to {high}"),
    ),
    "unknown-host": Word(
        _("There is no such host"),
        _("It may have been removed meanwhile."),
        _("Load the page again and choose among the hosts offered."),
    ),
    "bad-experiment-name": Word(
        _("An experiment needs a name"),
        _("It has at most 120 characters."),
        _("Give it one by which you will know it again."),
    ),
    "experiment-over": Word(
        _("The experiment is over"),
        _("It was cancelled, or it has come to its end."),
        _("Look at its result, or make another one."),
        named=_("“{experiment}” is over"),
    ),
    "experiment-not-running": Word(
        _("The experiment does not run"),
        _("Only one that runs can be paused."),
        _("Load the page again."),
        named=_("“{experiment}” does not run"),
    ),
    "experiment-not-paused": Word(
        _("The experiment is not paused"),
        _("Only one that is paused can go on."),
        _("Load the page again."),
        named=_("“{experiment}” is not paused"),
    ),
    "nothing-failed": Word(
        _("No trial has failed"),
        _("Only failed trials are run again."),
        _("Add trials if more are wanted."),
        named=_("No trial of “{experiment}” has failed"),
    ),
    "trials-added": Word(
        _("Trials were added"),
        _("The experiment goes on with more trials of every cell."),
        _("Nothing needs to be done."),
    ),
    "trials-again": Word(
        _("Failed trials are run again"),
        _("Somebody asked for it; the failures before are kept and counted."),
        _("Nothing needs to be done."),
    ),
    "asked-for": Word(
        _("Somebody asked for it"),
        _("The experiment was paused, or told to go on, from its page or by the API."),
        _("Nothing needs to be done."),
    ),
    "failed-in-a-row": Word(
        _("Five trials failed one after the other"),
        _(
            "Something is likely to be wrong that further trials would not mend, so it paused itself."
        ),
        _("Look at the failed trials, mend the cause, then go on; run the failed ones again."),
    ),
    "output-broken": Word(
        _("The workload's output has a gap or a repeat"),
        _("Nothing was migrated, and yet its numbers did not go on one by one."),
        _("Look at the workload's output on the host."),
    ),
}
ROLES: dict[str, Phrase] = {
    "trial": Phrase(_("trial"), _("It counts.")),
    "warm-up": Phrase(
        _("warm-up"), _("Run before all others and kept, but left out of the figures.")
    ),
    "control": Phrase(
        _("control run"),
        _(
            "Nothing is migrated: the longest gap in the workload's output is the floor of what an observed gap can tell."
        ),
    ),
}
