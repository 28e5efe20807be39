"""The soak itself: one workload after the other goes back and forth a few times."""

from __future__ import annotations

import random
import time

from migrations_app.bench.errors import BenchError
from migrations_app.bench.stage import NAME, Stage, Station
from migrations_app.engine import (
    EngineError,
    Strategy,
    WorkloadKind,
    WorkloadRef,
    start_workload,
    stop_workload,
    workload_status,
)
from migrations_app.engine.report import Side
from migrations_app.lab.config import Say

from .faults import drawn
from .moves import Lost, move, said
from .samples import sample_host, sample_self
from .tally import Tally

MOVES = (2, 6)  # of one workload, from and to
MEMORIES_MIB = (1, 16, 64)
DIRTY = (0, 200, 2000)
FIRST_LINE_S = 20.0
STRATEGIES = [strategy for strategy in Strategy if strategy.by_hand_over]


class Soak:
    def __init__(self, stage: Stage, chance: random.Random, one_in: int, say: Say) -> None:
        """one_in: of so many moves one is broken; 0: none."""
        self._stage = stage
        self._chance = chance
        self._one_in = one_in
        self._say = say
        self._began = time.monotonic()
        self.tally = Tally()

    def run(self, until: float) -> None:
        """Until this moment of the monotonic clock; a workload's way is finished first."""
        before = {station.host.name: station.look() for station in self._stage.stations}
        while time.monotonic() < until:
            try:
                self._one_workload()
            except (Lost, EngineError, BenchError) as error:
                self.tally.lost.append(f"{self._minute():.1f} min: {_words(error)}")
                self._say(f"LOST {_words(error)}")
            self._look_for_leftovers(before)
            self._take_samples()

    def _minute(self) -> float:
        return (time.monotonic() - self._began) / 60

    def _one_workload(self) -> None:
        here, there = self._chance.sample(self._stage.stations, 2)
        kind = self._chance.choice(list(WorkloadKind))
        ref = self._started(here, kind)
        for _ in range(self._chance.randint(*MOVES)):
            ref, here, there = self._moved(ref, here, there)
        stop_workload(here.host, ref)

    def _started(self, station: Station, kind: WorkloadKind) -> WorkloadRef:
        type_name = self._chance.choice(["counter", "memory"])
        values = {"interval_ms": 10}
        if type_name == "memory":
            values["memory_mib"] = self._chance.choice(MEMORIES_MIB)
            values["dirty_pages_per_s"] = self._chance.choice(DIRTY)
        ref = start_workload(station.host, kind=kind, name=NAME, type_name=type_name, values=values)
        deadline = time.monotonic() + FIRST_LINE_S
        while not workload_status(station.host, ref).last_line:
            if time.monotonic() > deadline:
                raise Lost(f"a new {type_name} on {station.host.name} prints nothing")
            time.sleep(0.05)
        return ref

    def _moved(
        self, ref: WorkloadRef, here: Station, there: Station
    ) -> tuple[WorkloadRef, Station, Station]:
        hosts = {Side.SOURCE: here, Side.TARGET: there}
        strategy = self._chance.choice(STRATEGIES)
        breaker = drawn(self._chance, self._one_in, hosts, self._controller())
        result, after, side = move(ref, strategy, hosts, breaker)
        fault = str(breaker) if breaker and breaker.done else None
        self.tally.add(ref.kind, strategy, fault, result)
        words = [f"{self._minute():5.1f} min  {ref.kind}, {strategy}: {result.outcome}"]
        words += [result.code] if result.code else []
        words += [f"({fault})"] if fault else []
        self._say("  ".join(words))
        return after, hosts[side], here if hosts[side] is there else there

    def _controller(self) -> str:
        """Our address in the lab: the first of its subnet."""
        host = self._stage.target.shell.run("echo $SSH_CONNECTION").split()
        return host[0]

    def _look_for_leftovers(self, before: dict[str, frozenset[str]]) -> None:
        """What a workload's moves have left, then it is swept away: the next starts clean."""
        for station in self._stage.stations:
            found = station.look() - before[station.host.name]
            self.tally.left += [
                f"{self._minute():.1f} min, {station.host.name}: {one}" for one in sorted(found)
            ]
            station.sweep()

    def _take_samples(self) -> None:
        minute = self._minute()
        self.tally.samples += [sample_self(minute)]
        self.tally.samples += [sample_host(one, minute) for one in self._stage.stations]


def _words(error: Exception) -> str:
    return said(error) if isinstance(error, (EngineError, Lost)) else str(error)
