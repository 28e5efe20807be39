"""A lab as a whole: up, down, status, reset. Each may be called at any time, in any state."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Protocol

from . import builds, cgroups, images, machine, network, vm
from .bare import ensure_bare_root
from .commands import missing_programs
from .config import (
    DEFAULT_MACHINE,
    DockerKind,
    HostPlace,
    LabConfig,
    LabHost,
    MachineKind,
    Say,
    keep_kind,
)
from .errors import LabNotPossible
from .keys import ensure_key
from .root import ensure_root, locked

PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "gcc": "gcc libc6-dev",
}
VM_PROGRAMS = {"qemu-system-x86_64": "qemu-system-x86", "mkfs.ext4": "e2fsprogs"}
# Without these CRIU's page pipes fail on a kernel that refuses it CAP_SYS_RESOURCE.
KERNEL_SETTINGS = {
    "fs.pipe-user-pages-soft": "0",
    "fs.pipe-max-size": "16777216",
}


class Driver(Protocol):
    """How a host of one kind is booted and ended; a module for each."""

    def is_running(self, config: LabConfig, place: HostPlace) -> bool: ...
    def start(self, config: LabConfig, identity: machine.Identity, root: Path) -> None: ...
    def make_ready(
        self,
        config: LabConfig,
        place: HostPlace,
        subnet: IPv4Network,
        images: Sequence[images.Image],
    ) -> None: ...
    def stop(self, config: LabConfig, place: HostPlace) -> None: ...


DRIVERS: dict[MachineKind, Driver] = {MachineKind.NSPAWN: machine, MachineKind.VM: vm}


def driver_of(place: HostPlace) -> Driver:
    """By what the host was booted as, or shall be: the lab notes it before the first boot."""
    return DRIVERS[place.machine_kind]


@dataclass(frozen=True)
class HostStatus:
    name: str
    address: str | None
    running: bool
    answers: bool  # its SSH server greets
    docker: DockerKind | None  # what it was booted with; None: a bare host
    machine: MachineKind  # what it was booted as


def missing(kind: MachineKind = DEFAULT_MACHINE) -> list[str]:
    """What this machine lacks for a lab, as sentences; empty when it can have one."""
    programs = PROGRAMS | (VM_PROGRAMS if kind is MachineKind.VM else {})
    lacks = [] if os.geteuid() == 0 else ["root is needed to boot lab hosts"]
    packages = sorted({programs[name] for name in missing_programs(programs)})
    if packages:
        lacks.append(f"Debian packages are missing: {' '.join(packages)}")
    if not cgroups.hierarchies():
        lacks.append("no control groups are mounted at /sys/fs/cgroup")
    return lacks


def up(config: LabConfig, say: Say) -> list[LabHost]:
    """Brings the lab's hosts up, whatever state they are in; those that run are left alone.

    Those that have another kind of Docker than `config` asks for are wiped and booted anew.
    Raises LabNotPossible, LabCommandFailed, LabBootFailed.
    """
    _require_possible(config)
    with locked(config.state_dir / "lock"):
        root = ensure_root(config, say)  # first: without it no host is touched
        bare = any(place.bare for place in config.places())
        bare_root = ensure_bare_root(config, say) if bare else root
        _settle_kind(config, say)
        _set_kernel()
        subnet = _ensure_network(config)
        _boot(config, (root, bare_root), subnet, say)
        return _lab_hosts(config, subnet)


def down(config: LabConfig, say: Say) -> None:
    """Stops every host of the lab and takes its network away; keys and Docker's data stay."""
    _require_root()
    with locked(config.state_dir / "lock"):
        _stop_all(config, say)
        network.tear_down(config)
        cgroups.remove(config.group)


def purge(config: LabConfig, say: Say, *, keep_cache: bool = False) -> None:
    """Takes the lab down and removes all it kept; with the last lab the shared cache too."""
    down(config, say)
    shutil.rmtree(config.state_dir)
    if not keep_cache and not other_labs(config):
        shutil.rmtree(config.cache_root, ignore_errors=True)


def other_labs(config: LabConfig) -> list[str]:
    """Instances on this machine beside this one."""
    names = [path.parent.name for path in config.state_root.glob("*/lock")]
    return sorted(name for name in names if name != config.instance)


def status(config: LabConfig) -> list[HostStatus]:
    """Every host that this lab ever had."""
    subnet = _kept_subnet(config)
    return [_status_of(config, place, subnet) for place in config.known_places()]


def reset(config: LabConfig, name: str, say: Say) -> list[LabHost]:
    """Boots one host anew with nothing but its name, address and keys. Raises as `up` does."""
    _require_possible(config)
    place = config.place_named(name)
    with locked(config.state_dir / "lock"):
        say(f"Wiping {name} …")
        driver_of(place).stop(config, place)
        machine.wipe(place)
    return up(config, say)


def shell_argv(config: LabConfig, name: str) -> list[str]:
    """An SSH call that opens a shell on the host, as the site itself would reach it."""
    place, subnet = config.place_named(name), _kept_subnet(config)
    if subnet is None:
        raise LabNotPossible("this lab was never up", code="lab-host-unknown")
    if missing_programs(["ssh"]):
        raise LabNotPossible("ssh is missing: openssh-client", code="lab-tools-missing")
    options = [
        f"UserKnownHostsFile={config.known_hosts}",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
    ]
    flags = [part for option in options for part in ("-o", option)]
    return ["ssh", "-i", str(config.private_key), *flags, f"root@{place.address(subnet)}"]


def _require_possible(config: LabConfig) -> None:
    lacks = missing(config.machine_kind)
    if lacks:
        raise LabNotPossible("; ".join(lacks), code="lab-not-possible-here")


def _require_root() -> None:
    if os.geteuid() != 0:
        raise LabNotPossible("root is needed to stop lab hosts", code="lab-needs-root")


def _settle_kind(config: LabConfig, say: Say) -> None:
    """Keeps the lab's kind of Docker, and wipes the hosts of another.

    No Docker can be relied on to read what a newer one wrote. A host is noted as wiped when it
    is, so the next call wipes what a killed one left.
    """
    keep_kind(config.state_dir, config.kind, config.machine_kind)
    for place in config.known_places():
        if place.bare:
            continue
        if (place.docker, place.machine_kind) != (config.kind, config.machine_kind):
            say(f"Wiping {place.name}: it was another kind of host …")
            driver_of(place).stop(config, place)
            machine.wipe(place)
            keep_kind(place.folder, config.kind, config.machine_kind)


def _set_kernel() -> None:
    for name, value in KERNEL_SETTINGS.items():
        with suppress(OSError):  # a machine that refuses may not need them
            Path("/proc/sys", *name.split(".")).write_text(value)


def _kept_subnet(config: LabConfig) -> IPv4Network | None:
    kept = config.state_dir / "subnet"
    return IPv4Network(kept.read_text().strip()) if kept.exists() else None


def _ensure_network(config: LabConfig) -> IPv4Network:
    """The lab's subnet with its network standing; a broken one is built anew under no host."""
    subnet = _kept_subnet(config)
    if subnet and network.is_whole(config, subnet):
        return subnet
    for place in config.known_places():
        driver_of(place).stop(config, place)
    network.tear_down(config)
    taken = network.taken_subnets(config.uplink)
    if subnet is None or any(subnet.overlaps(other) for other in taken):
        subnet = network.choose_subnet(config.instance, taken)
        (config.state_dir / "subnet").write_text(f"{subnet}\n")
    network.build(config, subnet)
    return subnet


def _boot(config: LabConfig, roots: tuple[Path, Path], subnet: IPv4Network, say: Say) -> None:
    """Boots the hosts that don't run, all at once, then gives each its images.

    `roots`: the ordinary hosts' and the bare ones', which are always of systemd-nspawn.
    """
    down_places = [p for p in config.places() if not driver_of(p).is_running(config, p)]
    programs = builds.programs(config)
    for place in down_places:
        say(f"Booting {place.name} ({place.address(subnet)}) …")
        driver_of(place).stop(config, place)
        driver = DRIVERS[MachineKind.NSPAWN if place.bare else config.machine_kind]
        driver.start(config, _identity(config, place, subnet, programs), roots[place.bare])
    wanted = images.lab_images(roots[0], programs, platform.machine())
    for place in config.places():
        driver_of(place).make_ready(config, place, subnet, [] if place.bare else wanted)


def _identity(
    config: LabConfig, place: HostPlace, subnet: IPv4Network, programs: list[Path]
) -> machine.Identity:
    lines = [f"{other.address(subnet)} {other.name}" for other in config.places()]
    return machine.Identity(
        place=place,
        address=f"{place.address(subnet)}/{subnet.prefixlen}",
        hosts_file="\n".join(["127.0.0.1 localhost", *lines, ""]),
        authorized_key=ensure_key(config.private_key),
        programs=programs,
    )


def _lab_hosts(config: LabConfig, subnet: IPv4Network) -> list[LabHost]:
    """Those that the site is told of; known_hosts has the bare ones too."""
    hosts = {place: _lab_host(config, place, subnet) for place in config.places()}
    lines = [f"{host.address} {host.host_key}\n" for host in hosts.values()]
    config.known_hosts.write_text("".join(lines))
    return [host for place, host in hosts.items() if not place.bare]


def _lab_host(config: LabConfig, place: HostPlace, subnet: IPv4Network) -> LabHost:
    return LabHost(
        name=place.name,
        address=place.address(subnet),
        port=machine.SSH_PORT,
        user="root",
        host_key=ensure_key(place.host_key),
        private_key_path=config.private_key,
    )


def _stop_all(config: LabConfig, say: Say) -> None:
    for place in config.known_places():
        if driver_of(place).is_running(config, place):
            say(f"Stopping {place.name} …")
        driver_of(place).stop(config, place)


def _status_of(config: LabConfig, place: HostPlace, subnet: IPv4Network | None) -> HostStatus:
    running = driver_of(place).is_running(config, place)
    address = place.address(subnet) if subnet else None
    answers = running and address is not None and machine.ssh_answers(address)
    docker = None if place.bare else place.docker
    return HostStatus(place.name, address, running, answers, docker, place.machine_kind)
