"""The root of a bare host: a fresh Debian 13 without Docker and CRIU, for the site to prepare.

There is no way out of the lab's network, so what the host may install lies in it, as on an
installation disc: two archives, Debian 13's own packages and Debian testing's CRIU. apt knows the
first; the second is for whoever adds it (`NEWER_SOURCE`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from .commands import run
from .config import LabConfig, Say
from .errors import LabNotPossible
from .root import (
    BUILD_TIMEOUT_S,
    CRIU_PACKAGES,
    MASKED_UNITS,
    NEWER_SUITE,
    OWN_FILES,
    OWN_UNITS,
    SUITE,
    UNFINISHED,
    build_environment,
    find_mirror,
    locked,
)

USER = "student"  # beside root, without any right to sudo
PACKAGES = (
    "apt",
    "ca-certificates",
    "dbus",
    "iproute2",
    "iputils-ping",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
)
OFFERED = ("docker.io", "docker-cli", "containerd", "runc", "iptables", "nftables", "criu")
ARCHIVE = "srv/debian"
NEWER_ARCHIVE = "srv/debian-newer"
OWN_SOURCE = f"deb [trusted=yes] file:/{ARCHIVE} ./"
NEWER_SOURCE = f"deb [trusted=yes] file:/{NEWER_ARCHIVE} ./"
# What the lab asks of its own hosts' SSH server, but for passwords: a first login may use one.
PASSWORDS = "PasswordAuthentication yes\n"
# Arguments: the root, the archive's folder in it, then what apt-get is asked for.
FETCH_SCRIPT = """\
set -e
root=$1; folder=$2; shift 2
mkdir -p "$root/$folder"
chroot "$root" env -C "/$folder" DEBIAN_FRONTEND=noninteractive apt-get "$@"
mv "$root"/var/cache/apt/archives/*.deb "$root/$folder/" 2>/dev/null || true
"""


def preferences() -> str:
    """apt's: nothing comes from testing that is not asked for by name."""
    return f"Package: *\nPin: release a={NEWER_SUITE}\nPin-Priority: 50\n"


def build_argv(mirror: str, folder: Path, pins: Path) -> list[str]:
    """The mmdebstrap call; `pins` is a file of `preferences`."""
    fetch = ["--yes", "--no-install-recommends", "--download-only", "install", *OFFERED]
    newer = ["download", *(f"{name}/{NEWER_SUITE}" for name in CRIU_PACKAGES)]
    hooks = [
        f"sh -c '{FETCH_SCRIPT}' fetch \"$1\" {place} {' '.join(words)}"
        for place, words in ((ARCHIVE, fetch), (NEWER_ARCHIVE, newer))
    ]
    return [
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--fork", "--kill-child", "--pid", "--mount-proc"),
        "mmdebstrap",
        "--variant=minbase",
        "--mode=root",
        '--aptopt=Apt::Install-Recommends "false"',
        f"--include={','.join(PACKAGES)}",
        '--setup-hook=mkdir -p "$1/etc/apt/preferences.d"',
        f"--setup-hook=copy-in {pins} /etc/apt/preferences.d",
        *(f"--customize-hook={hook}" for hook in hooks),
        f'--customize-hook=chroot "$1" useradd --create-home --shell /bin/bash {USER}',
        SUITE,
        str(folder),
        f"deb {mirror} {SUITE} main",
        f"deb [check-valid-until=no] {mirror} {NEWER_SUITE} main",
    ]


def recipe_hash() -> str:
    """Names the root, as root.recipe_hash does."""
    argv = build_argv("", Path(), Path())
    digest = hashlib.sha256(repr((argv, MASKED_UNITS, OWN_SOURCE, PASSWORDS)).encode())
    for path in sorted(OWN_FILES.rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def ensure_bare_root(config: LabConfig, say: Say) -> Path:
    """The bare hosts' root, built when it isn't there. Raises as root.ensure_root."""
    roots = config.cache_root / "bare-roots"
    root = roots / recipe_hash()
    roots.mkdir(parents=True, exist_ok=True)
    with locked(roots / "lock"):
        if not root.exists():
            say("Building the bare hosts' root (Debian 13, about 150 MB to fetch) …")
            _build(config.mirror or find_mirror(), root)
            _remove_unused(roots, root, config.state_root)
    return root


def _build(mirror: str, root: Path) -> None:
    for interrupted in root.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(interrupted, ignore_errors=True)
    folder = root.with_name(f"{UNFINISHED}{root.name}-{os.getpid()}")
    pins = root.with_name("migration-lab-pins")
    pins.write_text(preferences())
    try:
        argv = build_argv(mirror, folder, pins)
        run(argv, timeout_s=BUILD_TIMEOUT_S, env=build_environment())
        _finish(folder)
        folder.rename(root)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _finish(folder: Path) -> None:
    """As on a machine just installed: what the lab needs to boot it, and apt with its disc."""
    shutil.copytree(OWN_FILES, folder, dirs_exist_ok=True)
    shutil.rmtree(folder / "etc/docker")
    passwords = folder / "etc/ssh/sshd_config.d/10-passwords.conf"
    passwords.write_text(PASSWORDS)  # the first word on a matter counts for sshd
    offline = ["systemctl", f"--root={folder}", "--quiet"]
    run([*offline, "enable", *OWN_UNITS])
    run([*offline, "mask", *MASKED_UNITS])
    for path in (
        *(folder / "etc/ssh").glob("ssh_host_*"),
        folder / "etc/apt/preferences.d" / "migration-lab-pins",
    ):
        path.unlink(missing_ok=True)
    for archive in (ARCHIVE, NEWER_ARCHIVE):
        _index(folder / archive)
    (folder / "etc/apt/sources.list").write_text(f"{OWN_SOURCE}\n")
    shutil.rmtree(folder / "var/lib/apt/lists")
    (folder / "var/lib/apt/lists/partial").mkdir(parents=True)


def _index(archive: Path) -> None:
    """The `Packages` file of a flat archive. Raises LabNotPossible for an empty one."""
    stanzas = [_stanza(package) for package in sorted(archive.glob("*.deb"))]
    if not stanzas:
        raise LabNotPossible(f"nothing was fetched into {archive}", code="lab-archive-empty")
    (archive / "Packages").write_text("\n".join(stanzas))


def _stanza(package: Path) -> str:
    fields = run(["dpkg-deb", "--field", str(package)]).strip()
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    size = package.stat().st_size
    return f"{fields}\nFilename: ./{package.name}\nSize: {size}\nSHA256: {digest}\n"


def _remove_unused(roots: Path, built: Path, state_root: Path) -> None:
    used = {path.read_text() for path in state_root.glob("*/hosts/*/root")} | {built.name}
    for folder in roots.iterdir():
        if folder.is_dir() and folder.name not in used:
            shutil.rmtree(folder)
