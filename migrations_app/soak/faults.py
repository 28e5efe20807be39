"""What the soak breaks, at a phase that chance chooses, by a command on one of the hosts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from migrations_app.bench.errors import StepByHandFailed
from migrations_app.bench.stage import Station
from migrations_app.engine import Event, PhaseStarted
from migrations_app.engine.report import PhaseName, Side

CUT_S = 3
# Both ends of everything between the hosts; the controller still reaches them.
CUT = (
    "nft 'add table inet cut; add chain inet cut input { type filter hook input priority -10; }; "
    'add rule inet cut input iifname "host0" ip saddr != %(controller)s meta l4proto tcp drop\'; '
    f"(sleep {CUT_S}; nft delete table inet cut) >/dev/null 2>&1 </dev/null &"
)


class Fault(StrEnum):
    SOURCE_PROGRAM_KILLED = "the source's hostside program is killed"
    TARGET_PROGRAM_KILLED = "the target's hostside program is killed"
    SOURCE_CRIU_KILLED = "CRIU is killed on the source"
    TARGET_CRIU_KILLED = "CRIU is killed on the target"
    LINK_CUT = f"the link is cut for {CUT_S} s"


_KILL_PROGRAM = "pkill -KILL -f migration-lab/hostside || true"
_KILL_CRIU = "pkill -KILL -x criu || true"
_ACTIONS: Mapping[Fault, tuple[Side, str]] = {
    Fault.SOURCE_PROGRAM_KILLED: (Side.SOURCE, _KILL_PROGRAM),
    Fault.TARGET_PROGRAM_KILLED: (Side.TARGET, _KILL_PROGRAM),
    Fault.SOURCE_CRIU_KILLED: (Side.SOURCE, _KILL_CRIU),
    Fault.TARGET_CRIU_KILLED: (Side.TARGET, _KILL_CRIU),
    Fault.LINK_CUT: (Side.TARGET, CUT),
}
# At these the controller is told of a beginning early enough to break what follows.
PHASES = (PhaseName.PREPARE, PhaseName.PRE_COPY, PhaseName.ARM, PhaseName.FREEZE, PhaseName.PAGES)


@dataclass
class Breaker:
    """An observer of the engine's that does its fault at its phase, once."""

    fault: Fault
    phase: PhaseName
    stations: Mapping[Side, Station]
    controller: str  # the address by which the hosts see us
    done: bool = False
    trouble: str | None = None

    def __call__(self, event: Event) -> None:
        if self.done or not isinstance(event, PhaseStarted) or event.name is not self.phase:
            return
        self.done = True
        side, command = _ACTIONS[self.fault]
        try:
            self.stations[side].shell.run(command.replace("%(controller)s", self.controller))
        except StepByHandFailed as error:
            self.trouble = str(error)

    def __str__(self) -> str:
        return f"{self.fault} at {self.phase}"


def drawn(
    chance: random.Random, one_in: int, stations: Mapping[Side, Station], controller: str
) -> Breaker | None:
    """A fault at a phase, once in `one_in` draws; 0: never."""
    if one_in == 0 or chance.randrange(one_in):
        return None
    return Breaker(chance.choice(list(Fault)), chance.choice(PHASES), stations, controller)
