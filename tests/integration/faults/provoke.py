"""Putting a fault in at its moment: by what the controller sees, or by a trap on the host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from migrations_app import lab
from migrations_app.engine import Event, SshHost, prepare_host
from migrations_app.engine.events import Observer
from migrations_app.lab import machine

from ..conftest import Pair, said
from ..traps import ARMED, shell, spring, trap
from .cases import SEEN, Case, Moment

# On either host: its journal says which half of the hand-over it has.
HANDING_OVER = "journal().get('hand_over')"
ASKED = f"{HANDING_OVER} and journal().get('asked')"
SENDING = "arrived(1 << 16)"  # after rounds there is little left to send
HIDDEN = {Moment.SENDING: f"{HANDING_OVER} and {SENDING}", Moment.ASKED: ASKED}
# What `reboot --force --force` does, without starting a program for it.
RESET_AT_ONCE = "import ctypes; ctypes.CDLL(None).reboot(0x01234567)"
CUT_BEGINS_S = 0.5  # it is begun in the background, since it cuts off whoever asks for it
BEFORE_RESET = "/run/before-reset"
__all__ = ["ARMED", "provoked"]


class _OnEvent:
    """An observer that types the command when it sees the moment."""

    def __init__(self, pair: Pair, case: Case) -> None:
        self._pair, self._case = pair, case
        self.done = False

    def __call__(self, event: Event) -> None:
        if not self.done and SEEN[self._case.moment](event):
            self.done = True
            host = host_of(self._pair, self._case)
            self._pair.run(host, self._case.fault.command)
            if self._case.fault.name.startswith("cut-"):
                time.sleep(CUT_BEGINS_S)
            if self._case.fault.resets:
                _wait_until_gone(self._pair, host)


def _wait_until_gone(pair: Pair, host: SshHost) -> None:
    """So that the job goes on with a host that is surely off."""
    place = pair.config.place_named(host.name)
    deadline = time.monotonic() + 10
    while machine.is_running(pair.config, place):
        assert time.monotonic() < deadline, f"{host.name} was not reset"
        time.sleep(0.01)


def host_of(pair: Pair, case: Case) -> SshHost:
    return pair.a if case.fault.side == "a" else pair.b


@contextmanager
def provoked(pair: Pair, case: Case) -> Iterator[Observer]:
    """An observer to migrate with; asserts at the end that the fault was put in."""
    if case.fault.resets:
        with _reset(pair, case) as observer:
            yield observer
        return
    if case.moment in SEEN:
        on_event = _OnEvent(pair, case)
        yield on_event
        assert on_event.done, f"the moment never came: {case.moment}"
        return
    host = host_of(pair, case)
    with trap(pair, host, HIDDEN[case.moment], shell(case.fault.command), limit_s=60):
        yield lambda event: None


@contextmanager
def _reset(pair: Pair, case: Case) -> Iterator[Observer]:
    """The host is gone until the job has ended, and is booted then with what its disk has."""
    host = host_of(pair, case)
    pair.run(host, f"touch {BEFORE_RESET}")
    if case.moment in SEEN:
        yield _OnEvent(pair, case)
    else:
        spring(pair, host, HIDDEN[case.moment], RESET_AT_ONCE)
        yield lambda event: None
    lab.up(pair.config, said)
    prepare_host(host)
    assert pair.run(host, f"ls {BEFORE_RESET} 2>/dev/null || true") == "", "it was not reset"
