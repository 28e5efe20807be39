"""What can go wrong in a migration, as one tree.

    EngineError
    ├── HostError                the host itself: nothing on it was touched by the call
    │   ├── HostUnreachable      no connection, or no answer in time
    │   ├── HostKeyMismatch      the host shows another key than the pinned one
    │   ├── HostAuthRefused      the host does not take our key
    │   └── HostSessionLost      the session broke while a call was under way: state unknown
    ├── NotPossible              refused before anything was touched; says why and what to do
    └── StepFailed               a step on a host ended with a definite failure
        ├── StepTimedOut         a step did not end in its time; it was ended by the host
        └── WorkloadEnded        the workload ended by itself: it is nowhere, and left no image

Every error has a `code` (stable, kebab-case, translated by the site), a `message` in English for
logs and the command line, and where a tool wrote one, a `log_excerpt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class EngineError(Exception):
    """The root; `code` is what the site translates and documents."""

    code = "engine-error"

    def __init__(
        self, message: str, *, code: str | None = None, log_excerpt: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.log_excerpt = log_excerpt
        # What the host ran before it failed, where it could still say so, and the tool's log:
        # {"name", "text", "truncated"}.
        self.commands: tuple[Mapping[str, Any], ...] = ()
        self.log: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return self.message  # what was learned of it since counts, too


class HostError(EngineError):
    code = "host-error"


class HostUnreachable(HostError):
    code = "host-unreachable"


class HostKeyMismatch(HostError):
    code = "host-key-mismatch"


class HostAuthRefused(HostError):
    code = "host-auth-refused"


class HostSessionLost(HostError):
    code = "host-session-lost"


class NotPossible(EngineError):
    code = "not-possible"


class StepFailed(EngineError):
    code = "step-failed"


class StepTimedOut(StepFailed):
    code = "step-timed-out"


class WorkloadEnded(StepFailed):
    code = "workload-ended"
