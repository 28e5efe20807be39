"""The history page's data: standings, chart lines, marks, what changed lately."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from migrations_app.charts import Mark, Timeline
from migrations_app.metrics import METRICS
from migrations_app.models import MigrationJob, Remark, VersionChange, WholeFigures
from migrations_app.words import sentence_of, words_of_component

from .labels import labels_of, whole_label
from .standings import Standing, Standings

MOST_LINES = 6  # drawn at once, where nobody chose
MOST_CHOSEN = 8
MOST_MARKS = 24
NEWS_FOR = timedelta(days=30)
TEXT_LENGTH = 60
# Filters that the sums know, and where it stands in a configuration.
OF_CONFIGURATION = {
    "operation": "operation",
    "strategy": "strategy",
    "kind": "kind",
    "compression": "options__compression",
    "configuration": "pk",
}


@dataclass(frozen=True)
class News:
    """A configuration whose last week differs from the weeks before."""

    standing: Standing
    label: str
    sentence: str


def sums_for(cleaned: Mapping[str, Any]) -> QuerySet[WholeFigures] | None:
    """The kept sums of what a filter asks for; None where they do not know it."""
    wanted = {name: value for name, value in cleaned.items() if value not in (None, "")}
    encrypted = wanted.pop("encrypted", None)
    if set(wanted) - set(OF_CONFIGURATION):
        return None
    rows = WholeFigures.objects.filter(
        **{f"configuration__{OF_CONFIGURATION[name]}": value for name, value in wanted.items()}
    )
    if encrypted is None:
        return rows
    is_on = {"configuration__options__has_key": "encrypted"}  # one that is off is left out there
    return rows.filter(**is_on) if encrypted == "True" else rows.exclude(**is_on)


def drawn(standings: Standings, chosen: Iterable[int]) -> list[Standing]:
    """Those that were chosen, or those with the most runs, in the table's order."""
    wanted = list(chosen)[:MOST_CHOSEN]
    if not wanted:
        most = sorted(standings.rows, key=lambda row: -row.n)[:MOST_LINES]
        wanted = [row.configuration.pk for row in most]
    return [row for row in standings.rows if row.configuration.pk in wanted]


def lines_of(rows: Sequence[Standing], standings: Standings) -> list[Timeline]:
    labels = labels_of([row.configuration for row in rows])
    return [
        Timeline(
            labels[row.configuration.pk],
            row.strategy,
            tuple(standings.days.get(row.configuration.pk, ())),
        )
        for row in rows
    ]


def marks_since(jobs: QuerySet[MigrationJob], since: date | None, hosts: set[str]) -> list[Mark]:
    """Versions that changed and notes, newest last; of hosts and jobs that may be seen."""
    start = _start(since)
    changes = VersionChange.objects.exclude(old="").select_related("host").order_by("-at")
    theirs = jobs.filter(pk=OuterRef("job_id")).order_by()  # of a note one job is looked up
    notes = Remark.objects.filter(Exists(theirs)).select_related("job").order_by("-pk")
    if start is not None:
        changes, notes = changes.filter(at__gte=start), notes.filter(job__finished_at__gte=start)
    seen = [c for c in changes[:MOST_MARKS] if c.host is None or c.host.name in hosts]
    written = notes.exclude(job__finished_at=None)[:MOST_MARKS]
    marks = [*map(_of_change, seen), *map(_of_note, written)]
    return sorted(marks, key=lambda mark: mark.at)[-MOST_MARKS:]


def _start(since: date | None) -> datetime | None:
    return None if since is None else timezone.make_aware(datetime.combine(since, time.min))


def _of_change(change: VersionChange) -> Mark:
    name = str(words_of_component(change.component))
    told = {"what": name, "old": change.old, "new": change.new}
    if change.host is None:
        return Mark(_moment(change.at), _("%(what)s %(old)s → %(new)s") % told)
    told["host"] = change.host.name
    return Mark(_moment(change.at), _("%(host)s: %(what)s %(old)s → %(new)s") % told)


def _of_note(note: Remark) -> Mark:
    text = " ".join(note.text.split())
    short = text if len(text) <= TEXT_LENGTH else f"{text[:TEXT_LENGTH]}…"
    at = note.job.finished_at or note.created_at
    return Mark(_moment(at), f"#{note.job_id}: {short}", is_note=True)


def _moment(at: datetime) -> str:
    """In the site's time zone, as the axis has it."""
    return timezone.localtime(at).replace(tzinfo=None).isoformat(timespec="seconds")


def news_of(standings: Standings, metric: str) -> list[News]:
    """Newest first: only where the interval of the difference excludes zero."""
    edge = timezone.now() - NEWS_FOR
    clear = [row for row in standings.rows if row.newest_at >= edge and row.change.is_clear]
    return [_news(row, metric) for row in sorted(clear, key=lambda row: row.newest_at)[::-1]]


def _news(row: Standing, metric: str) -> News:
    sentence = sentence_of(
        row.change, METRICS[metric], name=_("the last week"), baseline=_("the four weeks before")
    )
    return News(row, whole_label(row.configuration), sentence)
