"""Which fault is put in at which moment of which strategy: a table of cases, made by rule."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from migrations_app.engine import (
    Event,
    PagesArrived,
    PhaseEnded,
    PhaseName,
    PhaseStarted,
    Strategy,
    WorkloadKind,
)

from ..traps import cut

FOR_A_WHILE_S, FOR_GOOD_S = 3, 45  # longer than any limit of these jobs: nobody waits for it
HOSTSIDE, LAZY = "'hostside-.*py[z]'", "'criu lazy-page[s]'"  # not the shell that says it
FILLER = "/dev/shm/filler"
ROOM = "$(df --output=avail -B1 /dev/shm | tail -1)"


class Moment(StrEnum):
    """When it breaks, in the order in which it comes."""

    PREPARE = "prepare"
    ROUND = "first round sent"
    ARMED = "armed"
    DUMP = "dump"
    TRANSFER = "transfer"
    SENDING = "image half sent"
    RESTORE = "restore"
    ASKED = "target asked"
    PAGES = "pages follow"
    VERIFY = "verify"
    CLEAN_UP = "clean-up"


@dataclass(frozen=True)
class Fault:
    """A command on one host; `undo` when the job has ended, where it does not undo itself."""

    name: str
    side: str  # a: the source's host, b: the target's
    command: str
    undo: str = "true"
    only: WorkloadKind | None = None
    ends_original: bool = False  # and nobody could do anything about it
    resets: bool = False  # the host itself: it is booted again when the job has ended


@dataclass(frozen=True)
class Case:
    strategy: Strategy
    kind: WorkloadKind
    moment: Moment
    fault: Fault

    def __str__(self) -> str:
        words = (self.strategy, self.kind, self.moment.replace(" ", "-"), self.fault.name)
        return "_".join(words)


# Moments that the controller sees; the others pass inside the stop window, without it.
SEEN: dict[Moment, Callable[[Event], bool]] = {
    Moment.PREPARE: lambda event: _began(event, PhaseName.PREPARE),
    Moment.ROUND: lambda event: _ended(event, PhaseName.PRE_COPY),
    Moment.ARMED: lambda event: _ended(event, PhaseName.ARM),
    Moment.DUMP: lambda event: _began(event, PhaseName.DUMP),
    Moment.TRANSFER: lambda event: _began(event, PhaseName.TRANSFER),
    Moment.RESTORE: lambda event: _began(event, PhaseName.RESTORE),
    Moment.PAGES: lambda event: isinstance(event, PagesArrived) and event.bytes > 0,
    Moment.VERIFY: lambda event: _began(event, PhaseName.VERIFY),
    Moment.CLEAN_UP: lambda event: _began(event, PhaseName.CLEAN_UP),
}


def _began(event: Event, name: PhaseName) -> bool:
    return isinstance(event, PhaseStarted) and event.name == name


def _ended(event: Event, name: PhaseName) -> bool:
    return isinstance(event, PhaseEnded) and event.name == name


def moments_of(strategy: Strategy) -> list[Moment]:
    """Those that a job by this strategy passes."""
    if not strategy.by_hand_over:
        own = [Moment.DUMP, Moment.TRANSFER, Moment.RESTORE]
    else:
        rounds = [Moment.ROUND] if strategy.in_rounds else []
        # Post-copy sends next to nothing before it asks.
        window = [Moment.ASKED, Moment.PAGES] if strategy.lazy else [Moment.SENDING, Moment.ASKED]
        own = [*rounds, Moment.ARMED, *window]
    return [Moment.PREPARE, *own, Moment.VERIFY, Moment.CLEAN_UP]


def _killed(what: str, pattern: str, only: WorkloadKind | None = None) -> Iterator[Fault]:
    for side, host in (("a", "source"), ("b", "target")):
        command = f"pkill --signal KILL {pattern} || true"
        yield Fault(f"{what}-killed-on-{host}", side, command, only=only)


def _cut(name: str, side: str, rules: tuple[str, ...], seconds: int) -> Fault:
    """The rules heal by themselves: whoever is cut off cannot be told to."""
    both = f"{cut('input', rules[0])} && {cut_again('output', rules[1])}"
    heal = "nft delete table inet cut"
    return Fault(
        f"{name}-for-{'good' if seconds == FOR_GOOD_S else f'{seconds}-s'}",
        side,
        f"({both}; sleep {seconds}; {heal}) >/dev/null 2>&1 </dev/null &",
        "nft delete table inet cut 2>/dev/null || true",
    )


def cut_again(hook: str, rule: str) -> str:
    """A second chain in the table that `cut` has made."""
    chain = f"add chain inet cut {hook} {{ type filter hook {hook} priority -10; }}"
    return f"nft '{chain}; add rule inet cut {hook} {rule}'"


def faults(other: str, controller: str) -> list[Fault]:
    """All that can be done by a command on a host; `other`: the source's address."""
    container = WorkloadKind.CONTAINER
    between = (f"ip saddr {other} drop", f"ip daddr {other} drop")
    from_us = (f"ip saddr {controller} drop", f"ip daddr {controller} drop")
    # In a smaller one it is done at once; what lies there already stays.
    fill = f"mount -o remount,size=1G /dev/shm && fallocate -l $(({ROOM} - 1048576)) {FILLER}"
    empty = f"rm -f {FILLER}; mount -o remount,size=50% /dev/shm"
    # It gives up a service that was killed several times within a minute.
    docker = "systemctl reset-failed 'docker.s*'; systemctl start docker.socket docker.service"
    return [
        *_killed("hostside", f"--full {HOSTSIDE}"),
        *_killed("criu", "--exact criu"),
        *_killed("runc", "--exact runc", container),
        *(
            Fault(
                f"dockerd-killed-on-{host}",
                side,
                KILL_DOCKERD,
                docker,
                container,
                ends_original=host == "source",
            )
            for side, host in (("a", "source"), ("b", "target"))
        ),
        *(
            _cut("cut-between-hosts", "b", between, seconds)
            for seconds in (FOR_A_WHILE_S, FOR_GOOD_S)
        ),
        *(
            _cut(f"cut-controller-from-{host}", side, from_us, seconds)
            for side, host in (("a", "source"), ("b", "target"))
            for seconds in (FOR_A_WHILE_S, FOR_GOOD_S)
        ),
        Fault("memory-full-on-source", "a", fill, empty),
        Fault("memory-full-on-target", "b", fill, empty),
        Fault("disk-full-on-source", "a", FILL_DISK, EMPTY_DISK),
        Fault("disk-full-on-target", "b", FILL_DISK, EMPTY_DISK),
        Fault("source-reset", "a", RESET, ends_original=True, resets=True),
        Fault("target-reset", "b", RESET, resets=True),
    ]


# At once, as without power: nothing is ended in order, and what is in memory is gone.
RESET = "(sleep 0.02; systemctl reboot --force --force) >/dev/null 2>&1 </dev/null &"
# Jobs keep their journals there, and cold ones their images. In the cases that fill it it is a
# small one: all lab hosts share the disk of this machine.
JOBS = "/var/lib/migration-lab/jobs"
DISK_FILLER = f"{JOBS}/.filler"
FILL_DISK = f"dd if=/dev/zero of={DISK_FILLER} bs=4k 2>/dev/null || true"
EMPTY_DISK = f"rm -f {DISK_FILLER}"
SMALL_DISK = f"mkdir -p {JOBS} && mount -t tmpfs -o size=64M,mode=0700 tmpfs {JOBS}"
BIG_DISK = f"umount {JOBS}"


KILL_DOCKERD = "pkill --signal KILL --exact dockerd || true"


def cases(every_fault: list[Fault]) -> Iterator[Case]:
    """Strategy by strategy, both kinds, in the order of the moments."""
    for strategy, kind in itertools.product(Strategy, WorkloadKind):
        for moment, fault in itertools.product(moments_of(strategy), every_fault):
            if fault.only in (None, kind):
                yield Case(strategy, kind, moment, fault)
