"""Where unix sockets go: a path of theirs must stay within the kernel's 107 characters."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

LIMIT = 107
LONGEST_NAME = len("/supervisor.sock.4194304")  # supervisor binds under its pid, then renames


def socket_dir(data_dir: Path, instance: str) -> Path:
    """The data directory, or a short one that follows from the instance's name."""
    if len(str(data_dir)) + LONGEST_NAME <= LIMIT:
        return data_dir
    if os.geteuid() == 0:
        return Path("/run") / f"migration-lab-{instance}"
    return Path(tempfile.gettempdir()) / f"migration-lab-{os.geteuid()}-{instance}"


def make_socket_dir(folder: Path) -> None:
    """Makes it for its owner alone. Raises PermissionError when somebody else owns it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")
