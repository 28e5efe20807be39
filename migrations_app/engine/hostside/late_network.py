"""Open connections where Docker attaches the network only after the restore: from Docker 28 on.

CRIU needs a socket's address, and a way to its peer, when it restores a connection. So the
container is armed with a namespace of ours that has both on `lo`. When all is restored but nothing
runs yet, our runtime's `create` ends; Docker attaches the network to what is there, and calls
`start`; then what was on `lo` is taken away, and CRIU may go on. The two calls of the runtime and
this program meet at two fifos in the armed folder (runtime.sh):

    up        -> the pid of what was restored; or, from the runtime itself, `end` when that failed
    attached  <- Docker has called `start`
"""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Sequence
from pathlib import Path

from ..errors import StepFailed, StepTimedOut
from . import silence
from .run import Runner, holding_namespace

UP, ATTACHED, NAMESPACE = "up", "attached", "namespace"
ADDRESSES = "MIGRATION_LAB_ADDRESSES"  # in the environment of our runtime
# With the last of all metrics: a way of Docker's comes before it.
MAKE = """
ip link set lo up
for one; do
    case $one in *:*) set -- -6 nodad ;; *) set -- -4 '' ;; esac
    ip address add "$one" dev lo $2 &&
        ip $1 route add default dev lo metric 4294967295 || exit 1
done
"""
TAKE = """
for one; do
    case $one in *:*) set -- -6 ;; *) set -- -4 ;; esac
    ip $1 route del default dev lo metric 4294967295
    ip address del "$one" dev lo
done
"""


def make_namespace(armed: Path, addresses: Sequence[str], silent: str) -> str:
    """A silent network namespace with these addresses on `lo`; the file that keeps it.

    Raises StepFailed.
    """
    file, runner = armed / NAMESPACE, Runner()
    file.touch()
    with holding_namespace() as pid:
        namespace = silence.of_process(pid)
        silence.silence(namespace, silent, runner, must=True)
        runner(["nsenter", f"--net={namespace}", "sh", "-c", MAKE, "sh", *addresses])
        runner(["mount", "--bind", namespace, str(file)])
    return str(file)


def forget(armed: Path) -> None:
    """The file keeps the namespace no longer: what was restored does, if anything was."""
    file = armed / NAMESPACE
    if file.exists():
        Runner()(["umount", "--lazy", str(file)], check=False)


class Meeting:
    """This program's ends of both fifos; made before Docker is told to start."""

    def __init__(self, armed: Path) -> None:
        for name in (UP, ATTACHED):
            os.mkfifo(armed / name, 0o600)
        # For both ways, so that opening waits for nobody.
        self._up, self._attached = (
            os.open(armed / name, os.O_RDWR | os.O_NONBLOCK) for name in (UP, ATTACHED)
        )

    def attach(self, pid: int, limit_s: float) -> None:
        """Have Docker attach the network to the process. Raises StepFailed, StepTimedOut."""
        try:
            os.write(self._up, f"{pid}\n".encode())
            ready, _, _ = select.select([self._attached], [], [], limit_s)
        except OSError as error:
            raise StepFailed(f"the runtime is gone: {error}", code="restore-failed") from error
        if not ready:
            message = "Docker did not attach the network in time"
            raise StepTimedOut(message, code="restore-timed-out")

    def close(self) -> None:
        for descriptor in (self._up, self._attached):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def take_stand_in(namespace: str, addresses: Sequence[str]) -> None:
    """The network is there: what stood in for it goes."""
    Runner()(["nsenter", f"--net={namespace}", "sh", "-c", TAKE, "sh", *addresses], check=False)
