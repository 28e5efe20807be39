"""The results for people: Markdown, so that docs/benchmarks.md can keep it as it was printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migrations_app.engine import WorkloadKind

from .cells import Contender, Entry
from .results import Result, find, ratio
from .spread import FEWEST_FOR_INTERVAL, Spread
from .targets import Line, Verdict

RANGE = "The interval is the whole range: with n below 5 nothing surer can be said."
INTERVAL = (
    "The interval goes from the k-th smallest to the k-th largest stop time (sign test, no "
    "distribution assumed): it holds the true median with {coverage:.0%}, n = {n}."
)
HEAD = (
    "MiB", "pages/s", "link", "Docker", "kind", "contender", "n", "stop time, ms", "interval",
    "longest gap", "÷ docker", "÷ podman", "÷ criu",
)  # fmt: skip
RIGHT = {"MiB", "pages/s", "n", "stop time, ms", "longest gap", "÷ docker", "÷ podman", "÷ criu"}
TARGET_HEAD = ("target", "at most", "measured", "")
VERDICTS = {Verdict.HOLDS: "holds", Verdict.DOES_NOT_HOLD: "**does not hold**"}
NOT_KNOWN = "–"
NARROWEST = 3  # of a column: Markdown wants two dashes and a colon


def results_table(results: Sequence[Result]) -> str:
    return markdown(HEAD, (_row(result, results) for result in results))


def targets_table(lines: Sequence[Line]) -> str:
    """Those that the run can tell something about, and how many it can't."""
    told = [line for line in lines if line.verdict is not Verdict.NOT_MEASURED]
    rows = [(line.words, line.limit_text, line.value_text, VERDICTS[line.verdict]) for line in told]
    parts = [markdown(TARGET_HEAD, rows)] if rows else []
    if len(told) < len(lines):
        parts.append(f"Targets that this run does not measure: {len(lines) - len(told)}.")
    return "\n\n".join(parts)


def interval_words(results: Sequence[Result]) -> str:
    """How the intervals of this run are to be read."""
    spreads = [(len(one.counted), one.stop.coverage) for one in results if one.stop]
    sure = {(n, sureness) for n, sureness in spreads if sureness is not None}
    words = [INTERVAL.format(n=n, coverage=sureness) for n, sureness in sorted(sure)]
    if any(n < FEWEST_FOR_INTERVAL for n, _ in spreads):
        words.append(RANGE)
    return "\n".join(words)


def failures(results: Sequence[Result]) -> list[str]:
    """Every trial that does not count, and whatever else is to be told of one."""
    told = []
    for result in results:
        for trial in result.trials:
            said = [f"failed: {trial.failure}"] if trial.failure else []
            told += [f"{result.entry}, trial {trial.number}: {w}" for w in (*said, *trial.notes)]
    return told


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns line up in a terminal, too."""
    table = [list(head), *map(list, rows)]
    widths = [max(NARROWEST, *(len(row[i]) for row in table)) for i in range(len(head))]
    rule = [_rule(name, width) for name, width in zip(head, widths, strict=True)]
    lines = [[_cell(head[i], row[i], widths[i]) for i in range(len(head))] for row in table]
    return "\n".join(f"| {' | '.join(row)} |" for row in (lines[0], rule, *lines[1:]))


def _rule(name: str, width: int) -> str:
    return "-" * (width - 1) + ":" if name in RIGHT else "-" * width


def _cell(name: str, text: str, width: int) -> str:
    return text.rjust(width) if name in RIGHT else text.ljust(width)


def _row(result: Result, results: Sequence[Result]) -> list[str]:
    entry, cell = result.entry, result.entry.cell
    return [
        str(cell.memory_mib),
        str(cell.dirty_pages_per_s),
        cell.link,
        str(cell.docker),
        str(entry.kind),
        str(entry.contender),
        *_figures(result),
        *(_against(result, results, other) for other in _by_hand(entry)),
    ]


def _figures(result: Result) -> list[str]:
    """n, median, interval, longest gap."""
    if not result.entry.possible:
        return ["", "cannot", "", ""]
    count = str(len(result.counted))
    if result.failed:
        count += f" (+{len(result.failed)} failed)"
    longest = result.of(lambda trial: trial.longest_gap_ms)
    return [count, _median(result.stop), _interval(result.stop), _median(longest)]


def _median(spread: Spread | None) -> str:
    return NOT_KNOWN if spread is None else f"{spread.median:.0f}"


def _interval(spread: Spread | None) -> str:
    return NOT_KNOWN if spread is None else f"{spread.low:.0f} to {spread.high:.0f}"


def _by_hand(entry: Entry) -> list[Contender | None]:
    """What to divide by, in the order of the columns."""
    if entry.kind is WorkloadKind.PROCESS:
        return [None, None, Contender.CRIU_BY_HAND]
    return [Contender.DOCKER_BY_HAND, Contender.PODMAN_BY_HAND, None]


def _against(result: Result, results: Sequence[Result], other: Contender | None) -> str:
    entry = result.entry
    if other is None or entry.contender is other or not entry.possible:
        return ""
    reference = Entry(entry.cell, other, entry.kind)
    if not reference.possible:
        return "cannot"
    found = find(results, reference)
    value = ratio(result.stop, found.stop if found else None)
    return NOT_KNOWN if value is None else f"{value:.3f}"
