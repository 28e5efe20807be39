"""One lab host: its files, its boot under systemd-nspawn, its end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from . import cgroups, network
from .commands import last_lines_of, run
from .config import HostPlace, LabConfig, keep_kind
from .errors import LabBootFailed
from .images import Image, load_images
from .keys import ensure_key
from .macvlan import ensure_network

SSH_PORT = 22
BOOT_TIMEOUT_S = 60.0  # takes about five on two cores
SHUTDOWN_TIMEOUT_S = 8.0
KILL_TIMEOUT_S = 5.0
POLL_S = 0.05
# Docker's and podman's own data can't lie on an overlay: a plain folder for each.
PLAIN_FOLDERS = {
    "docker": "/var/lib/docker",
    "containerd": "/var/lib/containerd",
    "containers": "/var/lib/containers",
}
READY_FILE = "run/migration-lab/ready"
NSPAWN_ENVIRONMENT = {
    "SYSTEMD_SECCOMP": "0",  # CRIU can't suspend the filter that every process would be under
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1",  # CRIU writes /proc/sys/kernel/ns_last_pid
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}
# Joins control groups, then becomes a program. Arguments: the groups' files, "--", argv.
JOIN_SCRIPT = """\
while [ "$1" != -- ]; do echo 0 > "$1" || exit 1; shift; done
shift
exec "$@"
"""
# Runs in a mount namespace of its own, so that the overlay goes when its last process does.
# Arguments: the overlay's options, its mount point, argv.
MOUNT_SCRIPT = """\
mount -t overlay -o "$1" overlay "$2" || exit 1
shift 2
exec "$@"
"""


@dataclass(frozen=True)
class Identity:
    """What a host is told before it boots."""

    place: HostPlace
    address: str  # with prefix length
    hosts_file: str
    authorized_key: str
    programs: Sequence[Path]


def group_of(config: LabConfig, place: HostPlace) -> str:
    return f"{config.group}/{place.name}"


def is_running(config: LabConfig, place: HostPlace) -> bool:
    """Whether the host and what supervises it are both alive."""
    group = group_of(config, place)
    return cgroups.leader(group) is not None and cgroups.supervisor(group) is not None


def write_identity(identity: Identity) -> None:
    """Writes the host's own files into its overlay, before it is mounted."""
    place, upper = identity.place, identity.place.upper
    public = ensure_key(place.host_key)
    _put(upper / "etc/hostname", f"{place.name}\n")
    _put(upper / "etc/hosts", identity.hosts_file)
    _put(upper / "etc/migration-lab/address", f"{identity.address}\n")
    _put(upper / "etc/ssh/ssh_host_ed25519_key", place.host_key.read_text(), mode=0o600)
    _put(upper / "etc/ssh/ssh_host_ed25519_key.pub", f"{public} {place.name}\n")
    (upper / "root").mkdir(mode=0o700, exist_ok=True)
    (upper / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    _put(upper / "root/.ssh/authorized_keys", f"{identity.authorized_key}\n", mode=0o600)
    for program in () if place.bare else identity.programs:
        _put_program(program, upper / "usr/local/bin")


def _put(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _put_program(program: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, folder / program.name)


def nspawn_argv(place: HostPlace) -> list[str]:
    """The systemd-nspawn call that boots the host from its mounted overlay."""
    binds = [f"--bind={place.folder / name}:{inside}" for name, inside in PLAIN_FOLDERS.items()]
    return [
        "systemd-nspawn",
        "--quiet",
        "--settings=no",
        "--register=no",
        "--keep-unit",
        "--capability=all",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--tmpfs=/dev/shm:size=50%,mode=1777",
        f"--network-bridge={network.BRIDGE}",
        f"--machine={place.machine}",
        f"--hostname={place.name}",
        f"--directory={place.folder / 'merged'}",
        *binds,
        "--boot",
    ]


def overlay_options(place: HostPlace, root: Path) -> str:
    """Of the mount that holds the host's files over the shared root."""
    return f"lowerdir={root},upperdir={place.upper},workdir={place.folder / 'work'}"


def start_argv(config: LabConfig, place: HostPlace, root: Path, joins: list[Path]) -> list[str]:
    """The whole command: into the host's control groups, the lab's network and its overlay.

    It returns as soon as a process is in the groups; that one goes on without us.
    """
    options = overlay_options(place, root)
    return [
        *("sh", "-c", JOIN_SCRIPT, "migration-lab", *map(str, joins), "--"),
        *("setsid", "--fork"),
        *("nsenter", f"--net={network.namespace_path(config)}"),
        *("unshare", "--mount", "--propagation=private"),
        *("sh", "-c", MOUNT_SCRIPT, "migration-lab", options, str(place.folder / "merged")),
        *nspawn_argv(place),
    ]


def start(config: LabConfig, identity: Identity, root: Path) -> None:
    """Begins to boot the host; `wait_until_ready` ends it."""
    place = identity.place
    take_root(place, root)
    keep_kind(place.folder, config.kind)
    for name in ("upper", "work", "merged", *PLAIN_FOLDERS):
        (place.folder / name).mkdir(parents=True, exist_ok=True)
    write_identity(identity)
    joins = cgroups.make(group_of(config, place))
    with place.console.open("wb") as console:
        run(start_argv(config, place, root, joins), env=NSPAWN_ENVIRONMENT, output=console)


def take_root(place: HostPlace, root: Path) -> None:
    """Notes the root; what was written over another one does not fit over this one."""
    if place.root_name.exists() and place.root_name.read_text() != root.name:
        _remove(place, ("upper", "work"))
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    place.folder.mkdir(mode=0o700, exist_ok=True)  # what hosts write is root's business alone
    place.root_name.write_text(root.name)


def make_ready(
    config: LabConfig, place: HostPlace, subnet: IPv4Network, images: Sequence[Image]
) -> None:
    """Waits until Docker and sshd answer, and loads the images. Raises LabBootFailed."""
    leader = wait_until_ready(config, place, subnet)
    if images:  # a bare host has no Docker that could take any
        load_images(leader, images)
        ensure_network(leader, subnet)


def wait_until_ready(config: LabConfig, place: HostPlace, subnet: IPv4Network) -> int:
    """The pid of the host's process 1, once Docker and sshd answer. Raises LabBootFailed."""
    deadline = time.monotonic() + BOOT_TIMEOUT_S
    group = group_of(config, place)
    while time.monotonic() < deadline:
        leader = cgroups.leader(group)
        if leader and Path(f"/proc/{leader}/root/{READY_FILE}").exists():
            wait_for_ssh(place, place.address(subnet), deadline)
            return leader
        if not cgroups.processes(group):
            break
        time.sleep(POLL_S)
    raise boot_failed(place)


def wait_for_ssh(place: HostPlace, address: str, deadline: float, timeout_s: float = 1.0) -> None:
    """timeout_s: within which a server that listens greets. Raises LabBootFailed."""
    while time.monotonic() < deadline:
        if ssh_answers(address, timeout_s):
            return
        time.sleep(POLL_S)
    raise boot_failed(place)


def ssh_answers(address: str, timeout_s: float = 1.0) -> bool:
    """Whether an SSH server greets there."""
    with suppress(OSError), socket.create_connection((address, SSH_PORT), timeout_s) as connection:
        connection.settimeout(timeout_s)
        return connection.recv(4) == b"SSH-"
    return False


def boot_failed(place: HostPlace) -> LabBootFailed:
    return LabBootFailed(
        f"{place.name} did not become ready; the end of {place.console}:\n"
        f"{last_lines_of(place.console)}"
    )


def stop(config: LabConfig, place: HostPlace) -> None:
    """Ends the host, in order if it can, and removes its control groups. Idempotent."""
    group = group_of(config, place)
    supervisor = cgroups.supervisor(group)
    if supervisor is not None and cgroups.leader(group) is not None:
        with suppress(ProcessLookupError):
            os.kill(supervisor, signal.SIGTERM)
        _wait(lambda: not cgroups.processes(group), SHUTDOWN_TIMEOUT_S)
    wait_for_end(group)
    cgroups.remove(group)


def wait_for_end(group: str) -> None:
    """Kills what is in the control group until nothing is."""
    _wait(lambda: not cgroups.kill(group), KILL_TIMEOUT_S)


def _wait(condition: Callable[[], bool], limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_S)


def wipe(place: HostPlace) -> None:
    """Forgets all that the stopped host wrote, but for its SSH key."""
    _remove(place, ("upper", "work", "merged", *PLAIN_FOLDERS))


def _remove(place: HostPlace, names: Iterable[str]) -> None:
    for name in names:
        shutil.rmtree(place.folder / name, ignore_errors=True)
