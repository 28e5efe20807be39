"""What the job page shows, put together from the row and its report. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from migrations_app.engine.report import PhaseName
from migrations_app.metrics import BIG, METRICS, Metric
from migrations_app.models import CauseNote, MigrationJob
from migrations_app.option_words import OptionRow, link_words, options_of
from migrations_app.run_figures import Part, RoundRow, parts_of, rounds_of
from migrations_app.selectors import QueueHealth
from migrations_app.waterfall import Bar, Run, picture
from migrations_app.words import ERRORS, NOTES, REASONS, WARNINGS, Explanation, explain

from .cause_words import CauseShown, cause_of
from .check_words import CheckRow, check_rows
from .doubt import HostSays, what_hosts_say

OWN_TO_EACH = ("hostname", "disk_free_mib", "time")  # never alike, and no reason for anything
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Number:
    """A metric with this run's value, None where it is not known."""

    metric: Metric
    value: float | None


@dataclass(frozen=True)
class Difference:
    """One line of the two hosts' environments side by side."""

    name: str
    source: str | None
    target: str | None

    @property
    def differs(self) -> bool:
        """Whether it could explain a difference in figures."""
        return self.source != self.target and self.name not in OWN_TO_EACH


@dataclass(frozen=True)
class JobPage:
    job: MigrationJob
    ahead: int = 0  # jobs before it in the queue
    queue: QueueHealth | None = None  # while it has not ended: whether anybody works at all
    note: CauseNote | None = None  # an instructor's, on a cause that no row knows

    @property
    def report(self) -> Json:
        return self.job.report or {}

    @property
    def metrics(self) -> Json:
        """The report's figures; while there is none, those of the row (mostly None)."""
        known: Json = self.report.get("metrics") or {}
        return known or {name: getattr(self.job, name) for name in MigrationJob.METRICS}

    @property
    def big(self) -> list[Number]:
        return [Number(METRICS[name], self.metrics.get(name)) for name in BIG]

    @property
    def small(self) -> list[Number]:
        rest = [metric for name, metric in METRICS.items() if name not in BIG]
        return [Number(metric, self.metrics.get(metric.name)) for metric in rest]

    @property
    def proof(self) -> Json:
        return self.report.get("proof") or {}

    @property
    def last_before(self) -> int | None:
        """The workload's last number on the source, as far as it was seen."""
        return self.proof.get("last_before")

    @property
    def first_after(self) -> int | None:
        return self.proof.get("first_after")

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(row.name, row.side, row.start_ms, row.duration_ms, row.bytes, row.failed, row.round)
            for row in self.job.phases.all()
        ]

    @property
    def bytes_in_phases(self) -> int | None:
        moved = [bar.bytes for bar in self.bars if bar.bytes is not None]
        return sum(moved) if moved else None

    @property
    def pages_follow(self) -> bool:
        """Whether it runs on the target while its pages still arrive."""
        return any(bar.name == PhaseName.PAGES and bar.duration_ms is None for bar in self.bars)

    @property
    def rounds(self) -> list[RoundRow]:
        return rounds_of(self.report)

    @property
    def split(self) -> list[Part]:
        """Where the stop time went; empty where nobody looked."""
        return parts_of(self.report)

    @property
    def criu_says(self) -> list[Number]:
        """CRIU's own figures, to stand beside ours."""
        return [number for number in self.small if number.metric.name.startswith("criu_")]

    @property
    def options(self) -> list[OptionRow]:
        return options_of(self.job.options)

    @property
    def link(self) -> str:
        """How its link was to be shaped; empty: it was not."""
        link = {name: getattr(self.job, name) for name in self.job.LINK}
        return link_words(link) if any(link.values()) else ""

    @property
    def shaping(self) -> list[tuple[str, Json]]:
        """What each host said of it: the host's name, and the report's words (docs/report.md)."""
        told: Json = (self.report.get("environment") or {}).get("link_shaping") or {}
        hosts = {"source": self.job.source, "target": self.job.target}
        return [(hosts[side].name, one) for side, one in told.items()]

    @property
    def kept_images(self) -> Json | None:
        return self.report.get("kept_images")

    @property
    def kept_on(self) -> str | None:
        """The host that keeps the images."""
        hosts = {"source": self.job.source.name, "target": self.job.target.name}
        return hosts.get((self.kept_images or {}).get("side", ""))

    @property
    def is_copy(self) -> bool:
        """Whether the original went on as well."""
        return self.job.leave_running and self.job.status == MigrationJob.Status.SUCCEEDED

    @property
    def client(self) -> Json | None:
        """What a client outside saw; None where none looked."""
        return self.report.get("client")

    @property
    def waterfall(self) -> dict[str, Any]:
        job = self.job
        return picture(
            Run(
                bars=self.bars,
                operation=job.operation,
                workload=job.workload.name,
                source=job.source.name,
                target=job.target.name,
                now_ms=self._age_ms(),
                stop_time_ms=self.metrics.get("stop_time_ms"),
                workload_is_on=self._is_on(),
                last_before=self.last_before,
                first_after=self.first_after,
                client=self.client,
            )
        )

    def _age_ms(self) -> float | None:
        """How long it has been running; None when it is not."""
        if self.job.status != MigrationJob.Status.RUNNING or self.job.started_at is None:
            return None
        return (timezone.now() - self.job.started_at).total_seconds() * 1000

    def _is_on(self) -> str | None:
        """Which side has the workload; not known in doubt, nor while it runs."""
        if self.job.status == MigrationJob.Status.SUCCEEDED:
            return "target"
        return self.job.workload_is_on or None

    @property
    def goes_back(self) -> bool:
        """Whether running it again leads back: the workload is on the target now."""
        job = self.job
        return job.source_id != job.target_id and job.workload.host_id == job.target_id

    @property
    def is_in_doubt(self) -> bool:
        return self.job.status == MigrationJob.Status.IN_DOUBT

    @property
    def hosts_say(self) -> list[HostSays]:
        return what_hosts_say(self.job)

    @property
    def is_live(self) -> bool:
        return not self.job.is_finished

    @property
    def failure(self) -> Explanation | None:
        """What happened, why, what to do; None when nothing did."""
        code = self.job.error_code
        return explain(ERRORS, code, self._names()) if code else None

    def _names(self) -> dict[str, str]:
        job = self.job
        return {"workload": job.workload.name, "job": str(job.pk)}

    @property
    def cause(self) -> CauseShown | None:
        """What the tools' own words show of the reason; None where they show nothing."""
        return cause_of(self.report)

    @property
    def stopped_by(self) -> CheckRow | None:
        """The check of the workload that refused this job."""
        code = self.job.error_code
        return next((row for row in self.checks if row.code == code and row.fails), None)

    @property
    def checks(self) -> list[CheckRow]:
        """Of the very workload, before anything was frozen."""
        return check_rows(self.report.get("checks"))

    @property
    def where_now(self) -> str | None:
        """The host that has the workload after a failure, None where that is not known."""
        side = self.job.workload_is_on
        host = {"source": self.job.source, "target": self.job.target}.get(side)
        return host.name if host else None

    @property
    def log_excerpt(self) -> str | None:
        error: Json = self.report.get("error") or {}
        return error.get("log_excerpt")

    @property
    def environment(self) -> list[Difference]:
        """Facts of both hosts, line by line; those of a host alone stand beside nothing."""
        known: Json = self.report.get("environment") or {}
        source, target = flat(known.get("source")), flat(known.get("target"))
        names = list(dict.fromkeys([*source, *target]))
        return [Difference(name, source.get(name), target.get(name)) for name in names]

    @property
    def notes(self) -> list[tuple[Any, str]]:
        return [(note.at, noted(note.code, note.values)) for note in self.job.notes.all()]

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """Each in words, with what a tool said beside it (English, may be empty)."""
        told = [text.partition(": ") for text in self.report.get("warnings") or ()]
        return [(str(WARNINGS.get(code, code)), detail) for code, _colon, detail in told]

    @property
    def moves(self) -> list[tuple[Any, str]]:
        """Changes of state with their reason in words."""
        rows = self.job.transitions.all()
        return [(row, str(REASONS.get(row.reason, row.reason))) for row in rows]


def noted(code: str, values: Mapping[str, object]) -> str:
    """A note in words; the code itself where there are none."""
    text = NOTES.get(code)
    if text is None:
        return code
    try:
        return str(text).format_map(values)
    except KeyError:
        return str(text)


def _short(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def flat(facts: Json | None, prefix: str = "") -> dict[str, str]:
    """Nested facts as dotted names with short texts; long outputs are left to the host's page."""
    lines: dict[str, str] = {}
    for name, value in (facts or {}).items():
        if isinstance(value, Mapping):
            lines.update(flat(value, f"{prefix}{name}."))
        elif isinstance(value, (str, int, float, bool)) and "\n" not in str(value):
            lines[f"{prefix}{name}"] = _short(value)
    return lines
