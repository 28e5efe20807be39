"""The lab that is measured on: booted when it doesn't run, prepared, and left as it was found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from migrations_app import lab
from migrations_app.engine import Host, SshHost, SshTarget, prepare_host
from migrations_app.lab import shaping
from migrations_app.lab.config import Say

from .cells import Entry
from .errors import BenchNotPossible, StepByHandFailed
from .shell import Shell, script

NAME = "bench"  # of every workload
PREPARE_S = 120.0
SWEEP_S = 120.0


@dataclass(frozen=True)
class Station:
    """One lab host: a session of the engine's, and a shell."""

    host: Host
    shell: Shell
    known_host: str  # its line for known_hosts

    def look(self) -> frozenset[str]:
        """What is there that a trial may leave behind."""
        return frozenset(self.shell.run(script("look")).splitlines())

    def sweep(self) -> None:
        self.shell.run(script("sweep"), NAME, timeout_s=SWEEP_S)


@dataclass
class Stage:
    """Two stations that workloads go between, always from source to target."""

    config: lab.LabConfig
    source: Station
    target: Station
    link_mbit_s: int | None = None

    @property
    def stations(self) -> tuple[Station, Station]:
        return self.source, self.target

    def set_link(self, mbit_s: int | None) -> None:
        """Shapes the link between the hosts; nothing is done when it is so already."""
        if mbit_s == self.link_mbit_s:
            return
        if mbit_s is None:
            shaping.clear(self.config)
        else:
            shaping.shape(self.config, mbit_s)
        self.link_mbit_s = mbit_s

    def set_up_for(self, entry: Entry) -> None:
        self.set_link(entry.cell.link_mbit_s)

    def sweep(self) -> None:
        for station in self.stations:
            station.sweep()


@contextmanager
def staged(config: lab.LabConfig, say: Say, *, own: bool, keep: bool) -> Iterator[Stage]:
    """The lab of this configuration, ready for trials.

    own: nobody else uses it, so it is removed afterwards, and what a killed run left with it;
    another one is stopped if it did not run. keep: leave it running all the same.
    Raises LabError, EngineError, BenchError.
    """
    _require_kind(config)
    ran_before = any(host.running for host in lab.status(config))
    try:
        with ExitStack() as stack:
            yield _prepared(config, lab.up(config, say), stack)
    finally:
        if own and not keep:
            lab.purge(config, say, keep_cache=True)
        elif not ran_before and not keep:
            lab.down(config, say)


def _require_kind(config: lab.LabConfig) -> None:
    """A lab of another kind would be wiped, and it may be somebody's."""
    for place in config.known_places():
        if place.docker != config.kind:
            raise BenchNotPossible(
                f"lab {config.instance} has Docker {place.docker}, not {config.kind}: "
                "name another instance"
            )


def _prepared(config: lab.LabConfig, hosts: list[lab.LabHost], stack: ExitStack) -> Stage:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlab-bench-")))
    source, target = (_station(config, host, folder, stack) for host in hosts[:2])
    stage = Stage(config, source, target)
    stack.callback(shaping.clear, config)
    shaping.clear(config)  # what a killed run left
    _open_way(stage, stack)
    for station in stage.stations:
        prepare_host(station.host)
        station.sweep()
        stack.callback(_try_sweep, station)  # for who interrupts a trial
    return stage


def _station(config: lab.LabConfig, host: lab.LabHost, folder: Path, stack: ExitStack) -> Station:
    shell = Shell(lab.shell_argv(config, host.name), folder / host.name).open()
    stack.callback(shell.close)
    session = stack.enter_context(SshHost(_ssh_target(host)))
    return Station(session, shell, f"{host.name} {host.host_key}")


def _ssh_target(host: lab.LabHost) -> SshTarget:
    return SshTarget(
        name=host.name,
        address=host.address,
        port=host.port,
        user=host.user,
        host_key=host.host_key,
        private_key=host.private_key,
    )


def _open_way(stage: Stage, stack: ExitStack) -> None:
    """Who works by hand may sign in from the source to the target, while the bench runs."""
    source, target = stage.source.shell, stage.target.shell
    prepare = script("prepare")
    key = source.run(prepare, "source", stage.target.known_host, timeout_s=PREPARE_S).strip()
    target.run(prepare, "target", timeout_s=PREPARE_S)
    stack.callback(_try, target, "trust")
    stack.callback(_try, source, "finish")
    target.run(script("trust"), key)


def _try(shell: Shell, name: str) -> None:
    with suppress(StepByHandFailed):  # a host that is gone needs no tidying
        shell.run(script(name))


def _try_sweep(station: Station) -> None:
    with suppress(StepByHandFailed):
        station.sweep()
