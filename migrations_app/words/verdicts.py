"""What can be said of two medians, in a sentence."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from migrations_app.metrics import Metric
from migrations_app.quantities import shown
from migrations_app.statistics import ENOUGH_FOR_INTERVAL, Difference, Verdict

from .base import Phrase, Text

VERDICTS: dict[Verdict, Phrase] = {
    Verdict.NOTHING: Phrase(
        _("nothing to compare"),
        _("{metric}: one of the two has no figures, so {name} can't be compared with {baseline}."),
    ),
    Verdict.TOO_FEW: Phrase(
        _("too few runs"),
        _(
            "{metric}: too few runs to claim anything of {name} against {baseline} ({n_b} and {n_a}); it takes {enough} of each."
        ),
    ),
    Verdict.UNCLEAR: Phrase(
        _("not told apart"),
        _(
            "{metric}: {name} and {baseline} can't be told apart; the {confidence} interval of their difference, {low} to {high}, includes zero."
        ),
    ),
    Verdict.LOWER: Phrase(
        _("lower"),
        _(
            "{metric}: the median of {name} is {difference} lower than that of {baseline} ({confidence} interval {low} to {high})."
        ),
    ),
    Verdict.HIGHER: Phrase(
        _("higher"),
        _(
            "{metric}: the median of {name} is {difference} higher than that of {baseline} ({confidence} interval {low} to {high})."
        ),
    ),
}


def sentence_of(difference: Difference, metric: Metric, *, name: Text, baseline: Text) -> str:
    """A difference in words; `name` is what was compared with `baseline`."""
    verdict = difference.verdict
    low, high = difference.low, difference.high
    if verdict is Verdict.LOWER:  # "2 s lower (1 to 3)": told without signs
        low, high = _opposite(high), _opposite(low)
    values = {
        "metric": str(metric.title),
        "name": str(name),
        "baseline": str(baseline),
        "difference": shown(abs(difference.value or 0), metric.unit),
        "low": shown(low, metric.unit),
        "high": shown(high, metric.unit),
        "n_a": difference.n_a,
        "n_b": difference.n_b,
        "enough": ENOUGH_FOR_INTERVAL,
        "confidence": "95\N{NO-BREAK SPACE}%",
    }
    return str(VERDICTS[verdict].text).format_map(values)


def _opposite(value: float | None) -> float | None:
    return None if value is None else -value
