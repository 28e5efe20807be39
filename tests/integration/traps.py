"""Faults that hit inside a stop window: a trap waits on a host for its moment, then springs.

An observer of the engine's is told of phases too late for that: from the freeze to the target's
answer nothing passes through the controller. So a small program on the host itself watches the
job's journal and images there, as they come about.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import dedent

from migrations_app.engine import Event, PhaseEnded, SshHost

from .conftest import Pair

SCRIPT = """\
import glob, json, os, signal, subprocess, sys, time

def journal():
    for name in glob.glob("/var/lib/migration-lab/jobs/*/journal.json"):
        try:
            with open(name) as file:
                return json.load(file)
        except (OSError, ValueError):
            continue
    return {{}}

def arrived(size):
    found = glob.glob("/dev/shm/migration-lab/*/images/pages-*")
    return any(os.path.getsize(one) >= size for one in found)

def runs(name):
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path) as file:
                if file.read().strip() == name:
                    return True
        except OSError:
            continue
    return False

def shell(command):
    subprocess.run(command, shell=True, check=True)

end = time.monotonic() + 60
while not ({moment}):
    if time.monotonic() > end:
        sys.exit("the moment never came")
    time.sleep(0.0005)
{action}
print("sprung", flush=True)
"""
LOG = "/run/trap.log"
# Moments, on the target.
ARMED = "journal().get('hand_over') == 'target'"
RECEIVING = "arrived(1 << 20)"
CRIU_WAITS = f"{ARMED} and runs('criu')"
ASKED = "journal().get('hand_over') == 'target' and journal().get('asked')"


@contextmanager
def trap(
    pair: Pair, host: SshHost, moment: str, action: str, *, limit_s: float = 5
) -> Iterator[None]:
    """`action` (Python) is done on the host at the moment; asserts at the end that it was.

    limit_s: how long that may still take when the body has ended.
    """
    spring(pair, host, moment, action)
    yield
    deadline = time.monotonic() + limit_s
    while "sprung" not in (said := pair.run(host, f"cat {LOG}")):
        assert time.monotonic() < deadline, f"the trap did not spring: {said}"
        time.sleep(0.1)


def spring(pair: Pair, host: SshHost, moment: str, action: str) -> None:
    """Sets the trap, and leaves it to itself."""
    script = shlex.quote(SCRIPT.format(moment=moment, action=dedent(action)))
    pair.run(host, f"setsid nohup python3 -c {script} >{LOG} 2>&1 </dev/null &")


HELD, GO_ON = "/run/trap-holds", "/run/trap-goes-on"
HOLD = f"""
keeper = journal()["keeper"][0]
os.kill(keeper, signal.SIGSTOP)
open({HELD!r}, "w").close()
while not os.path.exists({GO_ON!r}) and time.monotonic() < end:
    time.sleep(0.005)
os.kill(keeper, signal.SIGCONT)
"""


@contextmanager
def held_at(pair: Pair, host: SshHost, moment: str, begin: Callable[[], object]) -> Iterator[None]:
    """Begin something, and have the body while the host's program stands still at that moment."""
    pair.run(host, f"rm -f {HELD} {GO_ON}")
    with trap(pair, host, moment, HOLD, limit_s=30):
        begin()
        try:
            wait = f"for i in $(seq 1200); do test -e {HELD} && exit; sleep 0.05; done; exit 1"
            pair.run(host, wait, limit_s=90)
            yield
        finally:
            pair.run(host, f"touch {GO_ON}")


def signal_program(name: str) -> str:
    """An action: a signal to the hostside program that carries out the job."""
    return f"os.kill(journal()['keeper'][0], signal.{name})"


def shell(command: str) -> str:
    return f"shell({command!r})"


def cut(hook: str, *rules: str) -> str:
    """A command: the host's firewall treats what comes in or goes out by these rules."""
    table = ["add table inet cut"]
    table.append(f"add chain inet cut {hook} {{ type filter hook {hook} priority -10; }}")
    table += [f"add rule inet cut {hook} {rule}" for rule in rules]
    return f"nft '{'; '.join(table)}'"


HEAL = "nft delete table inet cut"


class AtArm:
    """An observer that types a command on a host when the target is armed: not yet frozen."""

    def __init__(self, pair: Pair, host: SshHost, command: str) -> None:
        self._what = (pair, host, command)
        self.done = False

    def __call__(self, event: Event) -> None:
        pair, host, command = self._what
        if not self.done and isinstance(event, PhaseEnded) and event.name == "arm":
            pair.run(host, command)
            self.done = True
