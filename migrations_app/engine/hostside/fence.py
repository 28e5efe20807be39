"""Requests that come too late are refused: whoever sent them has given them up.

A request can lie in TCP while the network is cut, and arrive when the job was settled and cleaned
up over another session. What it begins then nobody knows of. So each request may carry

    session    the session it is of; refused once a later one has said that it replaces this one
    until_ns   when it may begin at the latest, on this host's CLOCK_BOOTTIME, which counts on
               while the machine sleeps and which nobody can set
    replaces   sessions that the controller has given up: what of theirs has not begun never will

What has begun goes on: the journals of a job tell of it. A program whose session was replaced ends
when it has nothing under way, as it would if it heard the end of its connection: through a network
that was cut for minutes it never does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import NotPossible

REPLACED = Path("/run/migration-lab/replaced")  # an empty file per session; gone with a reboot
_ID = re.compile(r"[0-9a-f]{16}")
_FORGOTTEN_AFTER_S = 3600.0  # until_ns has passed long before


def boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def pass_through(request: Mapping[str, Any]) -> None:
    """Raises NotPossible with code `too-late`, or `bad-request` for marks that are none."""
    until, session = request.get("until_ns"), request.get("session")
    former = request.get("replaces", [])
    if not isinstance(until, int | None) or not isinstance(former, list):
        raise _bad()
    if until is not None and boottime_ns() > until:
        late_ms = (boottime_ns() - until) // 1_000_000
        raise _late(f"{request.get('verb')} came {late_ms} ms after it was given up")
    if session is not None and is_replaced(_id(session)):
        raise _late(f"{request.get('verb')} came over a session that was given up")
    if former:
        _replace([_id(one) for one in former])


def session_of(request: Mapping[str, Any]) -> str | None:
    """None where it names none, or none of ours."""
    value = request.get("session")
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def is_replaced(session: str) -> bool:
    return (REPLACED / session).exists()


def _replace(sessions: list[str]) -> None:
    REPLACED.mkdir(parents=True, exist_ok=True)
    for session in sessions:
        (REPLACED / session).touch()
    for mark in REPLACED.iterdir():
        if time.time() - mark.stat().st_mtime > _FORGOTTEN_AFTER_S:
            mark.unlink(missing_ok=True)


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _bad()
    return value


def _bad() -> NotPossible:
    return NotPossible("the request's marks are none of ours", code="bad-request")


def _late(message: str) -> NotPossible:
    return NotPossible(message, code="too-late")
