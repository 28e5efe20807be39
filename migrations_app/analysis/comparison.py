"""Groups of runs against each other: names, differences, what else differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from migrations_app.metrics import METRICS, Metric, Text
from migrations_app.models import Configuration, Environment
from migrations_app.sameness import SIDES
from migrations_app.statistics import Difference, Summary, difference_of
from migrations_app.words import PARAMETERS, sentence_of, title_of, words_of_component

from .groups import Group
from .labels import labels_of, parts_of

SHOWN = ("stop_time_ms", "transfer_time_ms", "total_time_ms")
SOME = 3  # job numbers that a group's name has
PART_WORDS: dict[str, Text] = {
    "strategy": gettext_lazy("Strategy"),
    "type": gettext_lazy("Workload"),
    "kind": gettext_lazy("Kind"),
    "operation": gettext_lazy("Operation"),
    "options": gettext_lazy("Options"),
}


@dataclass(frozen=True)
class Line:
    """One group in the table, with its difference to the baseline in the metric in view."""

    group: Group
    summaries: Mapping[str, Summary]
    difference: Difference | None  # None: it is the baseline
    sentence: str


@dataclass(frozen=True)
class Differing:
    """Something that is not the same in all groups; `values` in the groups' order."""

    name: Text
    values: Sequence[str]


@dataclass(frozen=True)
class Comparison:
    metric: Metric
    groups: Sequence[Group]
    baseline: Group
    lines: Sequence[Line]
    parameters: Sequence[Differing]
    environments: Sequence[Differing]
    unknown_environment: Sequence[str]  # letters of groups with runs that do not tell theirs

    @property
    def shown(self) -> list[Metric]:
        """Columns of the table: always the three times, and what is in view."""
        return [METRICS[name] for name in dict.fromkeys((*SHOWN, self.metric.name))]


def compared(groups: Sequence[Group], metric_name: str, baseline: int) -> Comparison:
    """`groups` have runs, each; `baseline` is a place in them. Two queries."""
    configurations = _configurations(groups)
    named = _named(groups, configurations)
    metric = METRICS[metric_name]
    base = named[baseline]
    environments = _environments(groups)
    return Comparison(
        metric,
        named,
        base,
        [_line(group, base, metric) for group in named],
        _differing_parameters(named, configurations),
        _differing_environments(named, environments),
        [g.letter for g in named if any(run.environment_id is None for run in g.runs)],
    )


def _line(group: Group, base: Group, metric: Metric) -> Line:
    summaries = {name: group.summary(name) for name in dict.fromkeys((*SHOWN, metric.name))}
    if group is base:
        return Line(group, summaries, None, "")
    difference = difference_of(base.values(metric.name), group.values(metric.name))
    sentence = sentence_of(difference, metric, name=group.label, baseline=base.label)
    return Line(group, summaries, difference, sentence)


# --- names --------------------------------------------------------------------------------------
def _configurations(groups: Sequence[Group]) -> dict[str, list[Configuration]]:
    """By letter."""
    ids = {run.configuration_id for group in groups for run in group.runs}
    rows = Configuration.objects.in_bulk([pk for pk in ids if pk is not None])
    return {
        group.letter: [rows[pk] for pk in _distinct(r.configuration_id for r in group.runs)]
        for group in groups
    }


def _distinct(ids: Iterable[int | None]) -> list[int]:
    return [pk for pk in dict.fromkeys(ids) if pk is not None]


def _named(
    groups: Sequence[Group], configurations: Mapping[str, Sequence[Configuration]]
) -> list[Group]:
    """By what tells their configurations apart, where each has one; else as they were asked for."""
    alone = {letter: rows[0] for letter, rows in configurations.items() if len(rows) == 1}
    told = labels_of(list({row.pk: row for row in alone.values()}.values()))
    texts = {letter: told[row.pk] for letter, row in alone.items()}
    same = len(set(texts.values())) < len(groups)
    return [replace(group, label=_label(group, texts.get(group.letter), same)) for group in groups]


def _label(group: Group, text: str | None, same: bool) -> str:
    words = [text] if text else []
    if same or not text:
        words.append(_asked_for(group))
    return f"{group.letter}: {' · '.join(word for word in words if word)}"


def _asked_for(group: Group) -> str:
    ids = group.ids
    if ids is not None:
        some = ", ".join(f"#{pk}" for pk in ids[:SOME])
        return some if len(ids) <= SOME else _("%(some)s and more") % {"some": some}
    asked = QueryDict(group.spec).items()
    return " · ".join(str(value) for name, value in asked if name != "configuration")


# --- what else differs --------------------------------------------------------------------------
def _differing_parameters(
    groups: Sequence[Group], configurations: Mapping[str, Sequence[Configuration]]
) -> list[Differing]:
    parts = {letter: [parts_of(row) for row in rows] for letter, rows in configurations.items()}
    names = dict.fromkeys(name for rows in parts.values() for told in rows for name in told)
    found = [
        Differing(
            PART_WORDS.get(name) or title_of(PARAMETERS, name),
            [_together(told.get(name, "") for told in parts[g.letter]) for g in groups],
        )
        for name in names
    ]
    return [row for row in found if len(set(row.values)) > 1]


def _together(values: Iterable[str]) -> str:
    return ", ".join(value for value in sorted(set(values)) if value) or "—"


def _environments(groups: Sequence[Group]) -> dict[str, list[dict[str, str]]]:
    ids = {run.environment_id for group in groups for run in group.runs}
    rows = Environment.objects.in_bulk([pk for pk in ids if pk is not None])
    return {
        group.letter: [
            rows[pk].versions for pk in _distinct(run.environment_id for run in group.runs)
        ]
        for group in groups
    }


def _differing_environments(
    groups: Sequence[Group], environments: Mapping[str, Sequence[Mapping[str, str]]]
) -> list[Differing]:
    """Of both sides together: runs go back and forth between the same hosts."""
    by_group = {letter: _components(rows) for letter, rows in environments.items() if rows}
    shown = [group for group in groups if group.letter in by_group]
    names = dict.fromkeys(name for found in by_group.values() for name in found)
    rows = [
        Differing(
            words_of_component(name),
            [_together(by_group.get(g.letter, {}).get(name, ())) for g in groups],
        )
        for name in names
        if len({frozenset(by_group[g.letter].get(name, ())) for g in shown}) > 1
    ]
    return rows


def _components(environments: Iterable[Mapping[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for versions in environments:
        for name, value in versions.items():
            side, _dot, component = name.partition(".")
            found.setdefault(component if side in SIDES else name, set()).add(value)
    return found
