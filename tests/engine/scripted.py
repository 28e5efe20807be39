"""A host of our own behind the engine's seam (hosts/base.py): it answers from a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from migrations_app.engine.errors import NotPossible
from migrations_app.engine.hosts.base import Answer

Result = Mapping[str, Any]
Reply = Result | Exception | Callable[[Mapping[str, Any]], Result]


class ScriptedHost:
    """Each verb has a result, an exception to raise, or a function of the parameters.

    `calls` is what it was asked: (verb, params) in their order. A verb that is not in the table
    is refused, as the hostside program refuses one that it does not know.
    """

    def __init__(self, replies: Mapping[str, Reply], name: str = "scripted") -> None:
        self.name = name
        self.address = "127.0.0.1"
        self.replies = dict(replies)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.closed = False

    def ask(self, verb: str, params: Mapping[str, Any], *, timeout_s: float) -> Answer:
        self.calls.append((verb, dict(params)))
        reply = self.replies.get(verb)
        if reply is None:
            raise NotPossible(f"no such verb: {verb}", code="bad-request")
        if isinstance(reply, Exception):
            raise reply
        return Answer(dict(reply(params) if callable(reply) else reply))

    def close(self) -> None:
        self.closed = True

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.calls]
