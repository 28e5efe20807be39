"""From what the tools said to the one cause: pure.

`criu failed: type NOTIFY errno 0` is a wrapper that runc and Docker put around any failure of
CRIU; what counts is the first real error line of CRIU's own log. Lines that stand in logs of runs
that succeed explain nothing. Where CRIU wrote none, the tool's answer is looked at.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .causes import BY_CODE, BY_KEY, CAUSES, UNKNOWN, Cause
from .report import Diagnosis, Failure, LogFile, Proof
from .tools import criu

MOST_LINES = 6  # that are quoted
LONGEST_LINE = 400
RESTARTED_BELOW = 3  # a counter that begins anew shows one of its first numbers
# Failures of a step whose own words are worth reading; of all others the code says it all.
FROM_TOOLS = frozenset(
    {
        *("criu-failed", "dump-failed", "restore-failed", "arm-failed", "pages-lost"),
        *("command-failed", "step-failed", "workload-ended", "workload-start-failed"),
    }
)
WRAPPERS = (
    re.compile(r"criu failed: type \w+ errno \d+"),
    re.compile(r"^log file: "),
    re.compile(r"^exit status \d+$"),
)
# What makes one line out of many alike, so that a note on one explains the next.
_GENERAL = (
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "…"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "…"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{3,}\b"), "…"),
    (re.compile(r"\d+"), "…"),
)


@dataclass(frozen=True)
class Evidence:
    """What is known of a failure. Logs by name, the one of the failed step first."""

    code: str
    message: str = ""
    logs: Sequence[tuple[str, str]] = ()
    proof: Mapping[str, Any] | None = None
    criu_of_restore: str | None = None  # version on the host that restores


def evidence_of(
    error: Failure, logs: Iterable[LogFile], proof: Proof | None, target: Mapping[str, Any] | None
) -> Evidence:
    """What a run has of a failure; `target`: facts of the host that restores."""
    told = [log for log in logs if criu.first_error(log.text)]
    # The log that the failure itself quotes comes first.
    told.sort(key=lambda log: str(criu.first_error(log.text)) not in error.message)
    return Evidence(
        code=error.code,
        message="\n".join(filter(None, (error.message, error.log_excerpt))),
        logs=[(log.name, log.text) for log in told],
        proof=dataclasses.asdict(proof) if proof else None,
        criu_of_restore=((target or {}).get("criu") or {}).get("version"),
    )


def diagnose(evidence: Evidence) -> Diagnosis | None:
    """The cause with the lines that say so; None where nothing at all was said.

    A row of the table, or `unknown` with the first real error quoted.
    """
    said = _real_lines(evidence)
    for log, line in said:
        for cause in CAUSES:
            if matches(cause, line):
                return _found(cause, log, line, said)
    silent = _without_words(evidence)
    if not said:
        return Diagnosis(silent.number, silent.key, None, None) if silent else None
    log, line = said[0]
    if silent is not None:
        return _found(silent, log, line, said)
    return Diagnosis(None, UNKNOWN, log, line, _quoted(said, line))


def matches(cause: Cause, line: str) -> bool:
    return any(re.search(pattern, line) for pattern in cause.patterns)


def generalised(line: str) -> str:
    """A line without what differs from run to run: numbers, addresses, identifiers.

    >>> generalised("Error (criu/files.c:1221): Unable to open fd=1 id=0x3")
    'Error (criu/files.c:…): Unable to open fd=… id=…'
    """
    for pattern, instead in _GENERAL:
        line = pattern.sub(instead, line)
    return line


def _real_lines(evidence: Evidence) -> list[tuple[str | None, str]]:
    """(log, line) of every real error of CRIU, else of what the tool answered; in their order."""
    from_logs = [
        (name, criu.without_stamp(line))
        for name, text in evidence.logs
        for line in criu.error_lines(text)
    ]
    known = {line for _, line in from_logs}
    answers = _answer_lines(evidence.message) if evidence.code in FROM_TOOLS else ()
    return from_logs + [(None, line) for line in answers if line not in known]


def _answer_lines(message: str) -> Iterator[str]:
    for part in re.split(r"\n| — ", message):
        line = part.strip()
        harmless = any(known in line for known in criu.HARMLESS)
        if line and not harmless and not any(one.search(line) for one in WRAPPERS):
            yield line[:LONGEST_LINE]


def _without_words(evidence: Evidence) -> Cause | None:
    """Rows that no line of a log shows: by the refusal's own code, the proof, the version."""
    if evidence.code in BY_CODE:
        return BY_CODE[evidence.code]
    if evidence.code == "proof-failed" and _began_anew(evidence.proof or {}):
        return BY_KEY["checkpoint-ignored"]
    if evidence.code.startswith("restore-") and _is_3_18(evidence.criu_of_restore):
        return BY_KEY["criu-3-18"]
    return None


def _is_3_18(version: str | None) -> bool:
    return criu.version_tuple(version or "")[:2] == (3, 18)


def _began_anew(proof: Mapping[str, Any]) -> bool:
    before, after = proof.get("last_before"), proof.get("first_after")
    if before is None or after is None:
        return False
    return bool(after < RESTARTED_BELOW <= before)


def _found(
    cause: Cause, log: str | None, line: str, said: Iterable[tuple[str | None, str]]
) -> Diagnosis:
    return Diagnosis(cause.number, cause.key, log, line, _quoted(said, line))


def _quoted(said: Iterable[tuple[str | None, str]], first: str) -> tuple[str, ...]:
    """The line that told, and what follows from it."""
    lines = list(dict.fromkeys(line for _, line in said))
    begin = lines.index(first)
    return tuple(line[:LONGEST_LINE] for line in lines[begin : begin + MOST_LINES])
