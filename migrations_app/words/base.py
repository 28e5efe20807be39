"""The shapes of words, and how a code is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Phrase:
    """A name with one explaining sentence: phases, operations, strategies."""

    title: Text
    text: Text


@dataclass(frozen=True)
class Word:
    """An error or problem. `named` is the title with its values ({host}), once they are known."""

    title: Text
    why: Text
    todo: Text
    named: Text | None = None


@dataclass(frozen=True)
class Sign:
    """A state: always an icon, a word and a colour (tone: ok, warn, bad, run, idle)."""

    title: Text
    icon: str
    tone: str


@dataclass(frozen=True)
class Term:
    """An entry of the glossary, in both languages whatever the page's own."""

    english: str
    chinese: str
    text: Text


@dataclass(frozen=True)
class Explanation:
    """A word filled in for one case; `code` is shown small, for asking others about it."""

    code: str
    title: str
    why: str
    todo: str


UNWORDED = Word(
    _("Something went wrong that has no explanation here yet"),
    _("The program reported a code that this page does not know."),
    _("Read the message and the logs below; quote the code when you ask somebody."),
)
NO_SIGN = Sign("—", "question-circle", "idle")


def explain(
    words: Mapping[str, Word], code: str, values: Mapping[str, object] | None = None
) -> Explanation:
    """The words for a code; a general sentence for one that has none."""
    word = words.get(code, UNWORDED)
    return Explanation(code, _title(word, values or {}), str(word.why), str(word.todo))


def _title(word: Word, values: Mapping[str, object]) -> str:
    if word.named is None:
        return str(word.title)
    wanted = {field for _text, field, _spec, _conversion in Formatter().parse(str(word.named))}
    if not wanted - {None} <= set(values):
        return str(word.title)
    return str(word.named).format_map(values)


def title_of(words: Mapping[str, Phrase], code: str) -> Text:
    """What a phase, operation or strategy is called; the code itself if it has no name here."""
    return words[code].title if code in words else code


def sign_of(signs: Mapping[str, Sign], state: str) -> Sign:
    return signs.get(state, NO_SIGN)
