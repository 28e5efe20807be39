"""What a lab is: its instance, its hosts, and where each of its files lies."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Network
from pathlib import Path
from typing import TypeVar

from .errors import LabNotPossible

# Ten characters, so that every interface name made of it fits in the kernel's fifteen.
INSTANCE = re.compile(r"[a-z0-9]{1,10}")
MAX_BARE_HOSTS = 4  # they have the last letters: bare-z, bare-y, …
MAX_HOSTS = len(string.ascii_lowercase) - MAX_BARE_HOSTS
DEFAULT_HOSTS = 2
FIRST_HOST_NUMBER = 10  # host part of lab-a's address; the machine itself is 1
CHECKOUT = Path(__file__).resolve().parents[2]
_LAST = len(string.ascii_lowercase) - 1
KIND_FILE = "docker-kind"  # in a lab's folder, and in each host's
MACHINE_FILE = "machine-kind"  # likewise
Say = Callable[[str], None]  # takes a sentence for whoever waits


class DockerKind(StrEnum):
    """Which Docker a lab's hosts have, by its least major version."""

    DOCKER_26 = "26"  # Debian 13's own: the last on which the exercise works by hand
    DOCKER_28 = "28"  # Debian testing's, 28 or newer: `docker start --checkpoint` is broken there


class MachineKind(StrEnum):
    """What a lab host is."""

    NSPAWN = "nspawn"  # a container of systemd-nspawn, with this machine's kernel
    VM = "vm"  # a machine under QEMU, with Debian's kernel


DEFAULT_KIND = DockerKind.DOCKER_26
DEFAULT_MACHINE = MachineKind.NSPAWN
Kind = TypeVar("Kind", DockerKind, MachineKind)


def _kept(note: Path, default: Kind) -> Kind:
    """What is noted there; the default without a note. Raises LabNotPossible for nonsense."""
    if not note.exists():
        return default
    try:
        return type(default)(note.read_text().strip())
    except ValueError as error:
        raise LabNotPossible(
            f"{note} names no kind that is known", code="lab-kind-unknown"
        ) from error


def kept_kind(folder: Path) -> DockerKind:
    """The kind of Docker noted in a lab's or a host's folder. Raises LabNotPossible."""
    return _kept(folder / KIND_FILE, DEFAULT_KIND)


def kept_machine(folder: Path) -> MachineKind:
    """The kind of machine noted in a lab's or a host's folder. Raises LabNotPossible."""
    return _kept(folder / MACHINE_FILE, DEFAULT_MACHINE)


def keep_kind(folder: Path, kind: DockerKind, machine: MachineKind = DEFAULT_MACHINE) -> None:
    (folder / KIND_FILE).write_text(f"{kind}\n")
    (folder / MACHINE_FILE).write_text(f"{machine}\n")


@dataclass(frozen=True)
class LabHost:
    """A lab host that runs, as the site has to know it."""

    name: str
    address: str
    port: int
    user: str
    host_key: str  # "ssh-ed25519 AAAA…", to be pinned
    private_key_path: Path

    @property
    def private_key(self) -> str:
        """The site's private key, OpenSSH PEM."""
        return self.private_key_path.read_text()


@dataclass(frozen=True)
class HostPlace:
    """One lab host's name and the folder that holds all it writes."""

    instance: str
    index: int
    folder: Path
    bare: bool = False  # Debian 13 without Docker and CRIU; the site is not told of it

    @property
    def letter(self) -> str:
        return string.ascii_lowercase[self.index]

    @property
    def name(self) -> str:
        return f"{'bare' if self.bare else 'lab'}-{self.letter}"

    @property
    def machine(self) -> str:
        """Name for systemd-nspawn, unique on this machine."""
        return f"{self.instance}-{self.letter}"

    @property
    def upper(self) -> Path:
        """What the host changed in its root."""
        return self.folder / "upper"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def host_key(self) -> Path:
        return self.folder / "ssh_host_ed25519_key"

    @property
    def root_name(self) -> Path:
        """Says which shared root the host was booted from."""
        return self.folder / "root"

    @property
    def docker(self) -> DockerKind:
        """What it was last booted with."""
        return kept_kind(self.folder)

    @property
    def machine_kind(self) -> MachineKind:
        """What it was last booted as."""
        return kept_machine(self.folder)

    def address(self, subnet: IPv4Network) -> str:
        return str(subnet[FIRST_HOST_NUMBER + self.index])


@dataclass(frozen=True)
class LabConfig:
    """Everything that the lab is told from outside."""

    instance: str
    hosts: int | None = None  # None: as many as the lab has, two for a new one
    bare: int = 0  # bare hosts beside them
    docker: DockerKind | None = None  # None: the kind that the lab has, the default for a new one
    machine: MachineKind | None = None  # None: what the lab has
    state_root: Path = Path("/var/lib/migration-lab")  # one folder per instance
    cache_root: Path = Path("/var/cache/migration-lab")  # shared by all instances
    mirror: str | None = None  # of Debian packages; None: the one this machine's apt uses

    def __post_init__(self) -> None:
        if not INSTANCE.fullmatch(self.instance):
            raise LabNotPossible(
                f"not a name for a lab: {self.instance!r} (1 to 10 lower-case letters and digits)"
            )
        if self.hosts is not None and not 1 <= self.hosts <= MAX_HOSTS:
            raise LabNotPossible(f"a lab has 1 to {MAX_HOSTS} hosts, not {self.hosts}")
        if not 0 <= self.bare <= MAX_BARE_HOSTS:
            raise LabNotPossible(f"a lab has 0 to {MAX_BARE_HOSTS} bare hosts, not {self.bare}")

    @property
    def state_dir(self) -> Path:
        return self.state_root / self.instance

    @property
    def kind(self) -> DockerKind:
        """The Docker that the lab's hosts shall have."""
        return self.docker or kept_kind(self.state_dir)

    @property
    def machine_kind(self) -> MachineKind:
        """What the lab's hosts shall be."""
        return self.machine or kept_machine(self.state_dir)

    @property
    def private_key(self) -> Path:
        return self.state_dir / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.state_dir / "known_hosts"

    @property
    def group(self) -> str:
        """Name of the lab's control group and network namespace."""
        return f"migration-lab-{self.instance}"

    @property
    def uplink(self) -> str:
        """The machine's own interface into the lab."""
        return f"mlab-{self.instance}"

    def place(self, index: int) -> HostPlace:
        place = HostPlace(self.instance, index, Path(), bare=index >= MAX_HOSTS)
        return replace(place, folder=self.state_dir / "hosts" / place.name)

    def places(self) -> list[HostPlace]:
        """The hosts that the lab shall have; a bare one stays once it was asked for."""
        known = self.known_places()
        bare_known = sum(place.bare for place in known)
        count = self.hosts or max(DEFAULT_HOSTS, len(known) - bare_known)
        bare = max(self.bare, bare_known)
        return [self.place(i) for i in (*range(count), *range(_LAST, _LAST - bare, -1))]

    def known_places(self) -> list[HostPlace]:
        """The hosts that this lab ever had, whatever `hosts` says now."""
        return [p for p in map(self.place, range(_LAST + 1)) if p.folder.exists()]

    def place_named(self, name: str) -> HostPlace:
        """Raises LabNotPossible for a host that this lab never had."""
        for place in self.known_places():
            if place.name == name:
                return place
        raise LabNotPossible(f"this lab has no host {name!r}", code="lab-host-unknown")


def default_instance(checkout: Path = CHECKOUT) -> str:
    """A name of its own for each checkout, so that two on one machine don't meet."""
    return hashlib.sha256(str(checkout).encode()).hexdigest()[:6]


def config_from(
    environ: Mapping[str, str],
    *,
    hosts: int | None = None,
    bare: int = 0,
    docker: DockerKind | None = None,
    machine: MachineKind | None = None,
) -> LabConfig:
    """The lab that MIGRATION_LAB_INSTANCE and MIGRATION_LAB_MIRROR describe."""
    return LabConfig(
        instance=environ.get("MIGRATION_LAB_INSTANCE") or default_instance(),
        hosts=hosts,
        bare=bare,
        docker=docker,
        machine=machine,
        mirror=environ.get("MIGRATION_LAB_MIRROR") or None,
    )
