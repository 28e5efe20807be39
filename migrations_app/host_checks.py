"""The rows of a host's check list, from what is known of it: pure, in the order they are found out.

A row that fails hides none of those before it; those behind a failed connection can't be known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"  # nobody has looked, or something before it failed
    LOOKING = "looking"  # a worker is at it


@dataclass(frozen=True)
class Row:
    """One thing that was looked at; `problem` explains what is wrong, `detail` what was found."""

    name: str
    state: State
    problem: Mapping[str, Any] | None = None  # code, values
    detail: str = ""


# What a contact needs, in order, with the codes that say which of them failed.
CONTACT: tuple[tuple[str, frozenset[str]], ...] = (
    ("answers", frozenset({"host-unreachable", "address-refused", "address-outside"})),
    ("key", frozenset({"host-key-mismatch", "host-quarantined"})),
    ("lets-in", frozenset({"host-auth-refused"})),
    (
        "program",
        frozenset(
            {
                "hostside-not-started",
                "host-not-root",
                "sudo-wants-password",
                "sudo-refused",
                "sudo-missing",
            }
        ),
    ),
)
# What the facts tell: by row the codes of engine.host_problems that spoil it, and the fact shown.
FOUND: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...] = (
    (
        "machine",
        frozenset({"wsl", "host-not-root", "pipe-limit", "kernel-cache"}),
        ("distribution",),
    ),
    ("python", frozenset({"python-too-old"}), ("python",)),
    ("criu", frozenset({"criu-missing", "criu-too-old", "criu-3-18", "rseq"}), ("criu", "version")),
    ("criu-check", frozenset({"criu-check-failed"}), ()),
    ("lazy-pages", frozenset({"userfaultfd-missing"}), ()),
    ("docker", frozenset({"docker-missing", "docker-unavailable"}), ("docker", "version")),
    ("experimental", frozenset({"docker-not-experimental"}), ()),
    ("docker-restore", frozenset({"docker-restore-broken", "docker-forgets-checkpoint"}), ()),
    ("runtime", frozenset({"docker-runtime-missing"}), ()),
)
NEEDS = {  # rows that say nothing while another one's thing is not there
    "criu-check": "criu",
    "lazy-pages": "criu",
    "experimental": "docker",
    "docker-restore": "docker",
    "runtime": "docker",
}
NAMES = (*(row[0] for row in CONTACT), *(row[0] for row in FOUND))


def rows(
    *,
    facts: Mapping[str, Any] | None,
    problems: Sequence[Mapping[str, Any]],
    error_code: str,
    looking: bool,
) -> list[Row]:
    """Every row; `error_code`: why the last contact failed, or "". `looking`: one is under way."""
    if looking:
        return [Row(name, State.LOOKING) for name in NAMES]
    if error_code:
        return _after_failed_contact(error_code)
    if facts is None:
        return [Row(name, State.UNKNOWN) for name in NAMES]
    contact = [Row(name, State.OK) for name, _ in CONTACT]
    return [*contact, *(_found(name, codes, path, facts, problems) for name, codes, path in FOUND)]


def _after_failed_contact(error_code: str) -> list[Row]:
    at = next((i for i, (_, codes) in enumerate(CONTACT) if error_code in codes), 0)
    done = [Row(name, State.OK) for name, _ in CONTACT[:at]]
    failed = Row(CONTACT[at][0], State.FAIL, {"code": error_code})
    return [*done, failed, *(Row(name, State.UNKNOWN) for name in NAMES[at + 1 :])]


def _found(
    name: str,
    codes: frozenset[str],
    path: tuple[str, ...],
    facts: Mapping[str, Any],
    problems: Sequence[Mapping[str, Any]],
) -> Row:
    needed = NEEDS.get(name)
    if needed and not facts.get(needed):
        return Row(name, State.UNKNOWN)
    detail = _at(facts, path) if path else ""
    for problem in problems:
        if problem["code"] in codes:
            failed = problem["severity"] == "fail"
            return Row(name, State.FAIL if failed else State.WARN, problem, detail)
    return Row(name, State.OK, None, detail)


def _at(facts: Mapping[str, Any], path: tuple[str, ...]) -> str:
    value: Any = facts
    for name in path:
        value = (value or {}).get(name)
    return str(value or "")
