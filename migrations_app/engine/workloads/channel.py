"""The controller's part of the data channel: who listens, who may connect, what goes over."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..certificates import make_pair
from ..report import PhaseName, Side
from ..run import Run
from .base import count_sent


@dataclass
class Channel:
    """Opened on the target while the workload still runs; the source sends item by item."""

    run: Run
    files: Sequence[str] = ()  # the only paths that may arrive at their own places

    def __post_init__(self) -> None:
        self._token = secrets.token_hex(16)
        self._pairs = {side: make_pair(f"{self.run.job}-{side}") for side in Side}
        self._port: int | None = None

    def open(self) -> None:
        answer = self._ask(Side.TARGET, PhaseName.PREPARE, "channel_open", files=list(self.files))
        self._port = answer["port"]

    def send(self, phase: PhaseName, item: str, **params: Any) -> dict[str, Any]:
        """Send one item from source to target; bytes, start_ns and end_ns on the source's clock."""
        ask = {"item": item, **self.to_target(), **params}
        sent = self.run.ask(Side.SOURCE, phase, "channel_send", memory=True, **ask)
        count_sent(self.run, sent["bytes"])
        return sent

    def to_target(self) -> dict[str, Any]:
        """What the source needs to connect, and how it is to send."""
        return {
            "address": self.run.hosts[Side.TARGET].address,
            "port": self._port,
            "compression": str(self.run.plan.compression),
            "bandwidth_limit_mbit_s": self.run.plan.bandwidth_limit_mbit_s,
            **self._identity(Side.SOURCE),
        }

    def close(self) -> None:
        self._ask(Side.TARGET, PhaseName.CLEAN_UP, "channel_close")

    def _ask(self, side: Side, phase: PhaseName, verb: str, **params: Any) -> dict[str, Any]:
        return self.run.ask(side, phase, verb, memory=True, **self._identity(side), **params)

    def _identity(self, side: Side) -> dict[str, Any]:
        other = Side.SOURCE if side is Side.TARGET else Side.TARGET
        return {
            "token": self._token,
            "encrypted": self.run.plan.encrypted,
            "certificate": self._pairs[side].certificate,
            "key": self._pairs[side].key,
            "peer": self._pairs[other].certificate,
        }
