"""A call of CRIU, ours or Docker's, with a watch beside it: what it says when it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import StepFailed, StepTimedOut
from ..tools import criu, runc
from .run import Ran, failed
from .watch import CriuWatch

LOG_CHARACTERS_KEPT = 60_000


def watched(watch: CriuWatch, call: Callable[[], Sequence[Ran]], step: str) -> dict[str, Any]:
    """What the watch saw, with start_ns of the first try, end_ns of the last, and `tries`.

    Raises StepFailed with code `dump-failed` or `restore-failed` (step is `dump` or `restore`)
    and CRIU's first error line before the caller's own, or StepTimedOut, `…-timed-out`.
    """
    try:
        with watch:
            tries = call()
        seen = watch.result()
    except StepTimedOut as error:
        log = watch.result()["log"]
        error.code, error.log_excerpt = f"{step}-timed-out", criu.excerpt(log)
        error.log = _kept(step, log)
        raise
    finally:
        watch.close()
    if tries[-1].status != 0:
        raise _explained(tries[-1], seen["log"], step)
    times = {"start_ns": tries[0].start_ns, "end_ns": tries[-1].end_ns}
    return {**seen, **times, "tries": len(tries)}


def _explained(ran: Ran, log: str, step: str) -> StepFailed:
    """`criu failed: type NOTIFY` says nothing: the log's first real error line comes first."""
    log = log or _named_log(ran.err)
    first = criu.first_error(log)
    error = failed(ran, code=f"{step}-failed", excerpt=criu.excerpt(log))
    error.message = f"{first} — {error.message}" if first else error.message
    error.log = _kept(step, log)
    return error


def _kept(step: str, log: str) -> dict[str, Any] | None:
    """The log to send along with an error: its end."""
    if not log:
        return None
    text = log[-LOG_CHARACTERS_KEPT:]
    return {"name": f"{step}.log", "text": text, "truncated": len(text) < len(log)}


def _named_log(message: str) -> str:
    path = runc.criu_log_path(message)
    try:
        return Path(path).read_text(errors="replace") if path else ""
    except OSError:
        return ""


def size_of(folder: Path) -> int:
    """Bytes of the files below folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
