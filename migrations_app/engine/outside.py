"""The outside view: a client on a host that has no part in the migration, and what it saw of it.

The client's moments are on its host's clock. That clock is compared with the controller's as those
of source and target are (clocks.py), so a gap's place on the run's scale is known to half a round
trip; its length needs no comparison.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .clocks import HostClock, measure
from .errors import EngineError, StepTimedOut
from .hosts.base import Host, call
from .plan import ProofKind
from .report import Proof
from .run import Run

HEARD_S = 10.0  # within which a client that can be answered is
CHECK_S = 60.0  # within which it has looked at all that it knows
BEFORE_MS = 1000.0  # of the time before the freeze that is looked at, too
_LOOK_S = 0.05
COUNTED = ("received", "written", "lost", "doubled", "wrong", "failed", "connections")


@dataclass
class Outside:
    """A client of the workload; one per run."""

    host: Host
    name: str  # the workload's: by it a client that runs already is found
    kind: str  # of the workload (catalogue.py)
    port: int
    values: Mapping[str, int] = field(default_factory=dict)  # the workload's
    clock: HostClock | None = None
    begun: bool = False  # for this run, and not before
    before: Mapping[str, Any] = field(default_factory=dict)  # its counts when the run began

    def begin(self, run: Run, address: str | None) -> None:
        """While the workload still runs. What fails is a warning: the run goes on without."""
        if not run.plan.tcp_established:
            run.warnings.append("client-unseen: open connections do not come along in this run")
            return
        if address is None:
            run.warnings.append("client-unseen: the workload has no address of its own")
            return
        try:
            clock = measure(self.host)
            self.begun = self._started(address)
            seen = self._heard_since(call(self.host, "clock")["monotonic_ns"])
            self.before = self._checked(seen["state"])
            self.clock = clock
        except EngineError as error:
            run.warnings.append(f"client-unseen: {error.message}")

    def _started(self, address: str) -> bool:
        """Whether it was started now, and was not there before."""
        params = {
            "name": self.name,
            "kind": self.kind,
            "address": address,
            "port": self.port,
            "values": dict(self.values),
        }
        return bool(call(self.host, "client_start", params)["begun"])

    def end(self, run: Run) -> dict[str, Any] | None:
        """What it saw, for the report (docs/report.md, `client`); None where it could not."""
        if self.clock is None:
            self._stop(run)
            return None
        try:
            now = call(self.host, "clock")["monotonic_ns"]
            seen = self._heard_since(now, since_ns=self._since(run), **self._window(run))
            state = self._last_state(run, seen["state"])
            return self._told(run, self.clock, seen, state)
        except EngineError as error:
            run.warnings.append(f"client-unseen: {error.message}")
            return None
        finally:
            self._stop(run)

    def _last_state(self, run: Run, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """After a check of all that it knows; `kept` is null where that did not come about."""
        try:
            return self._checked(state)
        except EngineError as error:
            run.warnings.append(f"client-unchecked: {error.message}")
            return {**state, "kept": None}

    def _checked(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its state once it has looked at all that it knows; as it is where its kind can't."""
        if "checks" not in state:
            return state
        before = call(self.host, "client_check", {"name": self.name})["checks"]
        seen = self._look_until(lambda seen: seen["state"]["checks"] > before, CHECK_S)
        found: Mapping[str, Any] = seen["state"]
        return found

    def _since(self, run: Run) -> int:
        """On its host's clock: a while before the freeze, or the start of the run."""
        begin_ms = 0.0 if run.frozen_ms is None else max(0.0, run.frozen_ms - BEFORE_MS)
        return self._theirs_ns(run, begin_ms)

    def _window(self, run: Run) -> dict[str, int]:
        """The stop window on its host's clock; {} where it is not known."""
        frozen_ms, stop_ms = run.frozen_ms, run.metrics.get("stop_time_ms")
        if frozen_ms is None or stop_ms is None:
            return {}
        ends = {"frozen_ns": frozen_ms, "resumed_ns": frozen_ms + stop_ms}
        return {name: self._theirs_ns(run, at_ms) for name, at_ms in ends.items()}

    def _theirs_ns(self, run: Run, at_ms: float) -> int:
        assert self.clock is not None
        return run.timeline.ours_ns(at_ms) + self.clock.offset_ns

    def _heard_since(
        self, moment: int, since_ns: int | None = None, **window: int
    ) -> dict[str, Any]:
        """What it saw, once it was answered after the moment: a gap must have ended to be known."""
        return self._look_until(
            lambda seen: seen["last_ns"] is not None and seen["last_ns"] > moment,
            HEARD_S,
            since_ns or moment,
            **window,
        )

    def _look_until(
        self,
        enough: Callable[[dict[str, Any]], bool],
        limit_s: float,
        since_ns: int = 2**61,
        **window: int,
    ) -> dict[str, Any]:
        deadline = time.monotonic() + limit_s
        params = {"name": self.name, "since_ns": since_ns, "until_ns": 2**62, **window}
        while time.monotonic() < deadline:
            seen = call(self.host, "client_look", params)
            if enough(seen):
                return seen
            time.sleep(_LOOK_S)
        raise StepTimedOut("the client outside hears nothing", code="client-silent")

    def _told(
        self, run: Run, clock: HostClock, seen: Mapping[str, Any], state: Mapping[str, Any]
    ) -> dict[str, Any]:
        gaps = [
            {
                "start_ms": run.timeline.of_ours(clock.to_ours(start)),
                "duration_ms": (end - start) / 1e6,
            }
            for start, end in seen["gaps"]
        ]
        counts = {name: _since(self.before, state, name) for name in COUNTED}
        if gaps:
            run.metrics["client_gap_ms"] = max(gap["duration_ms"] for gap in gaps)
        return {
            "host": self.host.name,
            "kind": self.kind,
            **counts,
            "kept": state.get("kept"),
            "latency": seen["latency"],
            "usual_gap_ms": seen["usual_ms"],
            "gaps": gaps,
            "uncertainty_ms": clock.uncertainty_ns / 1e6,
        }

    def _stop(self, run: Run) -> None:
        """One that was there before the run goes on after it."""
        if not self.begun:
            return
        try:
            call(self.host, "client_stop", {"name": self.name})
        except EngineError as error:
            run.warnings.append(f"client-not-ended: {error.message}")


def _since(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> int | None:
    """In the run alone; None for what this kind of client does not count."""
    return after[name] - before.get(name, 0) if name in after else None


def intact(seen: Mapping[str, Any]) -> bool | None:
    """Whether nothing was lost; None where that could not be looked at.

    A stream is one connection. Data are what they are, over however many it was asked for.
    """
    if seen["lost"] or seen["doubled"] or seen["wrong"] or seen["failed"]:
        return False
    if seen["kind"] == "redis":
        return True if seen["kept"] else None
    return not seen["connections"]


def words(seen: Mapping[str, Any]) -> str:
    """For the proof."""
    if seen["kind"] == "redis":
        kept = "an unknown number of" if seen["kept"] is None else seen["kept"]
        return (
            f"{seen['written']} writes of the client outside were acknowledged; {kept} keys right,"
            f" {seen['lost']} lost, {seen['wrong']} wrong, {seen['connections']} new connections"
        )
    wrong = f" {seen['wrong']} damaged, {seen['failed']} failed," if seen["kind"] == "http" else ""
    return (
        f"the client outside got {seen['received']} answers, {seen['lost']} lost,"
        f" {seen['doubled']} doubled,{wrong} {seen['connections']} new connections"
    )


def judged(proof: Proof, seen: Mapping[str, Any]) -> Proof:
    """With the client's word: the only one where nothing else can tell, else one more."""
    fine = intact(seen)
    if proof.kind == ProofKind.CLIENT:
        return replace(proof, detail=words(seen), passed=fine)
    if proof.passed is None:
        return proof
    detail = f"{proof.detail}; {words(seen)}"
    return replace(proof, detail=detail, passed=proof.passed and fine is not False)
