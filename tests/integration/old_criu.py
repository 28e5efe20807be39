"""CRIU as older Debians have it, put beside a lab host's own; and programs that stand before it.

What lies in /usr/local goes before Debian's own, so a host is another one for a moment and the same
again when that file is gone.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrations_app import lab
from migrations_app.engine import SshHost
from migrations_app.lab.root import find_mirror

from .conftest import Pair

FETCH_S = 300
CRIU, DOCKER = "/usr/local/sbin/criu", "/usr/local/bin/docker"
# What a lab host has in another version; the rest of an older CRIU's libraries is there.
LIBRARIES = ("libnet.so*",)


def fetch(release: str, folder: Path, config: lab.LabConfig) -> Path:
    """An archive of /usr/sbin/criu and its libraries as that release of Debian has them."""
    root = folder / release
    argv = ["mmdebstrap", "--variant=extract", "--mode=root", "--include=criu", release]
    mirror = config.mirror or find_mirror()
    subprocess.run([*argv, str(root), mirror], check=True, timeout=FETCH_S, capture_output=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(root / "usr/sbin/criu", "criu")
        for path in (one for name in LIBRARIES for one in root.rglob(name)):
            archive.add(path, f"lib/{path.name}")
    made = folder / f"{release}.tar.gz"
    made.write_bytes(packed.getvalue())
    return made


def send(pair: Pair, host: SshHost, command: str, data: bytes) -> None:
    """Run a command there that reads `data`."""
    argv = [*lab.shell_argv(pair.config, host.name), "-o", "BatchMode=yes", command]
    subprocess.run(argv, input=data, capture_output=True, timeout=60, check=True)


@contextmanager
def standing_before(pair: Pair, host: SshHost, path: str, script: str) -> Iterator[None]:
    """A program of that name that is found first, until the block ends."""
    send(pair, host, f"cat > {path}; chmod 755 {path}; rm -f /run/criu.kdat", script.encode())
    try:
        yield
    finally:
        pair.run(host, f"rm -f {path} /run/criu.kdat; criu check >/dev/null 2>&1 || true")


@contextmanager
def older(pair: Pair, host: SshHost, archive: Path) -> Iterator[None]:
    """The host has the CRIU of `archive`."""
    place = f"/opt/criu-{archive.name.partition('.')[0]}"
    send(pair, host, f"mkdir -p {place}; tar xz -C {place}", archive.read_bytes())
    script = f'#!/bin/sh\nLD_LIBRARY_PATH={place}/lib exec {place}/criu "$@"\n'
    with standing_before(pair, host, CRIU, script):
        yield
    pair.run(host, f"rm -rf {place}")
