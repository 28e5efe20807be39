"""The seam between the engine and a host: call a verb, get its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Answer:
    """What a verb returned, and the commands it ran: argv, status, start_ns, end_ns."""

    result: dict[str, Any]
    commands: tuple[Mapping[str, Any], ...] = field(default=())


class Host(Protocol):
    """A machine on which the hostside program answers.

    `name` is a label for people, `address` is where other hosts reach it.
    """

    name: str
    address: str

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        """Call a verb and wait for its answer.

        Raises NotPossible or StepFailed as the verb said (with `commands` set on the error),
        HostUnreachable when there is no session and none can be opened, and HostSessionLost when
        it broke before the answer came: then it is not known what the host did.
        """

    def close(self) -> None:
        """End the session; the host finishes what it has begun."""


def call(
    host: Host, verb: str, params: Mapping[str, Any] | None = None, *, timeout_s: float = 30
) -> dict[str, Any]:
    """`ask` for those who do not want the commands."""
    return host.ask(verb, params or {}, timeout_s=timeout_s).result
