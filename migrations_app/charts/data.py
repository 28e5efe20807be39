"""What charts are made from: plain values, no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from migrations_app.metrics import Text
from migrations_app.statistics import Difference, Summary, summary_of


@dataclass(frozen=True)
class Trial:
    """One run of a group. `value` is in the metric's own unit (ms, bytes, a count)."""

    value: float
    job: int | None = None
    warm_up: bool = False  # shown hollow, left out of every statistic
    at: str = ""  # when it ended, as the page writes it


@dataclass(frozen=True)
class Series:
    """Runs that did the same in the same way; `label` tells them from the others in the chart."""

    label: str
    strategy: str = ""
    trials: tuple[Trial, ...] = ()
    failed: int = 0

    @property
    def values(self) -> list[float]:
        """Those that count."""
        return [trial.value for trial in self.trials if not trial.warm_up]

    @property
    def summary(self) -> Summary:
        return summary_of(self.values, failed=self.failed)


@dataclass(frozen=True)
class PhaseStack:
    """One bar: the median of each part (ms) in order, and the summary of all of it together."""

    label: str
    strategy: str
    parts: Mapping[str, float]
    total: Summary


@dataclass(frozen=True)
class XY:
    """A run with the factor that the chart is over, in the factor's own unit."""

    x: float
    trial: Trial


@dataclass(frozen=True)
class XYSeries:
    label: str
    strategy: str
    points: tuple[XY, ...] = ()

    def at(self, x: float) -> list[float]:
        """Values that count at one x."""
        return [p.trial.value for p in self.points if p.x == x and not p.trial.warm_up]

    @property
    def places(self) -> list[float]:
        return sorted({point.x for point in self.points})


@dataclass(frozen=True)
class Moment:
    """One stretch of time (a day, usually) of one configuration; `at` is ISO 8601."""

    at: str
    n: int
    median: float
    low: float | None = None  # the band: 95 % interval, or the quartiles; None: no band
    high: float | None = None


@dataclass(frozen=True)
class Timeline:
    label: str
    strategy: str
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True)
class Mark:
    """Something that happened: a version that changed, a note."""

    at: str  # ISO 8601
    text: str
    is_note: bool = False


@dataclass(frozen=True)
class Compared:
    """A group against the baseline."""

    label: str
    strategy: str
    difference: Difference


@dataclass(frozen=True)
class Cell:
    """Two factors' values and what was measured there."""

    x: str
    y: str
    summary: Summary


@dataclass(frozen=True)
class Reply:
    """What a client saw: when it asked (ms from the start of the run), how long the answer took."""

    at_ms: float
    latency_ms: float | None  # None: no answer


@dataclass(frozen=True)
class Round:
    """A pre-copy round of one run, from 1."""

    number: int
    bytes: float


@dataclass(frozen=True)
class RoundSeries:
    label: str
    strategy: str
    runs: tuple[tuple[Round, ...], ...] = ()


@dataclass(frozen=True)
class Published:
    """A figure that somebody else published: laid beneath ours, never mixed with them."""

    source: str
    year: int | None  # None: the source bears no date
    setting: Text
    metric: str
    value: float  # in the metric's own unit
    x: Mapping[str, float] = field(default_factory=dict)  # factor -> value, as far as it is known
    url: str = ""

    @property
    def label(self) -> str:
        return f"{self.source}, {self.year}" if self.year else self.source
