"""The root file system that lab hosts share: Debian 13 with CRIU, and maybe Docker, from testing.

There is one for each kind of Docker. It is built once per recipe into a cache outside the
repository. A build happens in a folder of its own beside the cache and is renamed when whole, so
an interrupted one leaves nothing that could be taken for a root.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .commands import run
from .config import DEFAULT_MACHINE, DockerKind, LabConfig, MachineKind, Say
from .errors import LabNotPossible

SUITE = "trixie"  # Docker 26: the last on which the exercise works as by hand
NEWER_SUITE = "testing"  # CRIU 4.2; trixie's 4.1 fails on kernels from 6.16 on
CRIU_PACKAGES = ("criu", "libcompel1", "python3-pycriu", "libnl-3-200", "libnet9")
# What else comes from there, by kind. Nothing of Debian 13's has to give way to them.
DOCKER_PACKAGES: dict[DockerKind, tuple[str, ...]] = {
    DockerKind.DOCKER_26: (),
    DockerKind.DOCKER_28: ("containerd", "docker-cli", "docker.io", "runc", "tini-static"),
}
PACKAGES = (
    *CRIU_PACKAGES,
    "busybox-static",
    "ca-certificates",
    "crun",
    "dbus",
    "docker-cli",
    "docker.io",
    "iproute2",
    "iptables",
    "iputils-ping",
    "nftables",
    "openssh-server",
    "podman",
    "procps",
    "python3",
    "redis-server",  # for the workload of that name; no host runs one of its own
    "runc",
    "systemd",
    "systemd-sysv",
)
# A machine of its own also needs a kernel, and what makes its first file system.
MACHINE_PACKAGES: dict[MachineKind, tuple[str, ...]] = {
    MachineKind.NSPAWN: (),
    MachineKind.VM: ("initramfs-tools", "linux-image-cloud-amd64"),
}
# What a lab host doesn't need at boot. Without logind an SSH session stays in sshd's group.
MASKED_UNITS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "netavark-dhcp-proxy.socket",
    "netavark-firewalld-reload.service",
    "redis-server.service",
    "sshd-keygen.service",
    "systemd-logind.service",
    "systemd-modules-load.service",
)
OWN_UNITS = ("migration-lab-prepare.service", "migration-lab-ready.service")
OWN_FILES = Path(__file__).parent / "rootfs"
BUILD_TIMEOUT_S = 900.0
UNFINISHED = ".new-"  # begins the name of a root that is being built


def parse_mirror(index_targets: str, codename: str) -> str | None:
    """The archive that serves `codename` in "URI CODENAME" lines of `apt-get indextargets`."""
    for line in index_targets.splitlines():
        uri, _, name = line.partition(" ")
        if name == codename:
            return uri
    return None


def find_mirror() -> str:
    """The Debian archive that this machine's apt uses. Raises LabNotPossible when there is none."""
    targets = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"])
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    mirror = parse_mirror(targets, codename)
    if mirror is None:
        raise LabNotPossible(
            "this machine's apt names no Debian archive: set MIGRATION_LAB_MIRROR to one",
            code="lab-no-mirror",
        )
    return mirror


def pins(kind: DockerKind) -> str:
    """apt's preferences: from testing nothing but CRIU, what it needs, and the kind's Docker."""
    return f"""\
Package: *
Pin: release a={NEWER_SUITE}
Pin-Priority: 50

Package: {" ".join((*CRIU_PACKAGES, *DOCKER_PACKAGES[kind]))}
Pin: release a={NEWER_SUITE}
Pin-Priority: 990
"""


def build_argv(
    mirror: str, folder: Path, preferences: Path, machine: MachineKind = DEFAULT_MACHINE
) -> list[str]:
    """The mmdebstrap call; `preferences` is a file of `pins`."""
    # testing's release file is not always fresh enough for apt, and only little comes from there.
    testing = f"deb [check-valid-until=no] {mirror} {NEWER_SUITE} main"
    return [
        # With us die all its processes, in a pid namespace, and its mounts, in a mount namespace.
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--fork", "--kill-child", "--pid", "--mount-proc"),
        "mmdebstrap",
        "--variant=minbase",
        "--mode=root",
        '--aptopt=Apt::Install-Recommends "false"',
        f"--include={','.join((*PACKAGES, *MACHINE_PACKAGES[machine]))}",
        '--setup-hook=mkdir -p "$1/etc/apt/preferences.d"',
        f"--setup-hook=copy-in {preferences} /etc/apt/preferences.d",
        SUITE,
        str(folder),
        f"deb {mirror} {SUITE} main",
        testing,
    ]


def recipe_hash(kind: DockerKind, machine: MachineKind = DEFAULT_MACHINE) -> str:
    """Names the root: the same recipe gives the same name, wherever its packages come from."""
    packages = (*PACKAGES, *MACHINE_PACKAGES[machine])
    digest = hashlib.sha256(repr((SUITE, packages, MASKED_UNITS, pins(kind))).encode())
    for path in sorted(OWN_FILES.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(OWN_FILES)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def ensure_root(config: LabConfig, say: Say) -> Path:
    """The shared root of the lab's kind, built when it isn't there; waits for another build of it.

    Raises LabNotPossible without a mirror, LabCommandFailed when the build fails.
    """
    roots = config.cache_root / "roots"
    root = roots / recipe_hash(config.kind, config.machine_kind)
    roots.mkdir(parents=True, exist_ok=True)
    with locked(roots / "lock"):
        if not root.exists():
            what = f"Debian 13 with Docker {config.kind}, about 200 MB to fetch"
            say(f"Building the lab hosts' root ({what}) …")
            _build(config, config.mirror or find_mirror(), root)
            _remove_unused(roots, {*current_roots(), *used_roots(config.state_root)})
    return root


def current_roots() -> set[str]:
    """One for each kind, used or not: who goes to and fro between them builds each once."""
    return {recipe_hash(kind, machine) for kind in DockerKind for machine in MachineKind}


def used_roots(state_root: Path) -> set[str]:
    """The roots that the hosts of all labs on this machine were booted from."""
    return {path.read_text() for path in state_root.glob("*/hosts/*/root")}


def _remove_unused(roots: Path, used: set[str]) -> None:
    for folder in roots.iterdir():
        if folder.is_dir() and folder.name not in used:
            shutil.rmtree(folder)


def _build(config: LabConfig, mirror: str, root: Path) -> None:
    for interrupted in root.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(interrupted, ignore_errors=True)
    folder = root.with_name(f"{UNFINISHED}{root.name}-{os.getpid()}")
    preferences = root.with_name("migration-lab-pins")
    preferences.write_text(pins(config.kind))
    try:
        argv = build_argv(mirror, folder, preferences, config.machine_kind)
        run(argv, timeout_s=BUILD_TIMEOUT_S, env=build_environment())
        _finish(folder)
        folder.rename(root)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_environment() -> dict[str, str]:
    # In English and without questions, whatever this machine's settings are.
    return {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def _finish(folder: Path) -> None:
    """Puts our files into the fresh root and takes out what must differ between hosts."""
    shutil.copytree(OWN_FILES, folder, dirs_exist_ok=True)
    offline = ["systemctl", f"--root={folder}", "--quiet"]
    run([*offline, "enable", *OWN_UNITS])
    run([*offline, "mask", *MASKED_UNITS])
    for key in (folder / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for archive in (folder / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the file's lock; waits for whoever has it. A killed holder lets go of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
